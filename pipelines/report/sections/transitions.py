"""Where a stay in a stage leads: the flows between stages."""

from pipelines.report.figures import Node, Ribbon, Sankey
from pipelines.report.marts import Marts, Row
from pipelines.report.paths import Placed, lay_out_flows
from pipelines.report.section import Section, head, say_empty, share, tabulate
from pipelines.report.sections.stages import TONES
from pipelines.report.words import Words

MARTS = ("journey_transitions",)
QUERY = """
select from_stage, to_stage, sum(count) as transitions
from marts.journey_transitions
group by from_stage, to_stage
order by from_stage, to_stage
"""


def draw(marts: Marts, words: Words) -> Section:
    flows = {(row["from_stage"], row["to_stage"]): row["transitions"] for row in marts.ask(QUERY)}
    if not flows:
        return say_empty("transitions", MARTS, words)
    left = {stage: sum(size for (start, _), size in flows.items() if start == stage) for stage in TONES}
    rows = [
        {
            "names": (start, end),
            "from_stage": words.name("stage", start),
            "to_stage": words.name("stage", end),
            "transitions": flows[(start, end)],
            "share_of_leavers": share(flows[(start, end)], left[start]),
        }
        for start in TONES
        for end in TONES
        if (start, end) in flows
    ]
    return Section(
        "transitions",
        _title(rows, words),
        lead=[words.say("transitions.lead")],
        figures=[_draw_flows(flows, rows, words)],
        tables=[
            tabulate(
                "transitions",
                words.say("transitions.figure"),
                head(words, from_stage="text", to_stage="text", transitions="count", share_of_leavers="share"),
                rows,
                words,
            )
        ],
        marts=MARTS,
        nav=words.say("transitions.nav"),
        scope=words.say("page.all_time"),
    )


def _title(rows: list[Row], words: Words) -> str:
    after = {end: row["share_of_leavers"] for row in rows for start, end in [row["names"]] if start == "post_purchase"}
    if not after:
        return words.say("transitions.title_plain")
    purchase, loyalty = (words.write("percent", after.get(stage, 0.0)) for stage in ("purchase", "loyalty"))
    return words.say("transitions.title", purchase=purchase, loyalty=loyalty)


def _draw_flows(flows: dict[tuple[str, str], int], rows: list[Row], words: Words) -> Sankey:
    starts = [stage for stage in TONES if any(start == stage for start, _ in flows)]
    ends = [stage for stage in TONES if any(end == stage for _, end in flows)]
    layout = lay_out_flows(flows, starts, ends)

    def node(stage: str, placed: Placed, side: int) -> Node:
        size = sum(flow for ends_of_flow, flow in flows.items() if ends_of_flow[side] == stage)
        return Node(words.name("stage", stage), words.write("count", size), placed.top, placed.height, TONES[stage])

    ribbons = [
        Ribbon(
            layout.ribbons[row["names"]],
            TONES[row["names"][0]],
            words.say(
                "transitions.flow",
                start=row["from_stage"],
                end=row["to_stage"],
                count=words.write("count", row["transitions"]),
                share=words.write("share", row["share_of_leavers"]),
            ),
        )
        for row in rows
    ]
    return Sankey(
        words.say("transitions.figure"),
        words.say("transitions.description"),
        words.say("transitions.from"),
        words.say("transitions.to"),
        layout.height,
        [node(stage, layout.left[stage], 0) for stage in starts],
        [node(stage, layout.right[stage], 1) for stage in ends],
        ribbons,
    )
