"""Who comes back: of the customers of each month of first order, how many order again, month by month."""

from datetime import date

from pipelines.report.figures import Heat, HeatCell, HeatRow
from pipelines.report.published_marts import MONTHS, Marts, Row, shift
from pipelines.report.section_contract import Section, say_empty, share
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("retention_cohorts",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
COHORTS = 18
"""Months of first order that are shown: the older ones are known for a whole year."""

QUERY = """
select
    cohort_month,
    months_since,
    sum(customers) as customers,
    sum(active_customers) as active_customers
from marts.retention_cohorts
where cohort_month >= $first and month <= $last and months_since between 1 and $most
group by cohort_month, months_since
order by cohort_month, months_since
"""


def draw(marts: Marts, texts: Texts) -> Section:
    rows: list[Row] = []
    if marts.period is not None:
        last = marts.period.last
        rows = marts.ask(QUERY, first=shift(last, -COHORTS), last=last, most=MONTHS)
    if not rows:
        return say_empty("retention", MARTS, texts, NEEDS)
    for row in rows:
        row["retention_rate"] = share(row["active_customers"], row["customers"])
    ages = sorted({row["months_since"] for row in rows})
    together = {age: _sum_age(rows, age) for age in ages}
    first, last_age = (texts.write("percent", together[age]["retention_rate"]) for age in (ages[0], ages[-1]))
    title = (
        texts.say("retention.title_short", first=first)
        if len(ages) == 1
        else texts.say("retention.title", first=first, last=last_age, age=texts.write("count", ages[-1]))
    )
    return Section(
        "retention",
        title,
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


def _sum_age(rows: list[Row], age: int) -> Row:
    """All cohorts that have reached an age, together."""
    customers, active = (
        sum(row[name] for row in rows if row["months_since"] == age) for name in ("customers", "active_customers")
    )
    return {
        "months_since": age,
        "customers": customers,
        "active_customers": active,
        "retention_rate": share(active, customers),
    }


def _draw_cohorts(rows: list[Row], together: dict[int, Row], texts: Texts) -> Heat:
    most = max(row["retention_rate"] for row in rows)
    cells = {(row["cohort_month"], row["months_since"]): row for row in rows}
    sizes: dict[date, int] = {row["cohort_month"]: row["customers"] for row in rows}

    def cell(row: Row | None) -> HeatCell:
        if row is None:
            return HeatCell("")
        rate = row["retention_rate"]
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
