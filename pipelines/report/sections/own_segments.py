"""The segments that the retailer defines in segments.yml: how many are in each, who came and went, and since when."""

from collections.abc import Sequence
from datetime import date

from pipelines.report.figures import Bar, Bars, Legend, Line, Lines, Segment, Tone, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, tell_day
from pipelines.report.small_groups import FEW, NOBODY, About, has_numbers
from pipelines.report.svg_paths import draw_line
from pipelines.report.tables import Column, label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("segments", "segment_sizes", "customer_segments")
NEEDS = (("ecommerce/orders", "pos/tickets"),)
DAYS_BACK = 30
"""What came and went is told since the last published night this long ago, or since the first one."""

MONTHS_SHOWN = 24
MOST_LINES = 6
TONES: tuple[Tone, ...] = ("blue", "amber", "green", "red", "purple", "sky")
SINCE = f"""
select coalesce(
    max(computed_on) filter (where computed_on <= $as_of - {DAYS_BACK}),
    min(computed_on) filter (where computed_on < $as_of)
) as since
from marts.segment_sizes
"""
# Who is in a segment now, and who was then; a segment that is younger, or has been defined anew since, has no then.
NOW = f"""
with

members as (

    select
        segment,
        customer_id,
        bool_or(is_current) as is_in,
        bool_or(entered_on <= $since and (left_on is null or left_on > $since)) as was_in
    from marts.customer_segments
    where family = 'custom'
    group by segment, customer_id

),

counted as (

    select
        segment,
        count(*) filter (where is_in and not was_in) as entered,
        count(*) filter (where was_in and not is_in) as gone,
        count(*) filter (where is_in and was_in) as stayed
    from members
    group by segment

),

compared as (

    select
        segments.segment,
        segments.description,
        segments.first_computed_on,
        segments.member_count as customers,
        case when segments.defined_since <= $since then coalesce(counted.entered, 0) end as entered,
        case when segments.defined_since <= $since then coalesce(counted.gone, 0) end as gone,
        coalesce(counted.stayed, 0) as stayed
    from marts.segments
    left join counted
        on segments.segment = counted.segment
    where segments.family = 'custom' and segments.removed_on is null

)

select
    *,
    -- Each follows from the others: one that is few hides both.
    coalesce(
        least(nullif(entered, 0), nullif(gone, 0), nullif(stayed, 0), nullif(customers, 0), nullif(stayed + gone, 0)),
        {FEW}
    ) as least_moved
from compared
order by customers desc, segment
"""
# A customer may be in several, so that segments add up to nothing.
ABOUT = About("customers", apart={"entered": "least_moved", "gone": "least_moved", "stayed": "least_moved"}, wholes=())
HISTORY = """
select segment, date_trunc('month', computed_on) as month, computed_on as day, member_count as customers
from marts.segment_sizes
where computed_on >= $first
qualify row_number() over (partition by segment, date_trunc('month', computed_on) order by computed_on desc) = 1
order by segment, computed_on
"""
ABOUT_HISTORY = About("customers", wholes=())


def draw(marts: Marts, texts: Texts) -> Section:
    if marts.as_of is None:
        return say_empty("own_segments", MARTS, texts, NEEDS)
    since = marts.ask(SINCE, NOBODY, as_of=marts.as_of)[0]["since"]
    rows = marts.ask(NOW, ABOUT, since=since)
    if not rows:
        return _say_undefined(texts)
    if not has_numbers(rows, "customers"):
        return say_few("own_segments", MARTS, texts)
    rows = [row | {"name": row["segment"], "segment": row["segment"].replace("_", " ")} for row in rows]
    first = marts.as_of.replace(year=marts.as_of.year - MONTHS_SHOWN // 12, day=1)
    sizes = _thin_out(marts.ask(HISTORY, ABOUT_HISTORY, first=first))
    days = sorted({day for day, _ in sizes})
    return Section(
        "own_segments",
        _title(rows, texts),
        lead=[
            texts.say("own_segments.lead"),
            texts.say("own_segments.since", day=texts.write("day", since))
            if since
            else texts.say("own_segments.first_night"),
        ],
        figures=[_draw_sizes(rows, texts), *([_draw_history(days, sizes, rows, texts)] if len(days) > 1 else [])],
        tables=[
            tabulate(
                "own_segments",
                texts.say("own_segments.figure"),
                label_columns(
                    texts,
                    segment="text",
                    description="text",
                    customers="count",
                    entered="count",
                    gone="count",
                    first_computed_on="day",
                ),
                rows,
                texts,
            ),
            tabulate(
                "own_segments_history",
                texts.say("own_segments.history"),
                [*label_columns(texts, day="day"), *(Column(row["name"], row["segment"], "count") for row in rows)],
                [{"day": day, **{row["name"]: sizes.get((day, row["name"])) for row in rows}} for day in days],
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("own_segments.nav"),
        scope=tell_day(marts, texts),
    )


def _say_undefined(texts: Texts) -> Section:
    """No export would fill it: a file of the retailer's own does, and the sentence names it."""
    return Section("own_segments", texts.say("own_segments.undefined"), marts=MARTS, nav=texts.say("own_segments.nav"))


def _thin_out(rows: Sequence[Row]) -> dict[tuple[date, str], int | None]:
    """Sizes by night and segment, without those that differ by a few from the one that is shown before them: in a
    quiet month the difference is who came, or who left."""
    sizes: dict[tuple[date, str], int | None] = {}
    shown: dict[str, int] = {}
    for row in rows:
        size, before = row["customers"], shown.get(row["segment"])
        is_told = size is not None and (before is None or size == before or abs(size - before) >= FEW)
        sizes[(row["day"], row["segment"])] = size if is_told else None
        if is_told:
            shown[row["segment"]] = size
    return sizes


def _title(rows: Sequence[Row], texts: Texts) -> str:
    largest = rows[0]
    if largest["customers"] is None:
        return texts.say("own_segments.title_plain")
    return texts.say(
        "own_segments.title",
        segments=texts.count("own_segments.segments", len(rows)),
        segment=largest["segment"],
        customers=texts.count("page.customers", largest["customers"]),
    )


def _draw_sizes(rows: Sequence[Row], texts: Texts) -> Bars:
    most = max((row["customers"] or 0) for row in rows)
    bars = []
    for row in rows:
        notes = [row["description"]]
        if row["entered"] is not None and row["gone"] is not None:
            entered, gone = (texts.write("count", row[name]) for name in ("entered", "gone"))
            notes.append(texts.say("own_segments.moved", entered=entered, gone=gone))
        width = percent_of(row["customers"] or 0, most)
        value = texts.write("count", row["customers"])
        bars.append(Bar(row["segment"], value, [Segment(0, width)], " · ".join(notes)))
    return Bars(texts.say("own_segments.figure"), bars)


def _draw_history(
    days: Sequence[date], sizes: dict[tuple[date, str], int | None], rows: Sequence[Row], texts: Texts
) -> Lines:
    """The largest segments, each where its size is told."""
    drawn = list(zip(rows, TONES, strict=False))[:MOST_LINES]
    top = max((size for size in sizes.values() if size is not None), default=0)
    span = (days[-1] - days[0]).days
    lines = []
    for row, tone in drawn:
        values = [sizes.get((day, row["name"])) for day in days]
        lines.append(Line(draw_line(_bridge(values), 0, float(top)), tone))
    ends = sorted({0, len(days) - 1})
    return Lines(
        texts.say("own_segments.history"),
        texts.say("own_segments.description"),
        lines,
        [(percent_of((days[place] - days[0]).days, span), texts.write("month_short", days[place])) for place in ends],
        texts.write("count", top),
        texts.write("count", 0),
        [Legend(tone, row["segment"]) for row, tone in drawn],
    )


def _bridge(values: Sequence[int | None]) -> list[float | None]:
    """A size that is not told, drawn as the one before it: it differs by a few at most."""
    bridged: list[float | None] = []
    for value in values:
        bridged.append(float(value) if value is not None else (bridged[-1] if bridged else None))
    return bridged
