"""The points ledger: what was earned, spent and lost, and in which channels."""

from pipelines.report.figures import Bar, Bars, Legend, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, share, tell_period
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("loyalty_ledger",)
NEEDS = (("crm/loyalty_movements",),)
CHANNELS: dict[str, Tone] = {"store": "blue", "web": "amber", "app": "green", "service": "grey"}
MOVES = ("earned", "spent", "expired", "adjusted")
BY_CHANNEL = tuple(f"{move}_{channel}" for move in MOVES for channel in CHANNELS)
QUERY = f"""
select
    count(distinct loyalty_card_id) as cards,
    sum(opening) filter (where month = $first) as opening,
    {", ".join(f"sum({column}) as {column}" for column in (*MOVES, *BY_CHANNEL))},
    sum(closing) filter (where month = $last) as closing
from marts.loyalty_ledger
where month between $first and $last
"""


def draw(marts: Marts, texts: Texts) -> Section:
    found: list[Row] = []
    if marts.period is not None:
        found = marts.ask(QUERY, first=marts.period.first, last=marts.period.last)
    if not found or not found[0]["cards"]:
        return say_empty("loyalty", MARTS, texts, NEEDS)
    ledger = {name: value or 0 for name, value in found[0].items()}
    lines = [
        {"name": name, "ledger": texts.name("ledger", name), "points": ledger[name]}
        for name in ("opening", *MOVES, "closing")
    ]
    moves = [
        {
            "name": move,
            "ledger": texts.name("ledger", move),
            "points": ledger[move],
            **{channel: ledger[f"{move}_{channel}"] for channel in CHANNELS},
        }
        for move in MOVES
    ]
    return Section(
        "loyalty",
        _title(ledger, texts),
        lead=[texts.count("loyalty.cards", ledger["cards"]), texts.say("loyalty.lead")],
        figures=[_draw_ledger(lines, texts), _draw_channels(moves, texts)],
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


def _title(ledger: Row, texts: Texts) -> str:
    """Where points come from and where they go: online is whatever is not a store or the service."""
    earned, spent = (share(ledger[f"{move}_web"] + ledger[f"{move}_app"], ledger[move]) for move in ("earned", "spent"))
    if earned is None or spent is None:
        return texts.say("loyalty.title_plain", closing=texts.write("count", ledger["closing"]))
    return texts.say("loyalty.title", earned=texts.write("percent", earned), spent=texts.write("percent", spent))


def _draw_ledger(lines: list[Row], texts: Texts) -> Bars:
    """A waterfall from the opening balance to the closing one."""
    edges: list[tuple[Row, int, int, Tone]] = []
    balance = 0
    for line in lines:
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
        whole = sum(abs(row[channel]) for channel in CHANNELS)
        if row["name"] not in ("earned", "spent") or not whole:
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
