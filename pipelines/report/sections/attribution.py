"""Which traffic source the orders are owed to, and how far that depends on the attribution model."""

from pipelines.report.figures import Bar, Bars, Heat, HeatCell, HeatRow, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import About
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Kind, Texts

MARTS = ("traffic_source_performance",)
NEEDS = (("ecommerce/orders", "pos/tickets"), ("ecommerce/web_events", "crm/campaign_events", "ecommerce/ad_spend"))
MODELS = ("first_touch", "last_touch", "linear", "position_based", "time_decay", "markov")
USUAL = "linear"
"""The model that favours neither who opens nor who closes: the others are told as what they add to it or take away."""

FULL_HEAT = 0.5
"""A model that moves the revenue of a source by half of it colours its cell in full."""

MOST_SHOWN, MOST_LISTED = 10, 25
SUMMED = ("sessions", "spend", *(f"revenue_{model}" for model in MODELS))
# Rarer sources are counted together; whom a model owes a source's revenue to is known by the touches that it credits.
QUERY = f"""
with

summed as (

    select
        source,
        medium,
        {", ".join(f"sum({column}) as {column}" for column in SUMMED)},
        row_number() over (order by sum(revenue_linear) desc, sum(sessions) desc, source, medium) as place,
        count(*) over () as sources

    from marts.traffic_source_performance
    where month >= $first and month < $end
    group by source, medium

),

placed as (

    select *, case when place <= $most or sources <= $most + 1 then place else $most + 1 end as listed_at
    from summed

),

merged as (

    select
        listed_at,
        case when count(*) = 1 then min(source) end as source,
        case when count(*) = 1 then min(medium) end as medium,
        count(*) as merged,
        {", ".join(f"sum({column}) as {column}" for column in SUMMED)}

    from placed
    group by listed_at

),

buyers as (

    select
        placed.listed_at,
        {
    ", ".join(
        f"count(distinct case when model = '{model}' then coalesce(customer_id, order_id) end) as buyers_{model}"
        for model in MODELS
    )
}

    from marts.attribution_touches
    inner join placed using (source, medium)
    where ordered_on >= $first and ordered_on < $end and credit > 0
    group by placed.listed_at

)

select
    merged.*,
    sum(merged.revenue_linear) over () as all_revenue,
    {", ".join(f"coalesce(buyers.buyers_{model}, 0) as buyers_{model}" for model in MODELS)}

from merged
left join buyers
    on merged.listed_at = buyers.listed_at
order by merged.listed_at
"""
ABOUT = About(
    f"buyers_{USUAL}",
    apart={"sessions": "sessions", **{f"revenue_{model}": f"buyers_{model}" for model in MODELS}},
    free=("spend", "merged", "listed_at"),
)


def draw(marts: Marts, texts: Texts) -> Section:
    found = marts.ask_period(QUERY, ABOUT, most=MOST_LISTED)
    # Orders alone are all direct, which says nothing of visits that nobody recorded.
    if all(row["medium"] == "none" and not row["sessions"] and not row["spend"] for row in found):
        return say_empty("attribution", MARTS, texts, NEEDS)
    direct = next((share(row["revenue_linear"], row["all_revenue"]) for row in found if row["medium"] == "none"), 0.0)
    rows = [_complete(row, texts) for row in found]
    shown = [row for row in rows if row["medium"] != "none" and (row["revenue_linear"] or 0) > 0][:MOST_SHOWN]
    if not shown and any(row["medium"] != "none" and row["revenue_linear"] is None for row in rows):
        return say_few("attribution", MARTS, texts)
    kinds: dict[str, Kind] = {f"revenue_{model}": "money" for model in MODELS}
    return Section(
        "attribution",
        _title(shown, texts),
        lead=[
            *([texts.say("attribution.lead")] if shown else []),
            *([] if direct is None else [texts.say("attribution.direct", share=texts.write("percent", direct))]),
        ],
        figures=[_draw_revenue(shown, texts), _draw_models(shown, texts)] if shown else [],
        tables=[
            tabulate(
                "attribution",
                texts.say("attribution.figure"),
                label_columns(texts, traffic="text", sessions="count", **kinds, spend="money", roas="number"),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("attribution.nav"),
        scope=tell_period(marts, texts),
        terms=("attribution", "roas", "markov"),
    )


def _complete(row: Row, texts: Texts) -> Row:
    if row["source"] is None:
        traffic = texts.say("attribution.others", count=texts.write("count", row["merged"]))
    elif row["medium"] == "none":
        traffic = texts.name("source", row["source"])
    else:
        source, medium = texts.name("source", row["source"]), texts.name("medium", row["medium"])
        traffic = texts.say("attribution.traffic", source=source, medium=medium)
    return row | {"traffic": traffic, "roas": share(row["revenue_linear"], row["spend"])}


def _title(shown: list[Row], texts: Texts) -> str:
    if not shown:
        return texts.say("attribution.title_plain")
    credits = [shown[0][f"revenue_{model}"] for model in MODELS if shown[0][f"revenue_{model}"] is not None]
    return texts.say(
        "attribution.title",
        source=shown[0]["traffic"],
        low=texts.write("money_short", min(credits)),
        high=texts.write("money_short", max(credits)),
    )


def _draw_revenue(shown: list[Row], texts: Texts) -> Bars:
    most = max(row["revenue_linear"] for row in shown)
    bars = []
    for row in shown:
        notes = [] if row["sessions"] is None else [texts.count("attribution.sessions", row["sessions"])]
        if row["roas"] is not None:
            spend, roas = texts.write("money_short", row["spend"]), texts.write("number", row["roas"])
            notes.append(texts.say("attribution.spend", spend=spend, roas=roas))
        revenue = row["revenue_linear"]
        bars.append(
            Bar(
                row["traffic"],
                texts.write("money_short", revenue),
                [Segment(0, percent_of(revenue, most))],
                " · ".join(notes),
            )
        )
    return Bars(texts.say("attribution.figure"), bars)


def _draw_models(shown: list[Row], texts: Texts) -> Heat:
    """What each other model adds to the usual one's revenue, or takes away, in percent."""
    others = [model for model in MODELS if model != USUAL]

    def cell(row: Row, model: str) -> HeatCell:
        if row[f"revenue_{model}"] is None:
            return HeatCell(texts.write("signed_percent", None))
        moved = float(row[f"revenue_{model}"] / row["revenue_linear"]) - 1
        said = f"{texts.name('model', model)}: {texts.write('money', row[f'revenue_{model}'])}"
        heat = min(1.0, round(abs(moved) / FULL_HEAT, 3))
        text = texts.write("signed_percent", moved)
        return HeatCell(text, heat, said, "blue" if moved >= 0 else "amber")

    return Heat(
        texts.say("attribution.models"),
        texts.say("column.traffic"),
        "",
        texts.say("attribution.across"),
        [texts.name("model_short", model) for model in others],
        [HeatRow(row["traffic"], "", [cell(row, model) for model in others]) for row in shown],
    )
