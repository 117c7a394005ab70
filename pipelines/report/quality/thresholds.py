"""How far the customers depend on the match threshold: their number with more and with less evidence asked for."""

from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from pipelines.report.figures import Bar, Bars, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.quality.lake_tables import ask_file
from pipelines.report.section_contract import Section, say_empty, share
from pipelines.report.small_groups import NOBODY
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

TABLES = ("identity/sensitivity", "customer_id_map", "identity_accuracy")
MOVED = """
select measure, estimate, high
from marts.identity_accuracy
where
    measure like '%_bits'
    or measure like '%_moved_pairs'
    or measure in ('wrong_pairs_linked', 'missed_pairs_compared')
"""
# A record is apart where it is not with all those that it is with today.
QUERY = """
with

records as (

    select sensitivity.*, ids.customer_id
    from read_parquet($file) as sensitivity
    inner join marts.customer_id_map as ids
        on sensitivity.record_id = ids.record_id

),

spread as (

    select
        customer_id,
        count(distinct strict_cluster_id) as strict_clusters,
        count(distinct loose_cluster_id) as loose_clusters
    from records
    group by customer_id

),

loosely as (

    select loose_cluster_id, count(distinct customer_id) as customers
    from records
    group by loose_cluster_id

)

select
    (select count(distinct strict_cluster_id) from records) as strict,
    (select count(*) from spread) as usual,
    (select count(distinct loose_cluster_id) from records) as loose,
    (select count(*) from spread where strict_clusters > 1) as falling_apart,
    (select coalesce(sum(customers), 0) from loosely where customers > 1) as growing_together
"""


def draw(home: Home, marts: Marts, texts: Texts) -> Section:
    found = ask_file(marts, Lake(home.lake).path("identity", "sensitivity"), QUERY)
    if not found or not found[0]["usual"]:
        return say_empty("thresholds", TABLES, texts, ())
    [row] = found
    rows = [
        {"threshold": texts.say("column.strict"), "customers": row["strict"], "differing": row["falling_apart"]},
        {"threshold": texts.say("column.default"), "customers": row["usual"], "differing": None},
        {"threshold": texts.say("column.loose"), "customers": row["loose"], "differing": row["growing_together"]},
    ]
    for one in rows:
        one["differing_share"] = share(one["differing"], row["usual"])
    most = max(one["customers"] for one in rows)
    notes = (
        texts.say("thresholds.apart", share=texts.write("fine_share", rows[0]["differing_share"])),
        "",
        texts.say("thresholds.together", share=texts.write("fine_share", rows[2]["differing_share"])),
    )
    moved = {each["measure"]: each for each in marts.ask(MOVED, NOBODY)}
    return Section(
        "thresholds",
        texts.say("thresholds.title", low=texts.write("count", row["loose"]), high=texts.write("count", row["strict"])),
        lead=_explain(moved, texts),
        figures=[
            Bars(
                texts.say("thresholds.figure"),
                [
                    Bar(
                        one["threshold"],
                        texts.write("count", one["customers"]),
                        [Segment(0, percent_of(one["customers"], most))],
                        note,
                    )
                    for one, note in zip(rows, notes, strict=True)
                ],
            )
        ],
        tables=[
            tabulate(
                "thresholds",
                texts.say("thresholds.figure"),
                label_columns(
                    texts, threshold="text", customers="count", differing="count", differing_share="fine_share"
                ),
                rows,
                texts,
            )
        ],
        marts=TABLES,
        nav=texts.say("thresholds.nav"),
        scope=texts.say("quality.last_run"),
        terms=("identity_range",),
    )


def _explain(moved: dict[str, Row], texts: Texts) -> list[str]:
    """How far off the thresholds are, and whether they move as many pairs as the estimate leaves in doubt."""
    strict, loose, apart, together = (
        moved[f"{name}_{what}"]["estimate"] for what in ("offset_bits", "moved_pairs") for name in ("strict", "loose")
    )
    wrong, missed = (moved[name]["high"] for name in ("wrong_pairs_linked", "missed_pairs_compared"))
    said = [
        texts.say("thresholds.lead", strict=texts.write("count", strict), loose=texts.write("count", -loose)),
        texts.say(
            "thresholds.moved",
            moved_apart=texts.write("count", apart),
            wrong=texts.write("count", wrong),
            moved_together=texts.write("count", together),
            missed=texts.write("count", missed),
        ),
    ]
    return said if apart >= wrong and together >= missed else [*said, texts.say("thresholds.too_narrow")]
