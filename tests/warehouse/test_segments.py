"""Segments and traits that analysts define, over the small world: built and published, night by night."""

import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import Definitions, load_segments
from pipelines.segments.membership_log import MARTS, log_in_force, write_dbt_inputs
from pipelines.warehouse import dbt_project, publish

NEW = {"description": "d", "owner": "o"}
TRAITS = [
    NEW | {"name": "orders_1y", "from": "orders", "aggregate": "count", "where": "is_revenue", "window_days": 365},
    NEW | {"name": "units", "from": "order_lines", "aggregate": "sum", "column": "quantity"},
    NEW | {"name": "channels", "from": "customer_touchpoints", "aggregate": "count_distinct", "column": "channel"},
    NEW | {"name": "mean_refund", "from": "returns", "aggregate": "average", "column": "refund_amount"},
    NEW | {"name": "quiet_days", "from": "customer_touchpoints", "aggregate": "days_since_last"},
]
FIRST = [
    NEW | {"name": "buyers", "condition": "orders_1y >= 1"},
    NEW | {"name": "everyone", "condition": "true"},
    NEW | {"name": "parisians", "condition": "try_cast(postcode as int) between 75000 and 75999"},
]
SECOND = [
    NEW | {"name": "buyers", "condition": "orders_1y >= 2"},
    NEW | {"name": "parisians", "condition": "postcode like '75%'"},
    NEW | {"name": "nobody", "condition": "false"},
    NEW | {"name": "unreadable", "condition": "email is null or strptime(email, '%Y') is null"},
]
OF_SEGMENTS = ("source:segments+", "int_traits_computed+")


def define(home: Home, segments: list[dict[str, Any]]) -> Definitions:
    """As an analyst does: in a file."""
    file = home.root / "segments.yml"
    file.write_text(yaml.safe_dump({"traits": TRAITS, "segments": segments}), encoding="utf-8")
    return load_segments(file)


def publish_night(home: Home, retailer: Any, night: date, segments: list[dict[str, Any]], tests: bool = False) -> None:
    """Builds for a night what depends on definitions, on what was built or published before, and publishes."""
    publish.begin(home, afresh=False)
    defined = define(home, segments)
    write_dbt_inputs(Lake(home.lake), defined, night)
    dbt_project.build(home, retailer, night, segments=defined, select=OF_SEGMENTS, tests=tests)
    passed = {"checks_passed": 0, "checks_warned": 0}
    publish.seal(home, as_of=night.isoformat(), run_id=night.isoformat(), marts=["customer_360", *MARTS], **passed)
    workshop = home.root / "workshop"
    shutil.copyfile(home.workshop, workshop)
    publish.publish(home)
    workshop.replace(home.workshop)  # The next night builds upon it, for time: a night of a retailer builds it anew.


def ask(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        return connection.execute(query).fetchall()


def stays(home: Home) -> dict[str, set[tuple[str, date, date | None]]]:
    found: dict[str, set[tuple[str, date, date | None]]] = {}
    rows = ask(home, "from marts.customer_segments select * where family = 'custom'")
    for customer, _, segment, entered, left, is_current in rows:
        assert is_current == (left is None)
        found.setdefault(segment, set()).add((customer, entered, left))
    return found


def buyers_of(home: Home, night: date, least: int) -> set[str]:
    """Who has ``least`` orders in the 365 days to ``night``, read off the orders without the project's SQL."""
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        rows = connection.execute("select customer_id, ordered_on, is_revenue from marts.orders").fetchall()
    counts: dict[str, int] = {}
    for customer, ordered_on, is_revenue in rows:
        if customer and is_revenue and ordered_on > night - timedelta(days=365):
            counts[customer] = counts.get(customer, 0) + 1
    return {customer for customer, count in counts.items() if count >= least}


@pytest.fixture(scope="module")
def nights(
    built_world: Home, retailer: Any, today: date, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, date, date]:
    """A home with two nights published, the second with other definitions. Read only: copy to go on.

    Of what does not depend on definitions the small world as it was built serves both.
    """
    root, tomorrow = tmp_path_factory.mktemp("nights") / "home", today + timedelta(days=1)
    shutil.copytree(built_world.root, root)
    home = Home(root)
    publish_night(home, retailer, today, FIRST)
    publish_night(home, retailer, tomorrow, SECOND, tests=True)
    return home, today, tomorrow


def test_traits_are_what_the_rows_of_the_marts_say(nights: tuple[Home, date, date]) -> None:
    """An oracle in Polars: no SQL of the project has a part in it."""
    home, _, night = nights
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        tables = {
            name: connection.sql(f"from marts.{name}").to_arrow_table()
            for name in ("customer_360", "order_lines", "returns", "customer_touchpoints")
        }
    lines, returned, touches = (pl.DataFrame(tables[name]) for name in list(tables)[1:])
    everyone = pl.DataFrame(tables["customer_360"])["customer_id"].to_list()
    buyers = {least: buyers_of(home, night, least) for least in range(1, 20)}

    def of(frame: pl.DataFrame, customer: str) -> pl.DataFrame:
        return frame.filter(pl.col("customer_id") == customer)

    expected: dict[tuple[str, str], Decimal | None] = {}
    for customer in everyone:
        refunds = of(returned, customer)["refund_amount"].drop_nulls().to_list()
        mean = (sum(refunds, Decimal(0)) / len(refunds)).quantize(Decimal("0.0001")) if refunds else None
        times = of(touches, customer)["touched_at"].dt.replace_time_zone("UTC")
        last = times.dt.convert_time_zone("Europe/Paris").dt.date().max()
        expected[customer, "orders_1y"] = Decimal(sum(customer in names for names in buyers.values()))
        expected[customer, "units"] = Decimal(of(lines, customer)["quantity"].sum())
        expected[customer, "channels"] = Decimal(of(touches, customer)["channel"].n_unique())
        expected[customer, "mean_refund"] = mean
        expected[customer, "quiet_days"] = Decimal((night - last).days) if isinstance(last, date) else None
    assert {(customer, trait): value for customer, trait, value in ask(home, "from marts.customer_traits")} == expected
    assert any(value for (_, trait), value in expected.items() if trait == "mean_refund"), "there is a refund"


def test_members_enter_on_the_first_night_in_and_leave_on_the_first_night_out(
    nights: tuple[Home, date, date],
) -> None:
    home, first, second = nights
    before, after = buyers_of(home, first, 1), buyers_of(home, second, 2)
    assert after
    assert before - after
    assert stays(home)["buyers"] == {
        (customer, first, None if customer in after else second) for customer in before
    } | {(customer, second, None) for customer in after - before}


def test_a_segment_that_was_taken_out_keeps_its_history_and_holds_nobody(nights: tuple[Home, date, date]) -> None:
    home, first, second = nights
    everyone = {customer for (customer,) in ask(home, "select customer_id from marts.customer_360")}
    assert stays(home)["everyone"] == {(customer, first, second) for customer in everyone}
    assert ask(
        home, "select member_count, first_computed_on, removed_on from marts.segments where segment = 'everyone'"
    ) == [(0, first, second)]
    assert ask(home, "select computed_on, member_count from marts.segment_sizes where segment = 'everyone'") == [
        (first, len(everyone))
    ]


def test_a_changed_definition_is_dated_and_goes_on(nights: tuple[Home, date, date]) -> None:
    home, first, second = nights
    query = "select first_computed_on, defined_since, removed_on, rule from marts.segments where segment = 'buyers'"
    assert ask(home, query) == [(first, second, None, "orders_1y >= 2")]
    digests = ask(
        home, "select definition_digest from marts.segment_sizes where segment = 'buyers' order by computed_on"
    )
    assert len(set(digests)) == 2


def test_sizes_are_those_of_the_stays_of_every_night(nights: tuple[Home, date, date]) -> None:
    home, first, second = nights
    sizes = ask(home, "select segment, computed_on, member_count, entered_count, left_count from marts.segment_sizes")
    known = stays(home)
    assert {(segment, night) for segment, night, *_ in sizes} == {
        *((segment["name"], first) for segment in FIRST),
        *((segment["name"], second) for segment in SECOND),
    }
    for segment, night, members, entered, left in sizes:
        of_segment = known.get(segment, set())
        assert members == sum(since <= night and (until is None or night < until) for _, since, until in of_segment)
        assert entered == sum(since == night for _, since, _ in of_segment)
        assert left == sum(until == night for _, _, until in of_segment)


def test_a_condition_that_fails_on_a_customer_leaves_only_them_out_and_is_told(nights: tuple[Home, date, date]) -> None:
    home = nights[0]
    with_email = ask(home, "select customer_id from marts.customer_360 where email is not null")
    without = ask(home, "select customer_id from marts.customer_360 where email is null")
    assert with_email
    assert without
    assert {(customer,) for customer, *_ in stays(home)["unreadable"]} == set(without)
    assert ask(home, "select segment, unevaluated_count from marts.segments where unevaluated_count > 0") == [
        ("unreadable", len(with_email))
    ]


def test_the_families_that_come_with_the_project_are_as_they_were(nights: tuple[Home, date, date]) -> None:
    home = nights[0]
    assert {family for (family,) in ask(home, "select distinct family from marts.customer_segments")} == {
        *("rfm", "lifecycle", "custom")
    }
    query = "select count(*) from marts.segments where family <> 'custom' and (owner is not null or reason is null)"
    assert ask(home, query) == [(0,)]


@pytest.fixture
def copied(nights: tuple[Home, date, date], tmp_path: Path) -> Home:
    """The home after both nights, to go on with."""
    shutil.copytree(nights[0].root, tmp_path / "home")
    return Home(tmp_path / "home")


def test_a_night_run_again_says_the_same_and_a_night_before_it_nothing_of_the_future(
    copied: Home, nights: tuple[Home, date, date], retailer: Any
) -> None:
    _, first, second = nights
    log = log_in_force(Lake(copied.lake))
    of_second = stays(copied), ask(copied, "from marts.segment_sizes order by all"), log.read_bytes()
    publish_night(copied, retailer, second, SECOND)
    assert (stays(copied), ask(copied, "from marts.segment_sizes order by all"), log.read_bytes()) == of_second

    publish_night(copied, retailer, first, FIRST)
    assert {day for known in stays(copied).values() for _, *days in known for day in days if day} == {first}
    assert ask(copied, "select distinct computed_on from marts.segment_sizes") == [(first,)]
    assert ask(copied, "select count(*) from marts.segments where removed_on is not null") == [(0,)]
    assert pl.read_parquet(log).equals(pl.read_parquet(log_in_force(Lake(nights[0].lake)))), (
        "what came later stays known"
    )


def test_a_night_that_was_rolled_back_is_none_that_a_stay_began_or_ended_in(
    copied: Home, nights: tuple[Home, date, date], retailer: Any
) -> None:
    _, first, second = nights
    publish.rollback(copied)
    third = second + timedelta(days=1)
    publish_night(copied, retailer, third, SECOND)
    known = stays(copied)
    assert {day for stays_of in known.values() for _, *days in stays_of for day in days if day} == {first, third}
    assert {entered for _, entered, _ in known["everyone"]} == {first}
    assert {left for _, _, left in known["everyone"]} == {third}
