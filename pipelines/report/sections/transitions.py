"""Where a stay in a stage leads: the flows between stages."""

from pipelines.report.figures import Node, Ribbon, Sankey
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, share
from pipelines.report.sections.stages import TONES
from pipelines.report.svg_paths import Placed, lay_out_flows
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("journey_transitions",)
NEEDS = (("ecommerce/orders", "pos/tickets", "ecommerce/web_events"),)
QUERY = """
select from_stage, to_stage, sum(count) as transitions
from marts.journey_transitions
group by from_stage, to_stage
order by from_stage, to_stage
"""


def draw(marts: Marts, texts: Texts) -> Section:
    flows = {(row["from_stage"], row["to_stage"]): row["transitions"] for row in marts.ask(QUERY)}
    if not flows:
        return say_empty("transitions", MARTS, texts, NEEDS)
    left = {stage: sum(size for (start, _), size in flows.items() if start == stage) for stage in TONES}
    rows = [
        {
            "names": (start, end),
            "from_stage": texts.name("stage", start),
            "to_stage": texts.name("stage", end),
            "transitions": flows[(start, end)],
            "share_of_leavers": share(flows[(start, end)], left[start]),
        }
        for start in TONES
        for end in TONES
        if (start, end) in flows
    ]
    return Section(
        "transitions",
        _title(rows, texts),
        lead=[texts.say("transitions.lead")],
        figures=[_draw_flows(flows, rows, texts)],
        tables=[
            tabulate(
                "transitions",
                texts.say("transitions.figure"),
                label_columns(texts, from_stage="text", to_stage="text", transitions="count", share_of_leavers="share"),
                rows,
                texts,
            )
        ],
        marts=MARTS,
        nav=texts.say("transitions.nav"),
        scope=texts.say("page.all_time"),
        terms=("stage",),
    )


def _title(rows: list[Row], texts: Texts) -> str:
    after = {end: row["share_of_leavers"] for row in rows for start, end in [row["names"]] if start == "post_purchase"}
    if not after:
        return texts.say("transitions.title_plain")
    purchase, loyalty = (texts.write("percent", after.get(stage, 0.0)) for stage in ("purchase", "loyalty"))
    return texts.say("transitions.title", purchase=purchase, loyalty=loyalty)


def _draw_flows(flows: dict[tuple[str, str], int], rows: list[Row], texts: Texts) -> Sankey:
    starts = [stage for stage in TONES if any(start == stage for start, _ in flows)]
    ends = [stage for stage in TONES if any(end == stage for _, end in flows)]
    layout = lay_out_flows(flows, starts, ends)

    def node(stage: str, placed: Placed, side: int) -> Node:
        size = sum(flow for ends_of_flow, flow in flows.items() if ends_of_flow[side] == stage)
        return Node(texts.name("stage", stage), texts.write("count", size), placed.top, placed.height, TONES[stage])

    ribbons = [
        Ribbon(
            layout.ribbons[row["names"]],
            TONES[row["names"][0]],
            texts.say(
                "transitions.flow",
                start=row["from_stage"],
                end=row["to_stage"],
                count=texts.write("count", row["transitions"]),
                share=texts.write("share", row["share_of_leavers"]),
            ),
        )
        for row in rows
    ]
    return Sankey(
        texts.say("transitions.figure"),
        texts.say("transitions.description"),
        texts.say("transitions.from"),
        texts.say("transitions.to"),
        layout.height,
        [node(stage, layout.left[stage], 0) for stage in starts],
        [node(stage, layout.right[stage], 1) for stage in ends],
        ribbons,
    )
