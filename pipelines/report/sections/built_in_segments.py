"""The segments that every retailer has, over two years: by last order (lifecycle), and by habit (RFM)."""

from collections.abc import Sequence
from datetime import date

from pipelines.report.figures import Area, Areas, Bar, Bars, Figure, Segment, Tone, percent_of
from pipelines.report.published_marts import MONTHS, Marts, Row, shift
from pipelines.report.section_contract import Section, say_empty, say_few, share, tell_day
from pipelines.report.small_groups import About, has_numbers
from pipelines.report.svg_paths import stack_areas
from pipelines.report.tables import Column, label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("segment_monthly",)
NEEDS = (("ecommerce/orders", "pos/tickets"),)
MONTHS_SHOWN = 24
TICKS = 4
LIFECYCLE: dict[str, Tone] = {
    "prospect": "sky",
    "new_customer": "blue",
    "active_customer": "green",
    "reactivated": "purple",
    "slipping": "amber",
    "lapsed": "grey",
}
"""The segments of the family in the order in which one passes through them."""

RFM = (
    "champions", "loyal_customers", "potential_loyalists", "recent_customers", "promising", "needing_attention",
    "about_to_sleep", "cannot_lose", "at_risk", "hibernating", "lost",
)  # fmt: skip
QUERY = """
select family, segment, month, counted_on, member_count as customers
from marts.segment_monthly
where month >= $first
order by family, month, segment
"""
# A customer is in one segment of a family at a time: those of a month add up to all of them.
ABOUT = About("customers", wholes=(("family", "month"),))

MONTHLY = {"lifecycle": "built_in_segments.lifecycle", "rfm": "built_in_segments.rfm"}
TODAY = {"lifecycle": "built_in_segments.lifecycle_today", "rfm": "built_in_segments.rfm_today"}

Sizes = dict[tuple[date, str], int | None]


def draw(marts: Marts, texts: Texts) -> Section:
    found: list[Row] = []
    if marts.as_of is not None:
        found = marts.ask(QUERY, ABOUT, first=shift(marts.as_of.replace(day=1), -MONTHS_SHOWN))
    if not found:
        return say_empty("built_in_segments", MARTS, texts, NEEDS)
    if not has_numbers(found, "customers"):
        return say_few("built_in_segments", MARTS, texts)
    lifecycle, rfm = (_index(found, family) for family in ("lifecycle", "rfm"))
    stays, habits = _list_segments(lifecycle, LIFECYCLE), _list_segments(rfm, RFM)
    figures: list[Figure] = [
        *([_draw_months(lifecycle, stays, texts)] if len(_days(lifecycle)) > 2 else []),
        *(
            _draw_change(sizes, names, family, texts)
            for family, sizes, names in (
                ("lifecycle", lifecycle, stays),
                ("rfm", rfm, habits),
            )
            if sizes
        ),
    ]
    return Section(
        "built_in_segments",
        _title(lifecycle, texts),
        lead=[texts.say("built_in_segments.lead"), texts.say("built_in_segments.replayed")],
        figures=figures,
        tables=[
            tabulate(
                f"built_in_segments_{family}",
                texts.say(MONTHLY[family]),
                [
                    *label_columns(texts, day="day"),
                    *(Column(name, _name(family, name, texts), "count") for name in names),
                ],
                [{"day": day, **{name: sizes[(day, name)] for name in names}} for day in _days(sizes)],
                texts,
            )
            for family, sizes, names in (("lifecycle", lifecycle, stays), ("rfm", rfm, habits))
        ],
        marts=MARTS,
        nav=texts.say("built_in_segments.nav"),
        scope=tell_day(marts, texts),
        terms=("rfm", "lifecycle"),
    )


def _index(rows: Sequence[Row], family: str) -> Sizes:
    return {(row["counted_on"], row["segment"]): row["customers"] for row in rows if row["family"] == family}


def _days(sizes: Sizes) -> list[date]:
    return sorted({day for day, _ in sizes})


def _list_segments(sizes: Sizes, order: Sequence[str] | dict[str, Tone]) -> list[str]:
    """The known ones in their order, then those that a retailer added to the seeds."""
    names = {name for _, name in sizes}
    return [*(name for name in order if name in names), *sorted(names - set(order))]


def _name(family: str, segment: str, texts: Texts) -> str:
    return texts.name("lifecycle", segment) if family == "lifecycle" else texts.name("segment", segment)


def _title(sizes: Sizes, texts: Texts) -> str:
    days = _days(sizes)
    if not days:
        return texts.say("built_in_segments.title_plain")
    slipping, lapsed = (_share_of(sizes, days[-1], name) for name in ("slipping", "lapsed"))
    if slipping is None or lapsed is None:
        return texts.say("built_in_segments.title_plain")
    parts = {"slipping": texts.write("percent", slipping), "lapsed": texts.write("percent", lapsed)}
    before = _share_of(sizes, _year_before(days), "lapsed")
    if not before:  # Nor can anybody have lapsed in the first year that is known.
        return texts.say("built_in_segments.title_alone", **parts)
    return texts.say("built_in_segments.title", **parts, before=texts.write("percent", before))


def _share_of(sizes: Sizes, day: date | None, segment: str) -> float | None:
    """A segment's share of all customers of a day; None where any size of the day is not told."""
    of_day = [size for (counted_on, _), size in sizes.items() if counted_on == day]
    if not of_day or None in of_day:
        return None
    return share(sizes.get((day, segment)), sum(size for size in of_day if size is not None)) if day else None


def _year_before(days: Sequence[date]) -> date | None:
    month = shift(days[-1].replace(day=1), -MONTHS)
    return next((day for day in days if day.replace(day=1) == month), None)


def _draw_months(sizes: Sizes, names: Sequence[str], texts: Texts) -> Areas:
    # Those who are lost lie at the bottom, so that the rest is read off the edge between.
    days, layers = _days(sizes), list(reversed(names))
    drawn = [_bridge([sizes[(day, name)] for day in days]) for name in layers]
    top = max(sum(heights) for heights in zip(*drawn, strict=True))
    paths = stack_areas(drawn, top)
    places = sorted({round(number * (len(days) - 1) / TICKS) for number in range(TICKS + 1)})
    return Areas(
        texts.say("built_in_segments.lifecycle"),
        texts.say(
            "built_in_segments.description", first=texts.write("day", days[0]), last=texts.write("day", days[-1])
        ),
        [Area(path, LIFECYCLE.get(name, "grey")) for path, name in zip(paths, layers, strict=True)],
        [(percent_of(place, len(days) - 1), texts.write("month_short", days[place])) for place in places],
        texts.write("count", top),
    )


def _bridge(sizes: Sequence[int | None]) -> list[int]:
    """A size that is not told, drawn as the last one that is: a gap in one layer would let all above it fall."""
    bridged: list[int] = []
    for size in sizes:
        bridged.append(size if size is not None else bridged[-1] if bridged else 0)
    return bridged


def _draw_change(sizes: Sizes, names: Sequence[str], family: str, texts: Texts) -> Bars:
    """Today's sizes, each beside that of a year ago."""
    days = _days(sizes)
    before = _year_before(days)
    most = max((sizes[(days[-1], name)] or 0) for name in names)
    bars = []
    for name in names:
        now, then = sizes[(days[-1], name)], sizes.get((before, name)) if before else None
        tone = LIFECYCLE.get(name, "grey") if family == "lifecycle" else "blue"
        note = "" if then is None else texts.say("built_in_segments.before", count=texts.write("count", then))
        bars.append(
            Bar(
                _name(family, name, texts),
                texts.write("count", now),
                [Segment(0, percent_of(now or 0, most), tone)],
                note,
            )
        )
    return Bars(texts.say(TODAY[family]), bars)
