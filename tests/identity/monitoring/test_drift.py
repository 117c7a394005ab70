"""Drift: a night beside the published ones, its limits, and what is reported of it."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from pipelines.identity.customer_ids.ledger import assign_ids, empty_ledger
from pipelines.identity.monitoring.churn import count_changed, count_churn, list_contents
from pipelines.identity.monitoring.drift import compare_run, describe_drift
from pipelines.identity.monitoring.drift_limits import declare_families, load_families
from pipelines.identity.monitoring.run_metrics import MEASURED, add_run, measure_run, no_history
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS

TODAY = date(2026, 3, 10)
MANY = 5_000

Metrics = list[tuple[str, str, float, int]]


def metrics(*rows: tuple[str, str, float, int]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=MEASURED, orient="row")


def nights(*runs: Metrics, model: str = "m1", accepted: int | None = None) -> pl.DataFrame:
    """Published runs, the last one yesterday; ``accepted`` is the position of the one whose drift was accepted."""
    history = no_history()
    for position, rows in enumerate(runs):
        history = add_run(
            history,
            metrics(*rows),
            as_of=TODAY - timedelta(days=len(runs) - position),
            run_id=f"run-{position}",
            model_version=model,
            is_accepted=position == accepted,
        )
    return history


def judge(today: Metrics, history: pl.DataFrame, model: str = "m1") -> list[dict[str, Any]]:
    return compare_run(metrics(*today), history, as_of=TODAY, model_version=model).to_dicts()


def verdict(today: Metrics, history: pl.DataFrame, model: str = "m1") -> str:
    [row] = judge(today, history, model)
    return str(row["verdict"])


def null_rate(value: float, count: int = MANY) -> Metrics:
    return [("null_rate", "crm/contacts.email_key", value, count)]


def pairs_found(value: float, count: int = MANY) -> Metrics:
    return [("pairs_per_record", "e-mail", value, count)]


def sizes(*shares: float, count: int = MANY) -> Metrics:
    return [("cluster_sizes", str(position), share, count) for position, share in enumerate(shares)]


def gone(share: float, count: int = MANY) -> Metrics:
    return [("departures", "records gone", share, count)]


def changed(share: float, count: int = MANY) -> Metrics:
    return [("changed_records", "moved to another customer", share, count)]


def moved(share: float, count: int = MANY) -> Metrics:
    return [("id_churn", "records moved to another customer", share, count)]


@pytest.mark.parametrize(
    ("usual", "today", "expected"),
    [
        (null_rate(0.10), null_rate(0.14), "within"),
        (null_rate(0.10), null_rate(0.16), "warning"),
        (null_rate(0.10), null_rate(0.31), "blocking"),
        (null_rate(0.50), null_rate(0.29), "blocking"),
        (pairs_found(0.40), pairs_found(0.55), "within"),
        (pairs_found(0.40), pairs_found(0.65), "warning"),
        (pairs_found(0.40), pairs_found(0.10), "blocking"),
        (pairs_found(0.40), pairs_found(1.30), "blocking"),
        (sizes(0.5, 0.3, 0.2), sizes(0.48, 0.32, 0.2), "within"),
        (sizes(0.5, 0.3, 0.2), sizes(0.4, 0.25, 0.35), "warning"),
        (sizes(0.5, 0.3, 0.2), sizes(0.2, 0.2, 0.6), "blocking"),
        (moved(0.2), moved(0.009), "within"),
        (moved(0.2), moved(0.02), "warning"),
        (moved(0.2), moved(0.06), "blocking"),
        ([("record_count", "pos/members", 900.0, 900)], [("record_count", "pos/members", 440.0, 440)], "blocking"),
        ([("record_count", "pos/members", 900.0, 900)], [("record_count", "pos/members", 9e6, 9_000_000)], "warning"),
        ([("departures", "records gone", 0.0, 900)], [("departures", "records gone", 0.21, 900)], "blocking"),
        (
            [("new_ids", "of today's customers", 0.01, MANY)],
            [("new_ids", "of today's customers", 1.0, MANY)],
            "warning",
        ),
    ],
)
def test_a_metric_is_judged_by_the_limits_of_its_family(usual: Metrics, today: Metrics, expected: str) -> None:
    assert verdict(today, nights(usual)) == expected


def test_the_usual_is_the_median_of_the_last_seven_published_days() -> None:
    week = [0.10, 0.10, 0.10, 0.10, 0.50, 0.50, 0.50]
    [row] = judge(null_rate(0.12), nights(*map(null_rate, [0.9, 0.9, 0.9, *week])))
    assert (row["usual"], row["runs"], row["verdict"]) == (0.10, 7, "within")


def test_a_drift_that_was_accepted_is_what_the_next_nights_are_compared_with() -> None:
    before = [null_rate(value) for value in (0.1, 0.1, 0.1, 0.6)]
    assert verdict(null_rate(0.6), nights(*before)) == "blocking"
    assert verdict(null_rate(0.6), nights(*before, accepted=3)) == "within"
    assert verdict(null_rate(0.1), nights(*before, accepted=3)) == "blocking"


def test_few_rows_jump_by_themselves_and_are_not_judged() -> None:
    [row] = judge(null_rate(0.9, count=999), nights(null_rate(0.1)))
    assert (row["verdict"], row["reason"]) == ("not compared", "fewer than 1,000 rows")
    assert verdict(pairs_found(9.0, count=MANY), nights(pairs_found(0.001, count=5))) == "blocking", "five, then many"


@pytest.mark.parametrize(
    ("usual", "today", "expected"),
    [
        (gone(0.0, 5), gone(0.8, 5), "warning"),
        (gone(0.0, 5), gone(0.4, 5), "not compared"),
        (gone(0.0, 60), gone(0.1, 60), "not compared"),
        (moved(0.0, 15), moved(0.6, 15), "warning"),
        (moved(0.0, 300), moved(0.02, 300), "not compared"),
        ([("record_count", "ecommerce/orders", 15.0, 15)], [("record_count", "ecommerce/orders", 3.0, 3)], "warning"),
        (
            [("record_count", "ecommerce/orders", 3.0, 3)],
            [("record_count", "ecommerce/orders", 1.0, 1)],
            "not compared",
        ),
        (changed(0.0, 40), changed(0.9, 40), "warning"),
        (changed(0.0, 40), changed(0.9, 400), "blocking"),
        (changed(0.0, 40), changed(0.3, 400), "warning"),
        (changed(0.0, 40), changed(0.1, 400), "within"),
    ],
)
def test_a_small_home_hears_of_what_concerns_most_of_it_and_not_of_one_or_two(
    usual: Metrics, today: Metrics, expected: str
) -> None:
    assert verdict(today, nights(usual)) == expected


def test_what_a_small_home_hears_says_that_it_only_warns() -> None:
    said = describe_drift(compare_run(metrics(*gone(0.8, 5)), no_history(), as_of=TODAY, model_version="m1"))
    assert said.startswith(
        "warning: departures, records gone: 80.00% today, limit 20.00%; fewer than 100 rows, so this only warns."
    )


def test_a_table_that_is_gone_and_a_rule_that_finds_nothing_any_more_are_seen() -> None:
    history = nights([("record_count", "pos/members", 900.0, 900), *pairs_found(0.4)])
    assert [row["verdict"] for row in judge([], history)] == ["blocking", "blocking"]


def test_a_rule_that_found_nothing_before_is_seen() -> None:
    history = nights([("record_count", "pos/members", 900.0, 900)])
    rows = judge([("record_count", "pos/members", 900.0, 900), *pairs_found(0.4)], history)
    assert {row["metric"]: row["verdict"] for row in rows} == {"record_count": "within", "pairs_per_record": "blocking"}


def test_the_first_run_has_nothing_to_be_compared_with_and_passes_with_a_note() -> None:
    compared = compare_run(metrics(*null_rate(0.1)), no_history(), as_of=TODAY, model_version="m1")
    assert compared["verdict"].to_list() == ["not compared"]
    assert "nothing to compare with yet" in describe_drift(compared)


def test_another_run_of_a_day_is_compared_with_the_days_before_and_takes_its_place() -> None:
    history = nights(null_rate(0.1), null_rate(0.1))
    again = add_run(
        history, metrics(*null_rate(0.9)), as_of=TODAY, run_id="killed", model_version="m1", is_accepted=False
    )
    assert verdict(null_rate(0.12), again) == "within"
    mended = add_run(again, metrics(*null_rate(0.12)), as_of=TODAY, run_id="x", model_version="m1", is_accepted=False)
    assert mended.filter(pl.col("as_of") == TODAY)["value"].to_list() == [0.12]
    assert mended.height == 3


def test_exports_that_stand_still_are_compared_with_the_published_run_of_their_own_day() -> None:
    history = add_run(
        no_history(), metrics(*null_rate(0.1)), as_of=TODAY, run_id="first", model_version="m1", is_accepted=False
    )
    assert verdict(null_rate(0.5), history) == "blocking"


def test_weights_of_a_new_model_are_not_compared_and_its_churn_only_warns() -> None:
    history = nights([*sizes(0.5, 0.3, 0.2), *pairs_found(0.4), *moved(0.0), *null_rate(0.1)])
    today = [*sizes(0.1, 0.1, 0.8), *pairs_found(9.0), *moved(0.3), *null_rate(0.5)]
    rows = {row["metric"]: (row["verdict"], row["reason"]) for row in judge(today, history, model="m2")}
    assert rows["cluster_sizes"] == rows["pairs_per_record"] == ("not compared", "the model is new")
    assert rows["id_churn"] == ("warning", "the model is new")
    assert rows["null_rate"] == ("blocking", None)
    second = add_run(
        history, metrics(*today), as_of=TODAY - timedelta(days=1), run_id="2", model_version="m2", is_accepted=False
    )
    rows = {row["metric"]: (row["verdict"], row["reason"]) for row in judge(today, second, model="m2")}
    assert rows["cluster_sizes"] == ("within", None), "from its second run on, the model has a past of its own"
    assert rows["id_churn"] == ("blocking", None)


def test_the_message_says_what_it_is_what_it_was_the_limit_and_where_to_look() -> None:
    today = metrics(*null_rate(0.62), *moved(0.02))
    said = describe_drift(compare_run(today, nights(null_rate(0.11)), as_of=TODAY, model_version="m1")).splitlines()
    assert said[0] == (
        "blocking: null_rate, crm/contacts.email_key: 62.00% today, usually 11.00% (median of 1 run), +51.0 points, "
        f"limit +20.0. Look at {load_families()['null_rate'].look_at}."
    )
    assert said[1].startswith("warning: id_churn, records moved to another customer: 2.00% today, limit 1.00%.")


def test_a_run_is_measured_from_its_tables() -> None:
    keys = {key: ["x", None, "x", None] for key in MATCH_COLUMNS}
    records = pl.DataFrame(
        {"record_id": list("abcd"), "kind": ["crm"] * 3 + ["pos"], "table_name": ["contacts"] * 3 + ["members"], **keys}
    )
    pairs = pl.DataFrame({"found_by": ["e-mail", "e-mail", "mobile"], "match_weight": [-9.0, 5.0, 30.0]})
    clusters = pl.DataFrame({"record_id": list("abcd"), "cluster_id": list("aacd")})
    published = assign_ids(clusters.head(3).with_columns(cluster_id="record_id"), empty_ledger(), TODAY)
    churn = count_churn(assign_ids(clusters, published, TODAY), published)
    measured = measure_run(records, pairs, pl.DataFrame({"record_count": [2, 1, 1]}), churn)
    found = {(metric, key): (value, count) for metric, key, value, count in measured.iter_rows()}
    assert found["record_count", "crm/contacts"] == (3.0, 3)
    assert found["null_rate", "crm/contacts.email_key"] == (pytest.approx(1 / 3), 3)
    assert found["null_rate", "pos/members.last_key"] == (1.0, 1)
    assert found["pairs_per_record", "e-mail"] == (0.5, 2)
    assert found["weights", "over 0 up to 5 bits"] == (pytest.approx(1 / 3), 3)
    assert found["weights", "over 25 bits"] == (pytest.approx(1 / 3), 3)
    assert found["cluster_sizes", "up to 1 records"] == (pytest.approx(2 / 3), 3)
    assert found["id_churn", "ids absorbed"] == (pytest.approx(1 / 3), 3)
    assert found["id_churn", "records moved to another customer"] == (pytest.approx(1 / 3), 3)
    assert found["departures", "records gone"] == (0.0, 3)
    assert found["new_ids", "of today's customers"] == (pytest.approx(1 / 3), 3)
    for metric in ("weights", "cluster_sizes"):
        assert measured.filter(pl.col("metric") == metric)["value"].sum() == pytest.approx(1.0)


def test_churn_counts_ids_in_the_words_of_the_ledger() -> None:
    def night(ledger: pl.DataFrame, **clusters: str) -> pl.DataFrame:
        frame = pl.DataFrame({"record_id": list(clusters), "cluster_id": list(clusters.values())})
        return assign_ids(frame, ledger, TODAY)

    first = night(empty_ledger(), a="1", b="1", c="2", d="3", e="4")
    assert count_churn(first, empty_ledger()).published_records == 0
    second = night(first, a="1", b="9", c="2", d="2", f="5")  # 1 splits, 3 goes into 2, 4 is gone, f is new
    churn = count_churn(second, first)
    assert churn.as_dict() == {
        "published_ids": 4, "kept": 2, "created": 2, "absorbed": 1, "split": 1, "retired": 1, "restored": 0,
        "published_records": 5, "gone": 1, "moved": 2, "customers": 4,
    }  # fmt: skip
    assert churn.moved_share == 0.5
    assert count_churn(second, second).moved_share == 0.0


def test_of_the_records_that_say_something_else_now_those_that_moved_are_counted() -> None:
    def contents(**said: str) -> pl.DataFrame:
        hashes = [f"{number:015x}".ljust(32, "0") for number in map(ord, said.values())]
        return list_contents(pl.DataFrame({"record_id": list(said), "content_hash": hashes}))

    def assign(ledger: pl.DataFrame, **clusters: str) -> pl.DataFrame:
        frame = pl.DataFrame({"record_id": list(clusters), "cluster_id": list(clusters.values())})
        return assign_ids(frame, ledger, TODAY)

    before = assign(empty_ledger(), a="1", b="2", c="3", d="4", e="5")
    today = assign(before, a="1", b="1", c="1", d="4", f="6")
    published = contents(a="p", b="q", c="r", d="s", e="t")
    found = count_changed(
        contents(a="x", b="x", c="x", d="z", f="v"), published, today.tail(today.height - before.height)
    )
    assert (found.changed, found.moved) == (4, 2), "a keeps its id, d stays by itself, e is gone and f is new"
    unchanged = count_changed(published, published, today.clear())
    assert (unchanged.changed, unchanged.moved) == (0, 0)


def test_nothing_at_all_is_measured_without_complaint() -> None:
    nobody = {"record_id": [], "kind": [], "table_name": [], **{key: [] for key in MATCH_COLUMNS}}
    measured = measure_run(
        pl.DataFrame(nobody, schema=dict.fromkeys(nobody, pl.String)),
        pl.DataFrame({"found_by": [], "match_weight": []}, schema={"found_by": pl.String, "match_weight": pl.Float64}),
        pl.DataFrame({"record_count": []}, schema={"record_count": pl.Int64}),
        count_churn(empty_ledger(), empty_ledger()),
    )
    assert measured["value"].sum() == 0.0
    compared = compare_run(measured, no_history(), as_of=TODAY, model_version="m1")
    assert set(compared["verdict"]) == {"not compared"}


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("{measure: ratio, warning: {above: 2}, minimum: 1}", "missing keys .'look_at'."),
        ("{measure: share, warning: {}, minimum: 1, look_at: x}", "measure must be one of"),
        ("{measure: ratio, warning: {over: 2}, minimum: 1, look_at: x}", "warning takes numbers under below and above"),
        ("{measure: ratio, warning: {}, minimum: 1, look_at: x, blok: {}}", "unknown keys .'blok'."),
    ],
)
def test_limits_that_make_no_sense_are_refused_by_name(declared: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"weights: .*{message}"):
        declare_families(f"weights: {declared}")


def test_what_blocks_has_warned_before() -> None:
    for family in load_families().values():
        if family.blocking.above is not None:
            assert family.warning.above is not None
            assert family.warning.above < family.blocking.above
        if family.blocking.below is not None:
            assert family.warning.below is not None
            assert family.warning.below > family.blocking.below
