"""Every number of the report's tables is that of the marts, reckoned again here in Polars."""

import re
import shutil
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.report.sections import SECTIONS
from pipelines.report.write import write_report

STAGES = ["discovery", "consideration", "purchase", "post_purchase", "retention", "loyalty", "dormant"]
CHANNELS = ["store", "web", "app", "service"]
MOVES = ["earned", "spent", "expired", "adjusted"]
MODELS = ["first_touch", "last_touch", "linear", "position_based", "time_decay", "markov"]
HEADLINES = [
    "customers", "active_customers", "new_customers", "revenue_per_active_customer", "average_basket", "repeat_rate",
    "retention_rate", "omnichannel_share", "conversion_online", "conversion_store", "nps",
]  # fmt: skip

Expected = list[dict[str, Any]]
SIX = Decimal("0.000001")


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
    """Each row holds the expected values, exactly where they are whole or money; what is left out is not looked at."""
    rows = list(rows)
    assert len(rows) == len(expected) > 0
    for row, values in zip(rows, expected, strict=True):
        for column, value in values.items():
            raw, text = row[column]
            where = f"{column} in {row}"
            if value is None:
                assert (raw, text) == ("", "–"), where
            elif isinstance(value, float):
                assert float(raw) == pytest.approx(value, rel=1e-9, abs=1e-12), where
            elif isinstance(value, int | Decimal):
                assert Decimal(raw) == value, where
            else:
                assert raw == str(value), where


def ratio(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if whole else None


def test_the_headlines_are_those_of_the_last_whole_month(report: Any, oracle: Oracle) -> None:
    kpis = oracle["kpis"]
    values = {(row["headline"], row["identity_threshold"], row["month"]): row["value"] for row in kpis.to_dicts()}
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
    answers = {row["month"]: row["denominator"] for row in kpis.filter(pl.col("headline") == "nps").to_dicts()}
    daily = oracle["channel_performance"].with_columns(month=pl.col("day").dt.truncate("1mo"))
    taken = {
        (channel, month): revenue
        for channel, month, revenue in daily.group_by("channel", "month").agg(pl.col("revenue").sum()).iter_rows()
    }
    rows = report.tables["changes"]
    told = {(Decimal(row["now"][0]).quantize(SIX), Decimal(row["before"][0]).quantize(SIX)) for row in rows}
    expected = set()
    for month in (oracle.back(1), oracle.back(12)):
        for name in HEADLINES[1:]:
            pair = values[(name, oracle.last)], values.get((name, month))
            if None not in pair and (name != "nps" or min(answers[oracle.last], answers[month]) >= 5):
                expected.add(tuple(Decimal(value).quantize(SIX) for value in pair))
        for channel in ("store", "web", "app"):
            expected.add(tuple(taken[(channel, of)].quantize(SIX) for of in (oracle.last, month)))
    assert len(expected) > 15
    assert expected <= told
    assert len(rows) - len(expected) <= 2 * len({channel for channel, _ in taken} - {"store", "web", "app"})


def test_the_funnel_counts_a_visitor_at_every_step_up_to_the_furthest(report: Any, oracle: Oracle) -> None:
    daily = oracle.of_period("journey_stage_daily", "day")
    expected: Expected = []
    for step in range(3):
        reached = daily.filter(pl.col("stage").is_in(STAGES[step:3]))
        known, anonymous = int(reached["known_visitors"].sum()), int(reached["anonymous_visitors"].sum())
        expected.append({"known": known, "anonymous": anonymous, "visitors": known + anonymous})
    for row in expected:
        row["share_of_first"] = ratio(row["visitors"], expected[0]["visitors"])
        row["known_share"] = ratio(row["known"], expected[0]["known"])
        row["anonymous_share"] = ratio(row["anonymous"], expected[0]["anonymous"])
    assert expected[0]["anonymous"] > expected[2]["anonymous"]
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
        )
    check(report.tables["stages"], expected)
    start = pl.Series([oracle.as_of.replace(day=1)]).dt.offset_by("-24mo").item()
    days = daily.filter(pl.col("day") >= start).group_by(pl.col("day").dt.truncate("1mo")).agg(pl.col("day").max().alias("end"))  # fmt: skip  # noqa: E501
    check(
        report.tables["stages_months"],
        [{"day": day} | {stage: sizes[(day, stage)] for stage in STAGES} for day in sorted(days["end"])],
    )


def test_the_flows_are_the_transitions_of_all_entry_channels(report: Any, oracle: Oracle) -> None:
    flows = oracle["journey_transitions"].group_by("from_stage", "to_stage").agg(pl.col("count").sum())
    sizes = {(start, end): count for start, end, count in flows.iter_rows()}
    expected = [
        {
            "transitions": int(sizes[(start, end)]),
            "share_of_leavers": ratio(
                sizes[(start, end)], sum(size for (left, _), size in sizes.items() if left == start)
            ),
        }
        for start in STAGES
        for end in STAGES
        if (start, end) in sizes
    ]
    check(report.tables["transitions"], expected)


def test_each_channel_has_its_takings_and_conversion(report: Any, oracle: Oracle) -> None:
    daily = oracle.of_period("channel_performance", "day")
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
            }
        )
    expected.sort(key=lambda row: -row["revenue"])
    assert len(expected) >= 3
    check(report.tables["channels"], expected)


def test_combinations_of_channels_add_up_to_all_buyers(report: Any, oracle: Oracle) -> None:
    overlap = oracle["channel_overlap"]
    bought = overlap.filter(pl.col("scope") == "bought").sort(["customers", "channels"], descending=[True, False])
    buyers = int(bought["customers"].sum())
    shown = [row for row in bought.head(10).to_dicts() if row["customers"] >= 5]
    columns = ("customers", "orders", "revenue", "revenue_per_customer")
    expected = [{name: row[name] for name in columns} | {"share": row["share_of_customers"]} for row in shown]
    rest = bought.slice(len(shown))
    if rest.height:
        customers, is_told = int(rest["customers"].sum()), int(rest["customers"].sum()) >= 5
        expected.append(
            {
                "customers": customers,
                "share": customers / buyers,
                "orders": int(rest["orders"].sum()),
                "revenue": rest["revenue"].sum() if is_told else None,
                "revenue_per_customer": ratio(rest["revenue"].sum(), customers) if is_told else None,
            }
        )
    assert sum(row["customers"] for row in expected) == buyers
    check(report.tables["overlap"], expected)
    counts = overlap.group_by("scope", "channel_count").agg(pl.col("customers").sum()).sort("scope", "channel_count")
    whole = dict(overlap.group_by("scope").agg(pl.col("customers").sum()).iter_rows())
    check(
        report.tables["overlap_counts"],
        [
            {"channel_count": count, "customers": int(customers), "share": ratio(customers, whole[scope])}
            for scope, count, customers in counts.iter_rows()
        ],
    )


def test_the_value_of_a_profile_and_both_lifts_are_those_of_the_mart(report: Any, oracle: Oracle) -> None:
    profiles = {row["channel_profile"]: row for row in oracle["channel_value"].to_dicts()}
    columns = ("revenue", "revenue_per_customer", "orders_per_customer", "average_basket", "lifetime_days")
    expected = [
        {"customers": profiles[name]["customers"], **{column: profiles[name][column] for column in columns}}
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
    sums = oracle.of_period("omnichannel_paths", "month").group_by("path").agg(pl.col("count", "base_count", "revenue").sum())  # fmt: skip  # noqa: E501
    expected = [
        {
            "times": int(row["count"]),
            "base_count": int(row["base_count"]),
            "revenue": row["revenue"],
            "share_of_base": ratio(row["count"], row["base_count"]),
        }
        for row in sums.to_dicts()
    ]
    found = sorted(report.tables["omnichannel_paths"], key=lambda row: (row["times"][0], row["base_count"][0]))
    check(found, sorted(expected, key=lambda row: (str(row["times"]), str(row["base_count"]))))
    shares = [float(row["share_of_base"][0] or 0) for row in report.tables["omnichannel_paths"]]
    assert shares == sorted(shares, reverse=True)


def test_traffic_sources_have_the_revenue_of_every_model(report: Any, oracle: Oracle) -> None:
    performance = oracle.of_period("traffic_source_performance", "month")
    credits = [f"revenue_{model}" for model in MODELS]
    sums = performance.group_by("source", "medium").agg(pl.col("sessions", "spend", *credits).sum())
    sums = sums.sort("revenue_linear", "sessions", "source", "medium", descending=[True, True, False, False])
    rows = sums.head(25).to_dicts()
    if sums.height > 26:
        rows.append(sums.slice(25).select(pl.col("sessions", "spend", *credits).sum()).to_dicts()[0])
    expected = [
        {"sessions": int(row["sessions"]), "spend": row["spend"], "roas": ratio(row["revenue_linear"], row["spend"])}
        | {name: row[name] for name in credits}
        for row in rows
    ]
    check(report.tables["attribution"], expected)
    for model in credits:
        assert sum(Decimal(row[model][0]) for row in report.tables["attribution"]) == performance[model].sum()


def test_frictions_come_by_what_they_put_at_risk(report: Any, oracle: Oracle) -> None:
    columns = ("count", "bought_in_store", "bought_online", "revenue_at_risk")
    sums = oracle.of_period("friction_points", "day").group_by("kind").agg(pl.col(*columns).sum())
    expected = [
        {
            "revenue_at_risk": row["revenue_at_risk"],
            "incidents": int(row["count"]),
            "bought_in_store": int(row["bought_in_store"]),
            "bought_online": int(row["bought_online"]),
            "recovered_share": ratio(row["bought_in_store"] + row["bought_online"], row["count"]),
        }
        for row in sums.sort("revenue_at_risk", "count", descending=True).to_dicts()
    ]
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
            | {"retention_rate": ratio(row["active_customers"], row["customers"])}
            for row in sums.sort(keys).to_dicts()
        ]
        check(report.tables[table], expected)


def test_the_rfm_grid_holds_every_buyer_once(report: Any, oracle: Oracle) -> None:
    buyers = oracle["customer_360"].filter(pl.col("rfm_segment").is_not_null())
    grid = buyers.group_by("rfm_recency", "rfm_frequency").len("customers").sort("rfm_recency", "rfm_frequency")
    check(report.tables["rfm"], grid.to_dicts())
    whole = buyers["revenue_12m"].sum()
    segments = buyers.group_by("rfm_segment").agg(pl.len().alias("customers"), pl.col("revenue_12m").sum())
    expected = [
        {"customers": row["customers"], "share": row["customers"] / buyers.height}
        | {
            "revenue_12m": row["revenue_12m"] if row["customers"] >= 5 else None,
            "share_of_revenue": ratio(row["revenue_12m"], whole) if row["customers"] >= 5 else None,
        }
        for row in segments.sort("revenue_12m", "customers", descending=True).to_dicts()
    ]
    check(report.tables["rfm_segments"], expected)
    assert sum(int(row["customers"][0]) for row in report.tables["rfm"]) == buyers.height


def test_the_points_ledger_closes(report: Any, oracle: Oracle) -> None:
    ledger = oracle.of_period("loyalty_ledger", "month")
    lines = [
        int(ledger.filter(pl.col("month") == oracle.first)["opening"].sum()),
        *(int(ledger[move].sum()) for move in MOVES),
        int(ledger.filter(pl.col("month") == oracle.last)["closing"].sum()),
    ]
    check(report.tables["loyalty"], [{"points": points} for points in lines])
    assert sum(lines[:-1]) == lines[-1] != 0
    check(
        report.tables["loyalty_channels"],
        [
            {"points": int(ledger[move].sum()), **{name: int(ledger[f"{move}_{name}"].sum()) for name in CHANNELS}}
            for move in MOVES
        ],
    )


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
        del row["name"]
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
    expected = sums.sort(["mentions", "theme"], descending=[True, False]).to_dicts()
    rows = report.tables["satisfaction_themes"]
    check(rows, [{"mentions": int(row["mentions"])} for row in expected])
    assert [float(row["average_score"][0]) for row in rows] == pytest.approx([r["score"] for r in expected], abs=1e-4)


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
    assert set(report.figures) == set(report.titles)
    assert list(report.titles) == list(SECTIONS)
