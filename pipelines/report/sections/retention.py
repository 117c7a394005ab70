"""Who comes back: of the customers of each month of first order, how many order again, month by month."""

from datetime import date

from pipelines.report.figures import Heat, HeatCell, HeatRow
from pipelines.report.published_marts import MONTHS, Marts, Row, shift
from pipelines.report.section_contract import Section, say_empty, say_few, share
from pipelines.report.small_groups import About, has_numbers, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("retention_cohorts",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
COHORTS = 18
"""Months of first order that are shown: the older ones are known for a whole year."""

# Each cohort at each age, and all cohorts that have reached an age together (no month).
QUERY = f"""
with

summed as (

    select
        cohort_month,
        months_since,
        sum(customers) as customers,
        sum(active_customers) as active_customers

    from marts.retention_cohorts
    where cohort_month >= $first and month <= $last and months_since between 1 and $most
    group by grouping sets ((cohort_month, months_since), (months_since))

)

select
    *,
    cohort_month is null as is_together,
    {smallest_side("active_customers", "customers")} as least_active
from summed
order by is_together, cohort_month, months_since
"""
ABOUT = About(
    "customers",
    apart={"active_customers": "least_active"},
    free=("months_since",),
    wholes=(("months_since", "is_together"),),
)


def draw(marts: Marts, texts: Texts) -> Section:
    rows: list[Row] = []
    if marts.period is not None:
        last = marts.period.last
        rows = marts.ask(QUERY, ABOUT, first=shift(last, -COHORTS), last=last, most=MONTHS)
    if not rows:
        return say_empty("retention", MARTS, texts, NEEDS)
    for row in rows:
        row["retention_rate"] = share(row["active_customers"], row["customers"])
    if not has_numbers(rows, "retention_rate"):
        return say_few("retention", MARTS, texts)
    together = {row["months_since"]: row for row in rows if row["is_together"]}
    rows = [row for row in rows if not row["is_together"]]
    ages = list(together)
    return Section(
        "retention",
        _title(together, texts),
        lead=[texts.say("retention.lead")],
        figures=[_draw_cohorts(rows, together, texts)],
        tables=[
            tabulate(
                "retention",
                texts.say("retention.figure"),
                label_columns(
                    texts,
                    cohort_month="month_short",
                    months_since="count",
                    customers="count",
                    active_customers="count",
                    retention_rate="share",
                ),
                rows,
                texts,
            ),
            tabulate(
                "retention_together",
                texts.say("retention.together"),
                label_columns(
                    texts, months_since="count", customers="count", active_customers="count", retention_rate="share"
                ),
                [together[age] for age in ages],
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("retention.nav"),
        scope=texts.say("retention.scope", count=texts.write("count", len({row["cohort_month"] for row in rows}))),
        terms=("cohort",),
    )


def _title(together: dict[int, Row], texts: Texts) -> str:
    """The first month, and the last one that is known: what lies between is read off the chart."""
    rates = {age: row["retention_rate"] for age, row in together.items() if row["retention_rate"] is not None}
    if 1 not in rates:
        return texts.say("retention.title_plain")
    first, last, age = texts.write("percent", rates[1]), texts.write("percent", rates[max(rates)]), max(rates)
    if age == 1:
        return texts.say("retention.title_short", first=first)
    return texts.say("retention.title", first=first, last=last, age=texts.write("count", age))


def _draw_cohorts(rows: list[Row], together: dict[int, Row], texts: Texts) -> Heat:
    most = max(row["retention_rate"] or 0 for row in rows)
    cells = {(row["cohort_month"], row["months_since"]): row for row in rows}
    sizes: dict[date, int | None] = {}
    for row in rows:
        sizes[row["cohort_month"]] = sizes.get(row["cohort_month"]) or row["customers"]

    def cell(row: Row | None) -> HeatCell:
        if row is None:
            return HeatCell("")
        rate = row["retention_rate"]
        if rate is None:
            return HeatCell(texts.write("share", None))
        said = texts.say(
            "retention.cell",
            active=texts.write("count", row["active_customers"]),
            customers=texts.write("count", row["customers"]),
            rate=texts.write("share", rate),
        )
        return HeatCell(f"{100 * rate:.0f}", round(rate / most, 3) if most else 0.0, said)

    heat = [HeatRow(texts.say("retention.together"), "", [cell(row) for row in together.values()], is_total=True)]
    heat += [
        HeatRow(
            texts.write("month_short", cohort),
            texts.write("count", size),
            [cell(cells.get((cohort, age))) for age in together],
        )
        for cohort, size in sizes.items()
    ]
    return Heat(
        texts.say("retention.figure"),
        texts.say("column.cohort_month"),
        texts.say("retention.size"),
        texts.say("retention.across"),
        [str(age) for age in together],
        heat,
    )
