"""In which channels the same customers buy: every combination, and how many use several."""

from collections import Counter

from pipelines.report.figures import Bar, Bars, Combination, Segment, Upset, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import FEW, Section, say_empty, share, tell_day
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("channel_overlap",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
MOST = 10
"""Combinations that are shown one by one; a handful of customers each is left to the sum of the others."""

BOUGHT = """
select channels, customers, share_of_customers, orders, revenue, revenue_per_customer
from marts.channel_overlap
where scope = 'bought'
order by customers desc, channels
"""
TOUCHED = """
select scope, channel_count, sum(customers) as customers
from marts.channel_overlap
group by scope, channel_count
order by scope, channel_count
"""
SEPARATOR = " | "


def draw(marts: Marts, texts: Texts) -> Section:
    found = marts.ask(BOUGHT)
    if not found:
        return say_empty("overlap", MARTS, texts, NEEDS)
    rows = _merge_small(found)
    sizes: Counter[str] = Counter()
    for row in rows:
        sizes.update(dict.fromkeys(row["names"], row["customers"]))
    sets = sorted(sizes, key=lambda name: (-sizes[name], name))
    for row in rows:
        row["names"].sort(key=sets.index)
        names = " + ".join(texts.name("channel", name) for name in row["names"])
        row["channels"] = names or texts.count("overlap.others", row["combinations"])
    counts = [row | {"channel_scope": texts.name("scope", row["scope"])} for row in marts.ask(TOUCHED)]
    _add_shares(counts)
    return Section(
        "overlap",
        texts.say(
            "overlap.title",
            several=texts.write("percent", _share_from(counts, "bought", 2)),
            three=texts.write("percent", _share_from(counts, "touched", 3)),
        ),
        lead=[texts.say("overlap.lead")],
        figures=[_draw_combinations(rows, sets, texts), _draw_counts(counts, texts)],
        tables=[
            tabulate(
                "overlap",
                texts.say("overlap.figure"),
                label_columns(
                    texts,
                    channels="text",
                    customers="count",
                    share="share",
                    orders="count",
                    revenue="money",
                    revenue_per_customer="money",
                ),
                rows,
                texts,
            ),
            tabulate(
                "overlap_counts",
                texts.say("overlap.counts"),
                label_columns(texts, channel_scope="text", channel_count="count", customers="count", share="share"),
                counts,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("overlap.nav"),
        scope=tell_day(marts, texts),
    )


def _merge_small(rows: list[Row]) -> list[Row]:
    """The largest combinations and, where there is more, one row for all others."""
    shown = [row for row in rows[:MOST] if row["customers"] >= FEW]
    rest = rows[len(shown) :]
    merged = [row | {"names": row["channels"].split(SEPARATOR), "share": row["share_of_customers"]} for row in shown]
    if rest:
        customers, orders, revenue = (sum(row[name] for row in rest) for name in ("customers", "orders", "revenue"))
        everybody = sum(row["customers"] for row in rows)
        merged.append(
            {
                "names": [],
                "combinations": len(rest),
                "customers": customers,
                "share": share(customers, everybody),
                "orders": orders,
                "revenue": revenue if customers >= FEW else None,
                "revenue_per_customer": share(revenue, customers) if customers >= FEW else None,
            }
        )
    return merged


def _add_shares(counts: list[Row]) -> None:
    for row in counts:
        everybody = sum(other["customers"] for other in counts if other["scope"] == row["scope"])
        row["share"] = share(row["customers"], everybody)


def _share_from(counts: list[Row], scope: str, channel_count: int) -> float:
    shares = (row["share"] for row in counts if row["scope"] == scope and row["channel_count"] >= channel_count)
    return float(sum(shares))


def _draw_combinations(rows: list[Row], sets: list[str], texts: Texts) -> Upset:
    most = max(row["customers"] for row in rows)
    combinations = [
        Combination(
            [name in row["names"] for name in sets],
            row["channels"],
            percent_of(row["customers"], most),
            texts.write("count", row["customers"]),
            " · ".join(
                [
                    texts.write("share", row["share"]),
                    texts.say("overlap.each", amount=texts.write("money_short", row["revenue_per_customer"])),
                ]
            ),
        )
        for row in rows
    ]
    return Upset(texts.say("overlap.figure"), [texts.name("channel", name) for name in sets], combinations)


def _draw_counts(counts: list[Row], texts: Texts) -> Bars:
    most = max(row["share"] for row in counts)
    bars = [
        Bar(
            texts.count("overlap.in_channels", row["channel_count"]),
            texts.write("share", row["share"]),
            [Segment(0, percent_of(row["share"], most), "green")],
            texts.count("page.customers", row["customers"]),
        )
        for row in counts
        if row["scope"] == "touched"
    ]
    return Bars(texts.say("overlap.touched"), bars)
