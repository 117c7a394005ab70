"""From the histories in the lake to what is expected of each customer, and how it would have held."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.lake.tables import Lake
from pipelines.value.customer_values import describe_back_test, describe_values, fit_customer_values

HELD_OUT_DAYS = 182
WEEKS = 104.0


def generate_histories(customers: int, seed: int = 4) -> pl.DataFrame:
    """Histories of customers who behave exactly as the models suppose, in the shape that dbt writes."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        pace, dropout = random.gamma(0.9, 1 / 8), random.beta(0.9, 3.0)
        worth = random.gamma(6.0) and 15.0 / random.gamma(3.7)
        first = random.uniform(0, WEEKS * 0.7)
        bought, now = [], first
        while now < WEEKS:
            bought.append(int(now * 7))
            now += random.exponential(1 / pace)
            if len(bought) > 1 and random.random() < dropout:
                break
        bought = sorted(set(bought))
        amounts = [Decimal(round(worth * random.gamma(6.0), 2)).quantize(Decimal("0.01")) for _ in bought]
        for is_back_test, end, held_out in ((False, 728, 0), (True, 728 - HELD_OUT_DAYS, HELD_OUT_DAYS)):
            known = [day for day in bought if day <= end]
            rows.append(
                {
                    "customer_id": f"C{number:05}",
                    "is_back_test": is_back_test,
                    "counted_until": date(2026, 3, 2) if not is_back_test else date(2025, 9, 1),
                    "held_out_days": held_out,
                    "repeat_count": len(known) - 1,
                    "recency_days": known[-1] - known[0],
                    "age_days": end - known[0],
                    "repeat_amount": sum(amounts[1 : len(known)], Decimal(0)),
                    "held_out_count": len(bought) - len(known),
                    "held_out_amount": sum(amounts[len(known) :], Decimal(0)),
                }
            )
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(("repeat_amount", "held_out_amount"), pl.Decimal(18, 2)))


@pytest.fixture(scope="module")
def histories() -> pl.DataFrame:
    return generate_histories(3_000)


def write(lake: Lake, histories: pl.DataFrame) -> Lake:
    lake.write("value", "purchase_histories", histories)
    return lake


def test_each_tenth_buys_about_what_was_predicted_of_it(histories: pl.DataFrame, tmp_path: Path) -> None:
    lake = write(Lake(tmp_path), histories)
    fitted = fit_customer_values(lake)
    deciles = lake.read("value", "back_test")
    assert deciles["decile"].to_list() == list(range(1, 11))
    assert deciles["customer_count"].sum() == 3_000
    assert deciles["predicted_orders"].is_sorted(descending=True), "the first tenth is that of whom most is expected"
    assert deciles["predicted_orders"].sum() == pytest.approx(deciles["actual_orders"].sum(), rel=0.05)
    assert float(deciles["predicted_revenue"].sum()) == pytest.approx(float(deciles["actual_revenue"].sum()), rel=0.08)
    for row in deciles.iter_rows(named=True):
        # Three standard deviations of a count, and as much again for the paces that vary within a tenth.
        assert abs(row["predicted_orders"] - row["actual_orders"]) < 6 * row["predicted_orders"] ** 0.5 + 3, row
    told = describe_back_test(fitted)
    assert told["predicted_orders"] == pytest.approx(deciles["predicted_orders"].sum())


def test_the_year_ahead_is_orders_times_their_worth_for_every_customer(histories: pl.DataFrame, tmp_path: Path) -> None:
    lake = write(Lake(tmp_path), histories)
    told = describe_values(fit_customer_values(lake))
    values = lake.read("value", "customer_values")
    assert (told["customers"], told["purchases_fitted"], told["spending_fitted"]) == (3_000, True, True)
    assert values["customer_id"].is_unique().all()
    assert values.null_count().sum_horizontal().item() == 0
    assert values["alive_probability"].is_between(0, 1).all()
    product = values["expected_orders_12m"] * values["expected_order_value"].cast(float)
    assert (product - values["clv_12m"].cast(float)).abs().max() <= 0.005 * (1 + values["expected_orders_12m"].max())


def test_rows_in_any_order_give_the_same_bytes(histories: pl.DataFrame, tmp_path: Path) -> None:
    sorted_, shuffled = write(Lake(tmp_path / "sorted"), histories), Lake(tmp_path / "shuffled")
    write(shuffled, histories.sample(fraction=1, shuffle=True, seed=8))
    for lake in (sorted_, shuffled):
        fit_customer_values(lake)
    for name in ("customer_values", "back_test"):
        assert sorted_.path("value", name).read_bytes() == shuffled.path("value", name).read_bytes()


@pytest.mark.parametrize("customers", [0, 1, 60])
def test_too_few_customers_are_valued_at_nothing_and_the_reason_is_told(customers: int, tmp_path: Path) -> None:
    histories = generate_histories(60)
    lake = write(Lake(tmp_path), histories.head(2 * customers))
    fitted = fit_customer_values(lake)
    values = lake.read("value", "customer_values")
    assert values.columns == [
        *("customer_id", "alive_probability", "expected_orders_12m", "expected_order_value", "clv_12m"),
    ]
    assert values.height == customers
    assert values.select(pl.exclude("customer_id")).null_count().sum_horizontal().item() == 4 * customers
    assert lake.read("value", "back_test").is_empty()
    assert describe_values(fitted)["purchases_not_fitted_because"] == "fewer than 100 customers came back"


def test_what_was_all_sent_back_is_worth_nothing_and_stops_nothing(histories: pl.DataFrame, tmp_path: Path) -> None:
    lake = write(Lake(tmp_path), histories.with_columns(repeat_amount=pl.lit(Decimal("0.00"), pl.Decimal(18, 2))))
    told = describe_values(fit_customer_values(lake))
    assert told["purchases_fitted"]
    assert told["spending_not_fitted_because"] == "fewer than 100 customers came back and spent anything"
    values = lake.read("value", "customer_values")
    assert values["expected_orders_12m"].null_count() == 0
    assert values["clv_12m"].null_count() == values.height
