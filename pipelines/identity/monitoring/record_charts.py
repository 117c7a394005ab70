"""Splink's charts of records, for who asks for them: pages that show people, and so are their owner's alone.

Never made by a run. What they show of a weight is Splink's two classes; the household class is not in them.
"""

import math
import os
from collections.abc import Iterator

import polars as pl
from splink import Linker

from pipelines.charts.sealed_page import seal_page
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.monitoring.splink_charts import SplinkPage, seal_chart
from pipelines.identity.scoring.linker import STORE_THRESHOLD_BITS, ProfileLinker, open_linker
from pipelines.identity.scoring.profiles import ProfiledRecords

MOST_PAIRS = 20_000
"""Pairs in the comparison viewer: it carries two examples of each pattern of agreement, some megabytes in all."""

WATERFALLS = 30
"""Pairs in the waterfall chart: those that are hardest to tell."""

CUSTOMERS = 20
RECORDS_OF_CUSTOMER = range(2, 51)
"""How many customers the cluster studio shows, the largest first, and of how many records: of more, nobody sees
anything in its graph."""


def draw_records(profiled: ProfiledRecords, model: ModelVersion, customer_ids: pl.DataFrame) -> Iterator[SplinkPage]:
    """The charts of a version that show records, one by one; left out is what there is nothing to draw of.

    ``customer_ids`` (record_id, customer_id) are those of the last run.
    """
    profiles = profiled.take_all()
    with open_linker(profiles, model) as opened:
        linker = opened.open_splink()
        for compared in model.fields:
            if compared.name in model.term_frequencies and profiles[compared.column].count():
                yield seal_chart(
                    f"term_frequencies_{compared.name}",
                    f"{compared.name}: what a value's rarity changes",
                    "The match weight of agreeing on the commonest and on the rarest values, beside that of a value of "
                    "average rarity (the line).",
                    linker.visualisations.tf_adjustment_chart(compared.name),
                )
        yield from _draw_pairs(linker, opened)
    yield from _draw_customers(profiled, model, customer_ids)


def _draw_pairs(linker: Linker, opened: ProfileLinker) -> Iterator[SplinkPage]:
    blocked = linker.inference.compute_blocked_pairs_for_predict()
    found = _count(opened, blocked.physical_name)
    parts = max(1, math.ceil(math.sqrt(found / MOST_PAIRS)))
    pairs = linker.inference.predict_chunk(
        (1, parts), (1, parts), threshold_match_weight=STORE_THRESHOLD_BITS, warning_mode="never"
    )
    drawn = _count(opened, pairs.physical_name)
    if not drawn:
        return
    query = f"select * from {pairs.physical_name} order by abs(match_weight), record_id_l, record_id_r"
    hardest = opened.engine.read(f"{query} limit {WATERFALLS}").to_dicts()
    yield seal_chart(
        "waterfall",
        "How the weight of a pair comes about",
        f"The {len(hardest):,} pairs that Splink's weight leaves most in doubt, one by one: move the slider below the "
        "chart. `parcours why A B` explains any two records, with the household class.",
        linker.visualisations.waterfall_chart(hardest),
    )
    some = "" if parts == 1 else f" They are those within one of {parts:,} parts of the records, drawn by their ids."
    viewer = linker.visualisations.comparison_viewer_dashboard(
        pairs, os.devnull, overwrite=True, return_html_as_string=True
    )
    yield SplinkPage(
        "comparison_viewer",
        seal_page(
            viewer or "",
            "Comparison viewer",
            f"{drawn:,} pairs by their pattern of agreement, with two examples of each.{some}",
        ),
    )


def _draw_customers(profiled: ProfiledRecords, model: ModelVersion, customer_ids: pl.DataFrame) -> Iterator[SplinkPage]:
    clusters = (
        profiled.profiles.select("profile_no", "record_id")
        .join(customer_ids.select("record_id", cluster_id="customer_id"), on="record_id")
        .with_columns(pl.len().over("cluster_id").alias("size"))
        .filter(pl.col("size").is_between(RECORDS_OF_CUSTOMER[0], RECORDS_OF_CUSTOMER[-1]))
    )
    largest = (
        clusters.select("cluster_id", "size").unique().sort(["size", "cluster_id"], descending=[True, False])
    ).head(CUSTOMERS)
    if largest.is_empty():
        return
    shown = clusters.join(largest, on="cluster_id", how="semi").sort("profile_no")
    with open_linker(profiled.take(shown["profile_no"].to_numpy()), model) as opened:
        linker = opened.open_splink()
        pairs = linker.inference.predict(warning_mode="never")
        nodes = opened.engine.open_splink().register(shown.select("cluster_id", "record_id").to_arrow())
        studio = linker.visualisations.cluster_studio_dashboard(
            pairs,
            nodes,
            os.devnull,
            cluster_ids=largest["cluster_id"].to_list(),
            cluster_names=[f"{customer}: {size} distinct records" for customer, size in largest.iter_rows()],
            overwrite=True,
            return_html_as_string=True,
        )
    yield SplinkPage(
        "cluster_studio",
        seal_page(
            studio or "",
            "Cluster studio",
            f"The {largest.height:,} customers of the last run with the most distinct records (up to "
            f"{RECORDS_OF_CUSTOMER[-1]}), with the pairs that share a blocking key.",
        ),
    )


def _count(opened: ProfileLinker, table: str) -> int:
    return int(opened.engine.read(f"select count(*) from {table}").item())
