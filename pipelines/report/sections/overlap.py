"""In which channels the same customers buy: every combination, and how many use several."""

from pipelines.report.figures import Bar, Bars, Combination, Segment, Upset, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_day
from pipelines.report.small_groups import FEW, About, has_numbers, smallest_side
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("channel_overlap",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
MOST = 10
"""Combinations that are shown one by one; those of a few customers are counted together with the others, and so is the
smallest of the rest where they are still a few together."""

BOUGHT = """
with

ranked as (

    select
        *,
        row_number() over (order by customers desc, channels) as place,
        coalesce(
            sum(customers) over (order by customers, channels desc rows between unbounded preceding and 1 preceding), 0
        ) as smaller

    from marts.channel_overlap
    where scope = 'bought'

),

merged as (

    select
        case when place <= $most and customers >= $few and smaller not between 1 and $few - 1 then channels end as told,
        customers,
        orders,
        revenue

    from ranked

)

select
    told as channels,
    count(*) as combinations,
    sum(customers) as customers,
    sum(sum(customers)) over () as buyers,
    sum(orders) as orders_all_time,
    sum(revenue) as revenue_all_time,
    round(sum(revenue) / sum(customers), 2)::decimal(18, 2) as revenue_per_customer
from merged
group by told
order by told is null, sum(customers) desc, told
"""
TOUCHED = """
select
    scope,
    channel_count,
    sum(customers) as customers,
    sum(sum(customers)) over (partition by scope) as everybody
from marts.channel_overlap
group by scope, channel_count
order by scope, channel_count
"""
SEVERAL = f"""
with

counted as (

    select
        sum(customers) filter (where scope = 'bought') as buyers,
        coalesce(sum(customers) filter (where scope = 'bought' and channel_count >= 2), 0) as of_several,
        sum(customers) filter (where scope = 'touched') as everybody,
        coalesce(sum(customers) filter (where scope = 'touched' and channel_count >= 3), 0) as of_three

    from marts.channel_overlap

)

select
    *,
    {smallest_side("of_several", "buyers")} as least_several,
    {smallest_side("of_three", "everybody")} as least_three
from counted
"""
ABOUT = About("customers", free=("combinations",))
ABOUT_COUNTS = About("customers", free=("channel_count",), wholes=(("scope",),))
ABOUT_SEVERAL = About("buyers", apart={"of_several": "least_several", "of_three": "least_three"})
SEPARATOR = " | "


def draw(marts: Marts, texts: Texts) -> Section:
    rows = marts.ask(BOUGHT, ABOUT, most=MOST, few=FEW)
    if not rows:
        return say_empty("overlap", MARTS, texts, NEEDS)
    if not has_numbers(rows, "customers"):
        return say_few("overlap", MARTS, texts)
    sizes: dict[str, int] = {}
    for row in rows:
        row["names"] = row["channels"].split(SEPARATOR) if row["channels"] else []
        row["share"] = share(row["customers"], row["buyers"])
        for name in row["names"]:
            sizes[name] = sizes.get(name, 0) + (row["customers"] or 0)
    sets = sorted(sizes, key=lambda name: (-sizes[name], name))
    for row in rows:
        row["names"].sort(key=sets.index)
        names = " + ".join(texts.name("channel", name) for name in row["names"])
        row["channels"] = names or texts.count("overlap.others", row["combinations"])
    counts = [
        row
        | {
            "channel_scope": texts.name("scope", row["scope"]),
            "share": share(row["customers"], row["everybody"]),
        }
        for row in marts.ask(TOUCHED, ABOUT_COUNTS)
    ]
    return Section(
        "overlap",
        _title(marts, texts),
        lead=[texts.say("overlap.lead")],
        figures=[
            _draw_combinations(rows, sets, texts),
            *([_draw_counts(counts, texts)] if has_numbers(counts, "share") else []),
        ],
        tables=[
            tabulate(
                "overlap",
                texts.say("overlap.figure"),
                label_columns(
                    texts,
                    channels="text",
                    customers="count",
                    share="share",
                    orders_all_time="count",
                    revenue_all_time="money",
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
        terms=("multichannel",),
        scope=tell_day(marts, texts),
    )


def _title(marts: Marts, texts: Texts) -> str:
    [row] = marts.ask(SEVERAL, ABOUT_SEVERAL)
    several, three = share(row["of_several"], row["buyers"]), share(row["of_three"], row["everybody"])
    if several is None or three is None:
        return texts.say("overlap.title_plain")
    return texts.say("overlap.title", several=texts.write("percent", several), three=texts.write("percent", three))


def _draw_combinations(rows: list[Row], sets: list[str], texts: Texts) -> Upset:
    most = max(row["customers"] or 0 for row in rows)
    combinations = [
        Combination(
            [name in row["names"] for name in sets],
            row["channels"],
            percent_of(row["customers"] or 0, most),
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
    most = max(row["share"] or 0 for row in counts)
    bars = [
        Bar(
            texts.count("overlap.in_channels", row["channel_count"]),
            texts.write("share", row["share"]),
            [Segment(0, percent_of(row["share"] or 0, most))],
            "" if row["customers"] is None else texts.count("page.customers", row["customers"]),
        )
        for row in counts
        if row["scope"] == "touched"
    ]
    return Bars(texts.say("overlap.touched"), bars)
