"""Where a stay in a stage leads: the flows between stages."""

from pipelines.report.figures import Node, Ribbon, Sankey
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, say_few, share
from pipelines.report.sections.stages import TONES
from pipelines.report.small_groups import About
from pipelines.report.svg_paths import Placed, lay_out_flows
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("journey_transitions",)
NEEDS = (("ecommerce/orders", "pos/tickets", "ecommerce/web_events"),)
# How often is the mart's; by how many customers, over all channels of entry, their stays tell.
QUERY = """
with

flows as (

    select from_stage, to_stage, sum(count) as transitions
    from marts.journey_transitions
    group by from_stage, to_stage

),

followed as (

    select
        customer_id,
        stage as from_stage,
        lead(stage) over (partition by customer_id order by stay_number) as to_stage

    from marts.customer_journey_stages

),

customers as (

    select from_stage, to_stage, count(distinct customer_id) as people
    from followed
    where to_stage is not null
    group by grouping sets ((from_stage, to_stage), (from_stage), (to_stage))

)

select
    flows.*,
    sum(flows.transitions) over (partition by flows.from_stage) as left_stage,
    sum(flows.transitions) over (partition by flows.to_stage) as reached_stage,
    coalesce(between_both.people, flows.transitions) as people,
    coalesce(leaving.people, flows.transitions) as leaving,
    coalesce(reaching.people, flows.transitions) as reaching
from flows
left join customers as between_both
    on flows.from_stage = between_both.from_stage and flows.to_stage = between_both.to_stage
left join customers as leaving
    on flows.from_stage = leaving.from_stage and leaving.to_stage is null
left join customers as reaching
    on flows.to_stage = reaching.to_stage and reaching.from_stage is null
order by flows.from_stage, flows.to_stage
"""
ABOUT = About(
    "people",
    apart={"left_stage": "leaving", "reached_stage": "reaching"},
    wholes=(("from_stage",), ("to_stage",)),
)

Flows = dict[tuple[str, str], int]


def draw(marts: Marts, texts: Texts) -> Section:
    found = {(row["from_stage"], row["to_stage"]): row for row in marts.ask(QUERY, ABOUT)}
    if not found:
        return say_empty("transitions", MARTS, texts, NEEDS)
    flows = {ends: row["transitions"] for ends, row in found.items() if row["transitions"] is not None}
    if not flows:
        return say_few("transitions", MARTS, texts)
    rows = [
        {
            "names": (start, end),
            "from_stage": texts.name("stage", start),
            "to_stage": texts.name("stage", end),
            "transitions": found[(start, end)]["transitions"],
            "share_of_leavers": share(found[(start, end)]["transitions"], found[(start, end)]["left_stage"]),
        }
        for start in TONES
        for end in TONES
        if (start, end) in found
    ]
    return Section(
        "transitions",
        _title(rows, texts),
        lead=[texts.say("transitions.lead")],
        figures=[_draw_flows(flows, found, rows, texts)],
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
    shares = [after.get(stage, 0.0) for stage in ("purchase", "loyalty")]
    if None in shares:
        return texts.say("transitions.title_plain")
    purchase, loyalty = (texts.write("percent", part) for part in shares)
    return texts.say("transitions.title", purchase=purchase, loyalty=loyalty)


def _draw_flows(flows: Flows, found: dict[tuple[str, str], Row], rows: list[Row], texts: Texts) -> Sankey:
    """The flows that may be told; a stage is written with all of its own, told or not."""
    starts = [stage for stage in TONES if any(start == stage for start, _ in flows)]
    ends = [stage for stage in TONES if any(end == stage for _, end in flows)]
    layout = lay_out_flows(flows, starts, ends)

    def node(stage: str, placed: Placed, side: int) -> Node:
        size = next(row[("left_stage", "reached_stage")[side]] for ends, row in found.items() if ends[side] == stage)
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
        if row["names"] in layout.ribbons
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
