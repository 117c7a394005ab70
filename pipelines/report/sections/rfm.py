"""Customers by how lately and how often they bought, and what each segment brings."""

from pipelines.report.figures import Bar, Bars, Heat, HeatCell, HeatRow, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_day
from pipelines.report.small_groups import About, has_numbers
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("customer_360",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
SCORES = (1, 2, 3, 4, 5)
GRID = """
select rfm_recency, rfm_frequency, count(*) as customers
from marts.customer_360
where rfm_segment is not null
group by rfm_recency, rfm_frequency
order by rfm_recency, rfm_frequency
"""
SEGMENTS = """
select
    rfm_segment as name,
    count(*) as customers,
    sum(revenue_12m) as revenue_12m,
    sum(count(*)) over () as buyers,
    sum(sum(revenue_12m)) over () as all_revenue
from marts.customer_360
where rfm_segment is not null
group by rfm_segment
order by sum(revenue_12m) desc, count(*) desc, rfm_segment
"""
ABOUT = About("customers")
ABOUT_GRID = About("customers", free=("rfm_recency", "rfm_frequency"), wholes=((), ("rfm_recency",)))


def draw(marts: Marts, texts: Texts) -> Section:
    grid, segments = marts.ask(GRID, ABOUT_GRID), marts.ask(SEGMENTS, ABOUT)
    if not segments:
        return say_empty("rfm", MARTS, texts, NEEDS)
    if not has_numbers(segments, "customers"):
        return say_few("rfm", MARTS, texts)
    for row in segments:
        row["segment"] = texts.name("segment", row["name"])
        row["share"] = share(row["customers"], row["buyers"])
        row["share_of_revenue_12m"] = share(row["revenue_12m"], row["all_revenue"])
    return Section(
        "rfm",
        _title(segments, texts),
        lead=[texts.say("rfm.lead")],
        figures=[
            *([_draw_grid(grid, texts)] if has_numbers(grid, "customers") else []),
            _draw_segments(segments, texts),
        ],
        tables=[
            tabulate(
                "rfm",
                texts.say("rfm.grid"),
                label_columns(texts, rfm_recency="count", rfm_frequency="count", customers="count"),
                grid,
                texts,
            ),
            tabulate(
                "rfm_segments",
                texts.say("rfm.segments"),
                label_columns(
                    texts,
                    segment="text",
                    customers="count",
                    share="share",
                    revenue_12m="money",
                    share_of_revenue_12m="share",
                ),
                segments,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("rfm.nav"),
        scope=tell_day(marts, texts),
        terms=("rfm", "quintile", "about_to_leave"),
    )


def _title(segments: list[Row], texts: Texts) -> str:
    first = segments[0]
    if first["share_of_revenue_12m"] is None:
        return texts.say("rfm.title_plain")
    return texts.say(
        "rfm.title",
        segment=first["segment"],
        share=texts.write("percent", first["share"]),
        revenue=texts.write("percent", first["share_of_revenue_12m"]),
    )


def _draw_grid(grid: list[Row], texts: Texts) -> Heat:
    """Recency downwards, the latest on top; frequency across."""
    sizes = {(row["rfm_recency"], row["rfm_frequency"]): row["customers"] for row in grid}
    most = max(size or 0 for size in sizes.values())
    rows = [
        HeatRow(
            str(recency),
            "",
            [
                HeatCell(
                    texts.write("count", sizes.get((recency, frequency), 0)),
                    round((sizes.get((recency, frequency)) or 0) / most, 3),
                )
                for frequency in SCORES
            ],
        )
        for recency in reversed(SCORES)
    ]
    return Heat(
        texts.say("rfm.grid"),
        texts.say("column.rfm_recency"),
        "",
        texts.say("column.rfm_frequency"),
        [str(score) for score in SCORES],
        rows,
        is_square=True,
    )


def _draw_segments(segments: list[Row], texts: Texts) -> Bars:
    most = max(max(row["share"] or 0, row["share_of_revenue_12m"] or 0) for row in segments)
    bars = [
        Bar(
            row["segment"],
            texts.write("money_short", row["revenue_12m"]),
            [Segment(0, max(0.0, percent_of(row["share_of_revenue_12m"] or 0, most)))],
            ""
            if row["customers"] is None
            else f"{texts.count('page.customers', row['customers'])} ({texts.write('share', row['share'])}) · "
            + texts.say("rfm.revenue", share=texts.write("share", row["share_of_revenue_12m"])),
        )
        for row in segments
    ]
    return Bars(texts.say("rfm.segments"), bars)
