"""Every number of the report's tables is that of the marts, reckoned again here in Polars."""

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.report.sections import SECTIONS
from pipelines.report.write import write_report
from pipelines.texts.catalogue import read_catalogue

STAGES = ["discovery", "consideration", "purchase", "post_purchase", "retention", "loyalty", "dormant"]
CHANNELS = ["store", "web", "app", "service"]
MOVES = ["earned", "spent", "expired", "adjusted"]
MODELS = ["first_touch", "last_touch", "linear", "position_based", "time_decay", "markov"]
HEADLINES = [
    "customers", "active_customers", "new_customers", "revenue_per_active_customer", "average_basket", "repeat_rate",
    "retention_rate", "omnichannel_share", "conversion_online", "conversion_store", "nps",
]  # fmt: skip

KEYS = {"channel_count", "months_since", "rfm_recency", "rfm_frequency"}
"""Whole numbers that tell rows apart and count nobody."""

TOO_FEW = {read_catalogue(language)["report.page.too_few"] for language in ("en", "fr")}

Expected = list[dict[str, Any]]


class Oracle:
    """The marts as frames, and the months that the report is about."""

    def __init__(self, home: Home) -> None:
        self.connection = duckdb.connect(home.warehouse, read_only=True)
        months = self["kpis"].filter("is_complete")["month"]
        self.last: date = months.max()  # type: ignore[assignment]
        self.first = max(self["kpis"]["month"].min(), self.back(11))  # type: ignore[type-var]
        self.end = (self.last + timedelta(days=31)).replace(day=1)
        self.as_of: date = self["journey_stage_daily"]["day"].max()  # type: ignore[assignment]

    def __getitem__(self, mart: str) -> pl.DataFrame:
        return self.connection.sql(f"select * from marts.{mart}").pl()

    def back(self, months: int) -> date:
        """The first day of the month so many before the last whole one."""
        return pl.Series([self.last]).dt.offset_by(f"-{months}mo").item()

    def of_period(self, mart: str, column: str) -> pl.DataFrame:
        return self[mart].filter((pl.col(column) >= self.first) & (pl.col(column) < self.end))


# The night as it was published, and as it would be in the middle of a month, with days that were not counted and more
# traffic sources than anybody reads.
CHANGES = {
    "published": (),
    "within a month": (
        "update marts.kpis set is_complete = false where month = (select max(month) from marts.kpis)",
        "insert into marts.traffic_source_performance by name "
        "select * exclude (copy) replace (source || copy as source) "
        "from marts.traffic_source_performance, range(4) as copies (copy) where medium <> 'none'",
        "update marts.channel_performance set visits = null where visitor_orders > 0 and day(day) = 10",
        "update marts.satisfaction set nps_answers = 9 * nps_answers, promoters = 9 * promoters, "
        "detractors = 9 * detractors, csat_answers = 9 * csat_answers, review_answers = 9 * review_answers",
        "update marts.verbatim_themes set mentions = 9 * mentions",
    ),
}


@pytest.fixture(scope="module", params=CHANGES)
def night(request: pytest.FixtureRequest, first_night: tuple[Home, str], tmp_path_factory: Any) -> Home:
    home = Home(tmp_path_factory.mktemp("night"))
    shutil.copyfile(first_night[0].warehouse, home.warehouse)
    with duckdb.connect(home.warehouse) as connection:
        for statement in CHANGES[request.param]:
            connection.execute(statement)
    return home


@pytest.fixture(scope="module")
def oracle(night: Home) -> Iterator[Oracle]:
    oracle = Oracle(night)
    yield oracle
    oracle.connection.close()


@pytest.fixture(scope="module", params=["en", "fr"])
def report(request: pytest.FixtureRequest, night: Home, read_report: Any) -> Any:
    return read_report(write_report(night, request.param).file.read_text(encoding="utf-8"))


def check(rows: Iterable[dict[str, tuple[str, str]]], expected: Expected) -> None:
    """Each row holds the expected values, exactly where they are whole or money; what is left out is not looked at.

    What begins with an underscore is not on the page."""
    rows = list(rows)
    assert len(rows) == len(expected) > 0
    for row, values in zip(rows, expected, strict=True):
        for column, value in values.items():
            if column.startswith("_"):
                continue
            raw, text = row[column]
            if isinstance(value, int) and 0 < value < 5 and column not in KEYS:
                value = None  # noqa: PLW2901
            where = f"{column} in {row}"
            if value is None:
                assert (raw, text) == ("", "–"), where
            elif isinstance(value, float):
                assert float(raw) == pytest.approx(value, rel=1e-9, abs=1e-12), where
            elif isinstance(value, int | Decimal):
                assert Decimal(raw) == value, where
            else:
                assert raw == str(value), where


def hide(rows: Expected, people: str, *columns: str, wholes: Sequence[Sequence[str]] = ((),)) -> Expected:
    """``rows`` without the columns where they rest on 1 to 4 people, nor in the next smallest row of the same whole."""
    hidden = {place for place, row in enumerate(rows) if 0 < (row[people] or 0) < 5}
    before = -1
    while len(hidden) > before:
        before = len(hidden)
        for within in wholes:
            for whole in {tuple(row[name] for name in within) for row in rows}:
                part = [place for place, row in enumerate(rows) if tuple(row[name] for name in within) == whole]
                gone = [place for place in part if place in hidden]
                left = [place for place in part if place not in hidden and rows[place][people]]
                if gone and left and (len(gone) == 1 or sum(rows[place][people] for place in gone) < 5):
                    hidden.add(min(left, key=lambda place: rows[place][people]))
    for place in hidden:
        rows[place] |= dict.fromkeys(columns)
    return rows


def sides(part: Any, whole: Any) -> int:
    """How many are on the smaller side of a share, of those sides on which anybody is."""
    return min((int(side) for side in (part, whole - part) if side), default=0)


def ratio(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if whole else None


def test_the_headlines_are_those_of_the_last_whole_month(report: Any, oracle: Oracle) -> None:
    kpis = oracle["kpis"]
    buyers = (
        oracle["orders"]
        .filter("is_revenue")
        .group_by(pl.col("ordered_on").dt.truncate("1mo").alias("month"))
        .agg(pl.coalesce("customer_id", "order_id").n_unique())
    )
    ordered = dict(buyers.iter_rows())
    counted = {(row["headline"], row["identity_threshold"], row["month"]): row for row in kpis.to_dicts()}
    values = {}
    for (name, *same), row in counted.items():
        people = row["denominator"]
        if row["unit"] == "share" and people is not None:
            people = sides(row["numerator"], people)
        elif name in ("active_customers", "new_customers"):
            base = "customers" if name == "active_customers" else "active_customers"
            people = sides(row["numerator"], counted[(base, *same)]["numerator"])
        elif name == "customers":
            people = row["numerator"]
        elif name == "average_basket":
            people = ordered.get(row["month"], 0)
        values[(name, *same)] = None if people is not None and 0 < people < 5 else row["value"]
    assert sum(value is None and counted[key]["value"] is not None for key, value in values.items()) > 10, "some NPS"
    check(
        report.tables["headlines"],
        [
            {threshold: values[(name, threshold, oracle.last)] for threshold in ("strict", "default", "loose")}
            | {"month_before": values.get((name, "default", oracle.back(1)))}
            | {"year_before": values.get((name, "default", oracle.back(12)))}
            for name in HEADLINES
        ],
    )
    months = sorted({month for _, _, month in values if oracle.back(12) <= month <= oracle.last})
    check(
        report.tables["headlines_months"],
        [{"month": month} | {name: values[(name, "default", month)] for name in HEADLINES} for month in months],
    )


def test_what_changed_compares_the_month_with_the_one_before_and_with_a_year_before(
    report: Any, oracle: Oracle
) -> None:
    kpis = oracle["kpis"].filter(pl.col("identity_threshold") == "default")
    values = {(row["headline"], row["month"]): row["value"] for row in kpis.to_dicts()}
    daily = oracle["channel_performance"].with_columns(month=pl.col("day").dt.truncate("1mo"))
    taken = {
        (channel, month): revenue
        for channel, month, revenue in daily.group_by("channel", "month").agg(pl.col("revenue").sum()).iter_rows()
    }
    pairs = [
        (float(source[(name, oracle.last)]), float(source[(name, month)]))
        for source in (values, taken)
        for name in sorted({name for name, _ in source})
        for month in (oracle.back(1), oracle.back(12))
        if source.get((name, oracle.last)) is not None and source.get((name, month)) is not None
    ]
    rows = report.tables["changes"]
    assert len(rows) >= 4
    for row in rows:
        now, before = (float(row[column][0]) for column in ("now", "before"))
        assert any((now, before) == pytest.approx(pair, rel=1e-9) for pair in pairs), row
        percent, points = row["moved_percent"][0], row["moved_points"][0]
        assert (percent == "") != (points == "")
        if percent:
            assert float(percent) == pytest.approx(now / before - 1, abs=0.00051)
        else:
            assert float(points) == pytest.approx(100 * (now - before), abs=0.051) or abs(now) > 1


def test_the_funnel_counts_a_visitor_at_every_step_up_to_the_furthest(report: Any, oracle: Oracle) -> None:
    daily = oracle.of_period("journey_stage_daily", "day")
    expected: Expected = []
    for step in range(3):
        reached = daily.filter(pl.col("stage").is_in(STAGES[step:3]))
        known, anonymous = int(reached["known_visitors"].sum()), int(reached["anonymous_visitors"].sum())
        expected.append({"known": known, "anonymous": anonymous, "visitors": known + anonymous})
    kinds = ("visitors", "known", "anonymous")
    for step, row in enumerate(expected):
        for kind, part in zip(kinds, ("share_of_first", "known_share", "anonymous_share"), strict=True):
            row[part] = ratio(row[kind], expected[0][kind])
            lost = [expected[step - 1][kind] - row[kind]] if step else []
            of_kind = [side for side in (row[kind], expected[0][kind] - row[kind], *lost) if side]
            row[f"_{kind}"] = min(of_kind, default=0)
        row["_kind"] = min((row[f"_{kind}"] for kind in kinds[1:] if row[f"_{kind}"]), default=0)
    assert all(isinstance(row["_kind"], int) for row in expected)
    assert expected[0]["anonymous"] > expected[2]["anonymous"]
    hide(expected, "_visitors", "visitors", "share_of_first", wholes=())
    hide(expected, "_kind", "known", "known_share", "anonymous", "anonymous_share", wholes=())
    check(report.tables["funnel"], expected)


def test_the_stages_hold_the_customers_of_the_day(report: Any, oracle: Oracle) -> None:
    daily = oracle["journey_stage_daily"]
    sizes = {(row["day"], row["stage"]): row["customers"] for row in daily.to_dicts()}
    everybody = sum(sizes[(oracle.as_of, stage)] for stage in STAGES)
    ended = oracle["customer_journey_stages"].filter(pl.col("left_at").is_not_null())
    expected: Expected = []
    for stage in STAGES:
        stays = sorted(ended.filter(pl.col("stage") == stage)["duration_days"])
        count = sizes[(oracle.as_of, stage)]
        median = stays[(len(stays) - 1) // 2] if stays else None
        expected.append(
            {"customers": count, "share": count / everybody, "ended_stays": len(stays), "median_days": median}
            | {"_customers": count, "_stayers": ended.filter(pl.col("stage") == stage)["customer_id"].n_unique()}
        )
    hide(expected, "_customers", "customers", "share")
    check(report.tables["stages"], hide(expected, "_stayers", "ended_stays", "median_days", wholes=()))
    start = pl.Series([oracle.as_of.replace(day=1)]).dt.offset_by("-24mo").item()
    days = daily.filter(pl.col("day") >= start).group_by(pl.col("day").dt.truncate("1mo")).agg(pl.col("day").max().alias("end"))  # fmt: skip  # noqa: E501
    check(
        report.tables["stages_months"],
        [
            {"day": day} | {stage: shown[(day, stage)] for stage in STAGES}
            for day in sorted(days["end"])
            for shown in [
                {
                    (row["_day"], row["_stage"]): row["size"]
                    for row in hide(
                        [
                            {"_day": day, "_stage": stage, "_size": size, "size": size}
                            for stage in STAGES
                            for size in [sizes[(day, stage)]]
                        ],
                        "_size",
                        "size",
                    )
                }
            ]
        ],
    )


def test_the_flows_are_the_transitions_of_all_entry_channels(report: Any, oracle: Oracle) -> None:
    flows = oracle["journey_transitions"].group_by("from_stage", "to_stage").agg(pl.col("count").sum())
    sizes = {(start, end): count for start, end, count in flows.iter_rows()}
    stays = oracle["customer_journey_stages"].sort("customer_id", "stay_number")
    stays = stays.with_columns(pl.col("stage").shift(-1).over("customer_id").alias("next"))
    who = {
        ends: rows["customer_id"].n_unique() for ends, rows in stays.group_by("stage", "next") if ends[1] is not None
    }
    leavers = {stage: rows["customer_id"].n_unique() for (stage,), rows in stays.drop_nulls("next").group_by("stage")}
    expected = [
        {
            "transitions": int(sizes[(start, end)]),
            "share_of_leavers": ratio(
                sizes[(start, end)], sum(size for (left, _), size in sizes.items() if left == start)
            ),
            "_from": start,
            "_to": end,
            "_people": who[(start, end)],
            "_leavers": leavers[start],
        }
        for start in STAGES
        for end in STAGES
        if (start, end) in sizes
    ]
    hide(expected, "_people", "transitions", "share_of_leavers", wholes=[["_from"], ["_to"]])
    check(report.tables["transitions"], hide(expected, "_leavers", "share_of_leavers", wholes=[]))


def test_each_channel_has_its_takings_and_conversion(report: Any, oracle: Oracle) -> None:
    daily = oracle.of_period("channel_performance", "day")
    people = pl.concat(
        [
            oracle.of_period("orders", "ordered_on").select(
                "channel", pl.coalesce("customer_id", "order_id").alias("person")
            ),
            oracle.of_period("returns", "returned_on").select(
                pl.col("booked_channel").alias("channel"), pl.coalesce("customer_id", "return_id").alias("person")
            ),
        ]
    )
    expected: Expected = []
    for channel in daily["channel"].unique().to_list():
        of_channel = daily.filter(pl.col("channel") == channel)
        counted = of_channel.filter(pl.col("visits").is_not_null())
        visits = int(counted["visits"].sum()) if counted.height else None
        orders = int(of_channel["orders"].sum())
        expected.append(
            {
                "revenue": of_channel["revenue"].sum(),
                "share_of_revenue": ratio(of_channel["revenue"].sum(), daily["revenue"].sum()),
                "orders": orders,
                "average_basket": ratio(of_channel["ordered_amount"].sum(), orders),
                "visits": visits,
                "conversion_rate": ratio(counted["visitor_orders"].sum(), visits) if visits else None,
                "identified_share": ratio(of_channel["identified_orders"].sum(), orders),
                "_people": len(people.filter(pl.col("channel") == channel)["person"].unique()),
                "_known": sides(of_channel["identified_orders"].sum(), orders),
                "_converted": sides(counted["visitor_orders"].sum(), visits) if visits else 0,
            }
        )
    expected.sort(key=lambda row: -row["revenue"])
    assert len(expected) >= 3
    hide(expected, "_known", "identified_share")
    hide(expected, "_converted", "conversion_rate")
    hide(expected, "_people", "revenue", "share_of_revenue", "orders", "average_basket", "identified_share")
    check(report.tables["channels"], expected)


def test_combinations_of_channels_add_up_to_all_buyers(report: Any, oracle: Oracle) -> None:
    overlap = oracle["channel_overlap"]
    bought = overlap.filter(pl.col("scope") == "bought").sort(["customers", "channels"], descending=[True, False])
    buyers = int(bought["customers"].sum())
    shown = [row for row in bought.head(10).to_dicts() if row["customers"] >= 5]
    columns = {"customers": "customers", "orders_all_time": "orders", "revenue_all_time": "revenue"}
    columns |= {"revenue_per_customer": "revenue_per_customer", "share": "share_of_customers"}
    expected = [{name: row[column] for name, column in columns.items()} for row in shown]
    rest = bought.slice(len(shown))
    if rest.height:
        customers, is_told = int(rest["customers"].sum()), int(rest["customers"].sum()) >= 5
        expected.append(
            {
                "customers": customers,
                "share": customers / buyers,
                "orders_all_time": int(rest["orders"].sum()),
                "revenue_all_time": rest["revenue"].sum() if is_told else None,
                "revenue_per_customer": round(rest["revenue"].sum() / customers, 2) if is_told else None,
            }
        )
    assert sum(row["customers"] for row in expected) == buyers
    check(report.tables["overlap"], expected)
    counts = overlap.group_by("scope", "channel_count").agg(pl.col("customers").sum()).sort("scope", "channel_count")
    whole = dict(overlap.group_by("scope").agg(pl.col("customers").sum()).iter_rows())
    check(
        report.tables["overlap_counts"],
        hide(
            [
                {"_scope": scope, "channel_count": count, "_people": int(customers), "customers": int(customers)}
                | {"share": ratio(customers, whole[scope])}
                for scope, count, customers in counts.iter_rows()
            ],
            "_people",
            "customers",
            "share",
            wholes=[("_scope",)],
        ),
    )


def test_the_value_of_a_profile_and_both_lifts_are_those_of_the_mart(report: Any, oracle: Oracle) -> None:
    profiles = {row["channel_profile"]: row for row in oracle["channel_value"].to_dicts()}
    columns = ("revenue", "revenue_per_customer", "orders_per_customer", "average_basket", "lifetime_days")
    named = {"revenue": "revenue_all_time", "average_basket": "average_basket_all_time"}
    expected = [
        {
            "customers": profiles[name]["customers"],
            **{named.get(column, column): profiles[name][column] for column in columns},
        }
        for name in ("omnichannel", "store_only", "online_only")
    ]
    assert all(row["customers"] >= 5 for row in expected)
    check(report.tables["value"], expected)
    measures = ("revenue", "orders", "lifetime")
    both = profiles["omnichannel"]
    check(
        report.tables["value_lifts"],
        [{"plain_lift": both[f"{name}_lift"], "matched_lift": both[f"matched_{name}_lift"]} for name in measures],
    )


def test_ways_across_channels_are_shares_of_what_could_have_gone_them(report: Any, oracle: Oracle) -> None:
    steps = oracle.of_period("omnichannel_path_steps", "happened_on")
    people = {
        side: rows.select(pl.coalesce("customer_id", "step_id")).to_series().n_unique()
        for side, rows in steps.group_by("path", "is_followed")
    }
    sums = oracle.of_period("omnichannel_paths", "month").group_by("path").agg(pl.col("count", "base_count", "revenue").sum())  # fmt: skip  # noqa: E501
    expected = [
        {
            "times": int(row["count"]),
            "base_count": int(row["base_count"]),
            "path_revenue": row["revenue"],
            "share_of_base": ratio(row["count"], row["base_count"]),
            "_people": min(people[(row["path"], side)] for side in (True, False) if (row["path"], side) in people),
        }
        for row in sums.to_dicts()
    ]
    hide(expected, "_people", "times", "path_revenue", "share_of_base", wholes=())
    found = sorted(report.tables["omnichannel_paths"], key=lambda row: (row["times"][0], row["base_count"][0]))
    expected.sort(key=lambda row: (str("" if row["times"] is None else row["times"]), str(row["base_count"])))
    check(found, expected)
    shares = [float(row["share_of_base"][0] or 0) for row in report.tables["omnichannel_paths"]]
    assert shares == sorted(shares, reverse=True)


def test_traffic_sources_have_the_revenue_of_every_model(report: Any, oracle: Oracle) -> None:
    performance = oracle.of_period("traffic_source_performance", "month")
    credits = [f"revenue_{model}" for model in MODELS]
    sums = performance.group_by("source", "medium").agg(pl.col("sessions", "spend", *credits).sum())
    sums = sums.sort("revenue_linear", "sessions", "source", "medium", descending=[True, True, False, False])
    listed = 25 if sums.height > 26 else sums.height
    sums = sums.with_columns(pl.min_horizontal(pl.int_range(pl.len()), listed).alias("line"))
    rows = sums.group_by("line", maintain_order=True).agg(pl.col("sessions", "spend", *credits).sum()).to_dicts()
    touches = oracle.of_period("attribution_touches", "ordered_on").filter(pl.col("credit") > 0)
    touches = touches.with_columns(pl.coalesce("customer_id", "order_id").alias("person"))
    touches = touches.join(sums.select("source", "medium", "line"), on=["source", "medium"])
    buyers = {key: found["person"].n_unique() for key, found in touches.group_by("line", "model")}
    expected = [
        {"sessions": int(row["sessions"]), "spend": row["spend"], "roas": ratio(row["revenue_linear"], row["spend"])}
        | {name: row[name] for name in credits}
        | {f"_{model}": buyers.get((row["line"], model), 0) for model in MODELS}
        | {"_sessions": int(row["sessions"])}
        for row in rows
    ]
    for model in MODELS:
        hide(expected, f"_{model}", f"revenue_{model}", *(["roas"] if model == "linear" else []))
    check(report.tables["attribution"], hide(expected, "_sessions", "sessions"))
    assert sum(row["revenue_linear"] or 0 for row in rows) == performance["revenue_linear"].sum()


def test_frictions_come_by_what_they_put_at_risk(report: Any, oracle: Oracle) -> None:
    columns = ("count", "bought_in_store", "bought_online", "revenue_at_risk")
    sums = oracle.of_period("friction_points", "day").group_by("kind").agg(pl.col(*columns).sum())
    incidents = oracle.of_period("friction_incidents", "day")
    people = {
        kind: rows.select(pl.coalesce("customer_id", "incident_id")).to_series().n_unique()
        for (kind,), rows in incidents.group_by("kind")
    }
    expected = [
        {
            "_people": people[row["kind"]],
            "revenue_at_risk": row["revenue_at_risk"],
            "incidents": int(row["count"]),
            "bought_in_store": int(row["bought_in_store"]),
            "bought_online": int(row["bought_online"]),
            "recovered_share": ratio(row["bought_in_store"] + row["bought_online"], row["count"]),
        }
        for row in sums.sort("revenue_at_risk", "count", descending=True).to_dicts()
    ]
    for row in expected:
        whole, parts = row["incidents"], (row["bought_in_store"], row["bought_online"])
        row["_recovered"] = min((side for part in (*parts, sum(parts)) if (side := sides(part, whole))), default=0)
        row["_recovered"] = min(row["_recovered"], row["_people"])
    hide(expected, "_people", "incidents", "revenue_at_risk", wholes=())
    hide(expected, "_recovered", "bought_in_store", "bought_online", "recovered_share", wholes=())
    assert any(row["recovered_share"] is None for row in expected)
    check(report.tables["friction"], expected)


def test_cohorts_come_back_as_the_mart_says(report: Any, oracle: Oracle) -> None:
    cohorts = oracle["retention_cohorts"].filter(
        (pl.col("cohort_month") >= oracle.back(18))
        & (pl.col("month") <= oracle.last)
        & pl.col("months_since").is_between(1, 12)
    )
    by_month = cohorts.group_by("cohort_month", "months_since").agg(pl.col("customers", "active_customers").sum())
    by_age = cohorts.group_by("months_since").agg(pl.col("customers", "active_customers").sum())
    for table, sums, keys in (
        ("retention", by_month, ["cohort_month", "months_since"]),
        ("retention_together", by_age, ["months_since"]),
    ):
        expected = [
            {key: row[key] for key in keys}
            | {"customers": int(row["customers"]), "active_customers": int(row["active_customers"])}
            | {"retention_rate": ratio(row["active_customers"], row["customers"]), "_size": int(row["customers"])}
            for row in sums.sort(keys).to_dicts()
        ]
        for row in expected:
            row["_people"] = sides(row["active_customers"], row["customers"])
        hide(expected, "_people", "active_customers", "retention_rate", wholes=[["months_since"]])
        hide(expected, "_size", "customers", "retention_rate", wholes=[["months_since"]])
        check(report.tables[table], expected)


def test_the_rfm_grid_holds_every_buyer_once(report: Any, oracle: Oracle) -> None:
    buyers = oracle["customer_360"].filter(pl.col("rfm_segment").is_not_null())
    grid = buyers.group_by("rfm_recency", "rfm_frequency").len("customers").sort("rfm_recency", "rfm_frequency")
    cells = [row | {"_people": row["customers"]} for row in grid.to_dicts()]
    hide(cells, "_people", "customers", wholes=[[], ["rfm_recency"]])
    check(report.tables["rfm"], cells)
    whole = buyers["revenue_12m"].sum()
    segments = buyers.group_by("rfm_segment").agg(pl.len().alias("customers"), pl.col("revenue_12m").sum())
    expected = [
        {"customers": row["customers"], "share": row["customers"] / buyers.height}
        | {
            "revenue_12m": row["revenue_12m"],
            "share_of_revenue": ratio(row["revenue_12m"], whole),
            "_people": row["customers"],
        }
        for row in segments.sort("revenue_12m", "customers", descending=True).to_dicts()
    ]
    assert sum(row["_people"] for row in cells) == buyers.height
    check(
        report.tables["rfm_segments"],
        hide(expected, "_people", "customers", "share", "revenue_12m", "share_of_revenue"),
    )


def test_the_points_ledger_closes(report: Any, oracle: Oracle) -> None:
    ledger = oracle.of_period("loyalty_ledger", "month")
    lines = [
        int(ledger.filter(pl.col("month") == oracle.first)["opening"].sum()),
        *(int(ledger[move].sum()) for move in MOVES),
        int(ledger.filter(pl.col("month") == oracle.last)["closing"].sum()),
    ]
    assert sum(lines[:-1]) == lines[-1] != 0

    def holders(column: str, month: date | None = None) -> int:
        moved = ledger.filter((pl.col(column) != 0) & ((pl.col("month") == month) if month else pl.lit(True)))
        return moved.select(pl.coalesce("customer_id", "loyalty_card_id")).to_series().n_unique()

    people = [holders("opening", oracle.first), *map(holders, MOVES), holders("closing", oracle.last)]
    told = [{"points": points, "_people": count} for points, count in zip(lines, people, strict=True)]
    hide(told, "_people", "points")
    check(report.tables["loyalty"], told)
    expected = []
    for move, line in zip(MOVES, told[1:5], strict=True):
        parts = [
            {"name": name, "points": int(ledger[f"{move}_{name}"].sum()), "_people": holders(f"{move}_{name}")}
            for name in CHANNELS
        ]
        expected.append(line | {part["name"]: part["points"] for part in hide(parts, "_people", "points")})
    check(report.tables["loyalty_channels"], expected)


@pytest.mark.parametrize("grain", ["channel", "stage"])
def test_scores_are_those_of_all_their_answers(report: Any, oracle: Oracle, grain: str) -> None:
    answers = oracle.of_period("satisfaction", "month")
    expected: Expected = []
    for name in answers[grain].unique().to_list():
        found = answers.filter(pl.col(grain) == name)
        nps_answers, csat_answers, reviews = (
            int(found[column].sum()) for column in ("nps_answers", "csat_answers", "review_answers")
        )
        satisfied = sum((row["csat"] or 0) * row["csat_answers"] / 100 for row in found.to_dicts())
        points = sum((row["review_average"] or 0) * row["review_answers"] for row in found.to_dicts())
        nps = 100 * (found["promoters"].sum() - found["detractors"].sum()) / nps_answers if nps_answers else None
        expected.append(
            {
                "name": name,
                "nps": nps,
                "nps_answers": nps_answers,
                "csat": satisfied / csat_answers if csat_answers else None,
                "csat_answers": csat_answers,
                "review_average": points / reviews if reviews else None,
                "review_answers": reviews,
            }
        )
    order = [*STAGES, "unknown"]
    expected.sort(
        key=lambda row: (
            order.index(row["name"]) if grain == "stage" else (row["nps"] is None, -(row["nps"] or 0), row["name"])
        )
    )
    for row in expected:
        row["_name"] = row.pop("name")
        row |= {f"_{name}": row[name] for name in ("nps_answers", "review_answers")}
        row["_satisfied"] = sides(round((row["csat"] or 0) * row["csat_answers"]), row["csat_answers"])
    hide(expected, "_nps_answers", "nps", "nps_answers")
    hide(expected, "_satisfied", "csat", "csat_answers")
    hide(expected, "_review_answers", "review_average", "review_answers")
    if grain == "channel":
        expected.sort(key=lambda row: (row["nps"] is None, -(row["nps"] or 0), row["_name"]))
    if f"satisfaction_{grain}s" not in report.tables:
        assert not any(row["nps"] is not None for row in expected)
        assert report.titles["satisfaction"] in TOO_FEW
        return
    rows = report.tables[f"satisfaction_{grain}s"]
    for row, values in zip(rows, expected, strict=True):
        found_average, average = row["review_average"][0], values.pop("review_average")
        assert (float(found_average) if found_average else None) == (average and pytest.approx(average, abs=1e-4))
    check(rows, expected)


def test_themes_are_counted_as_often_as_they_are_mentioned(report: Any, oracle: Oracle) -> None:
    themes = oracle.of_period("verbatim_themes", "month").filter(pl.col("theme") != "other")
    sums = themes.group_by("theme").agg(
        pl.col("mentions").sum(),
        ((pl.col("average_score") * pl.col("mentions")).sum() / pl.col("mentions").sum()).alias("score"),
    )
    told = sums.filter(pl.col("mentions") >= 5).sort("mentions", "score").to_dicts()
    if not told:
        assert "satisfaction_themes" not in report.tables
        return
    rows = report.tables["satisfaction_themes"]
    assert [row["mentions"][0] for row in rows[len(told) :]] == [""] * (sums.height - len(told))
    found = sorted((int(row["mentions"][0]), float(row["average_score"][0])) for row in rows[: len(told)])
    assert [count for count, _ in found] == [row["mentions"] for row in told]
    assert [score for _, score in found] == pytest.approx([row["score"] for row in told], abs=1e-4)


def test_what_people_read_is_what_machines_read(report: Any) -> None:
    is_french = "Le parcours client" in report.texts
    seen = 0
    for name, rows in report.tables.items():
        for row in rows:
            for column, (raw, text) in row.items():
                if not re.fullmatch(r"-?[\d.]+(e-?\d+)?", raw) or column in ("day", "month"):
                    continue
                written = re.sub(r"[\s\u202f\u00a0€+]|days|jours", "", text).replace("−", "-")
                written = written.replace(",", "." if is_french else "")
                is_share = written.endswith("%")
                value = float(written.rstrip("%")) / (100 if is_share else 1)
                decimals = len(written.rstrip("%").partition(".")[2]) + (2 if is_share else 0)
                assert value == pytest.approx(float(raw), abs=0.5001 * 10**-decimals), (name, column, raw, text)
                seen += 1
    assert seen > 200


def test_every_section_is_drawn(report: Any) -> None:
    few = {name for name, title in report.titles.items() if title in TOO_FEW}
    assert few <= {"satisfaction"}
    assert set(report.figures) == set(report.titles) - few
    assert list(report.titles) == list(SECTIONS)
