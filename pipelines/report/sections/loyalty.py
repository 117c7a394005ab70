"""The points ledger: what was earned, spent and lost, and in which channels."""

from pipelines.report.figures import Bar, Bars, Legend, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_period
from pipelines.report.small_groups import About, has_numbers
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("loyalty_ledger",)
NEEDS = (("crm/loyalty_movements",),)
CHANNELS: dict[str, Tone] = {"store": "blue", "web": "amber", "app": "green", "service": "grey"}
MOVES = ("earned", "spent", "expired", "adjusted")
CARDS = """
select count(distinct loyalty_card_id) as cards
from marts.loyalty_ledger
where month between $first and $last
"""
# A line of the ledger is about those whose points it moves, or who have any.
LINES = f"""
with

entries as (

    {
    " union all ".join(
        f"select '{name}' as name, coalesce(customer_id, loyalty_card_id) as person, {name} as points, month "
        "from marts.loyalty_ledger"
        for name in ("opening", *MOVES, "closing")
    )
}

)

select
    name,
    coalesce(sum(points), 0) as points,
    count(distinct case when points <> 0 then person end) as people
from entries
where
    month between $first and $last
    and (name <> 'opening' or month = $first)
    and (name <> 'closing' or month = $last)
group by name
order by name
"""
PARTS = f"""
with

entries as (

    {
    " union all ".join(
        f"select '{move}' as name, '{channel}' as channel, coalesce(customer_id, loyalty_card_id) as person, "
        f"{move}_{channel} as points, month from marts.loyalty_ledger"
        for move in MOVES
        for channel in CHANNELS
    )
}

)

select name, channel, sum(points) as points, count(distinct case when points <> 0 then person end) as people
from entries
where month between $first and $last
group by name, channel
order by name, channel
"""
ABOUT = About("people")
ABOUT_PARTS = About("people", wholes=(("name",),))


def draw(marts: Marts, texts: Texts) -> Section:
    if marts.period is None:
        return say_empty("loyalty", MARTS, texts, NEEDS)
    period = {"first": marts.period.first, "last": marts.period.last}
    [cards] = marts.ask(CARDS, About("cards"), **period)
    if cards["cards"] == 0:
        return say_empty("loyalty", MARTS, texts, NEEDS)
    ledger = {row["name"]: row["points"] for row in marts.ask(LINES, ABOUT, **period)}
    parts = {(row["name"], row["channel"]): row["points"] for row in marts.ask(PARTS, ABOUT_PARTS, **period)}
    lines = [
        {"name": name, "ledger": texts.name("ledger", name), "points": ledger.get(name, 0)}
        for name in ("opening", *MOVES, "closing")
    ]
    if not has_numbers(lines, "points"):
        return say_few("loyalty", MARTS, texts)
    moves = [
        line | {channel: parts[(line["name"], channel)] for channel in CHANNELS}
        for line in lines
        if line["name"] in MOVES
    ]
    return Section(
        "loyalty",
        _title(ledger, parts, texts),
        lead=[*([texts.count("loyalty.cards", cards["cards"])] if cards["cards"] else []), texts.say("loyalty.lead")],
        figures=[
            _draw_ledger(lines, texts),
            *(figure for figure in [_draw_channels(moves, texts)] if figure.bars),
        ],
        tables=[
            tabulate(
                "loyalty",
                texts.say("loyalty.figure"),
                label_columns(texts, ledger="text", points="count"),
                lines,
                texts,
            ),
            tabulate(
                "loyalty_channels",
                texts.say("loyalty.channels"),
                label_columns(
                    texts, ledger="text", points="count", store="count", web="count", app="count", service="count"
                ),
                moves,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("loyalty.nav"),
        scope=tell_period(marts, texts),
    )


def _title(ledger: Row, parts: dict[tuple[str, str], int | None], texts: Texts) -> str:
    """Where points come from and where they go: online is whatever is not a store or the service."""

    def reckon_online(move: str) -> float | None:
        web, app, everywhere = parts[(move, "web")], parts[(move, "app")], ledger.get(move)
        return None if web is None or app is None or everywhere is None else share(web + app, everywhere)

    earned, spent = reckon_online("earned"), reckon_online("spent")
    if earned is None or spent is None:
        return texts.say("loyalty.title_plain", closing=texts.write("count", ledger["closing"]))
    return texts.say("loyalty.title", earned=texts.write("percent", earned), spent=texts.write("percent", spent))


def _draw_ledger(lines: list[Row], texts: Texts) -> Bars:
    """A waterfall from the opening balance to the closing one."""
    edges: list[tuple[Row, int, int, Tone]] = []
    balance = 0
    for line in lines:
        if line["points"] is None:
            edges.append((line, balance, balance, "grey"))
            continue
        if line["name"] == "closing":
            edges.append((line, 0, line["points"], "blue"))
            continue
        after = balance + line["points"]
        edges.append((line, balance, after, "blue" if line["name"] == "opening" else _tone(line["points"])))
        balance = after
    low = min(0, *(min(start, end) for _, start, end, _ in edges))
    high = max(0, *(max(start, end) for _, start, end, _ in edges))
    bars = [
        Bar(
            line["ledger"],
            texts.write("signed_count" if line["name"] in MOVES else "count", line["points"]),
            [Segment(percent_of(min(start, end) - low, high - low), percent_of(abs(end - start), high - low), tone)],
        )
        for line, start, end, tone in edges
    ]
    return Bars(texts.say("loyalty.figure"), bars, axis=percent_of(-low, high - low) if low < 0 else None)


def _tone(points: int) -> Tone:
    return "green" if points >= 0 else "red"


def _draw_channels(moves: list[Row], texts: Texts) -> Bars:
    """What was earned, and what was spent, as shares of the channels."""
    bars = []
    for row in moves:
        whole = sum(abs(row[channel] or 0) for channel in CHANNELS)
        if row["name"] not in ("earned", "spent") or not whole or None in (row[channel] for channel in CHANNELS):
            continue
        segments, notes, start = [], [], 0.0
        for channel, tone in CHANNELS.items():
            width = percent_of(abs(row[channel]), whole)
            segments.append(Segment(round(start, 2), width, tone))
            if width:
                part = texts.write("share", share(abs(row[channel]), whole))
                notes.append(f"{texts.name('points_channel', channel)} {part}")
            start += width
        bars.append(Bar(row["ledger"], texts.write("signed_count", row["points"]), segments, " · ".join(notes)))
    legend = [Legend(tone, texts.name("points_channel", channel)) for channel, tone in CHANNELS.items()]
    return Bars(texts.say("loyalty.channels"), bars, legend)
