"""What the model and a night look like, as Splink's own charts: pages that need nothing else, counts only.

Whoever knows Splink knows how to read them. Its charts of records, which show people, are in :mod:`.record_charts`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from splink import DuckDBAPI, Linker

from pipelines.charts.sealed_page import seal_page
from pipelines.frames.in_memory_sql import connect_in_memory_alone
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.splink_settings import make_settings
from pipelines.identity.scoring.linker import STORE_THRESHOLD_BITS, open_linker
from pipelines.identity.scoring.profiles import ProfiledRecords
from pipelines.lake.tables import replacing

SAMPLED_PROFILES = 10_000  # Compared with themselves: a share is then known to a point, in a fraction of a second.
SEED = 20260101
_DRAWN_NAME = re.compile(r"\bsplink-chart-[0-9a-f]{32}\b")
"""What Splink calls the place of a chart in a page, another at each call: a page of ours has one."""
BLANK = '<!DOCTYPE html>\n<html lang="en"><head></head><body></body></html>'
OF_MODEL = ("match_weights", "m_u_parameters", "unlinkables")
BINS = 40  # About two bits each, from the weight at which pairs are stored to that of full agreement.


@dataclass(frozen=True)
class SplinkPage:
    """One of Splink's charts: the name of its file, and the page."""

    name: str
    html: str


def write_page(page: SplinkPage, folder: Path) -> Path:
    """Writes ``<folder>/<name>.html`` for its owner only, and returns its path."""
    target = folder / f"{page.name}.html"
    with replacing(target) as temporary:
        temporary.write_text(page.html, encoding="utf-8")
    return target


def find_drawn(model: ModelVersion, folder: Path) -> dict[str, Path] | None:
    """The pages of :func:`draw_model` in ``folder``, by their names; None where one is lacking or another version's."""
    pages = {name: folder / f"{name}.html" for name in OF_MODEL}
    try:
        is_drawn = all(model.version in page.read_text(encoding="utf-8") for page in pages.values())
    except (OSError, UnicodeDecodeError):
        return None
    return pages if is_drawn else None


def draw_model(profiled: ProfiledRecords, model: ModelVersion) -> list[SplinkPage]:
    """The charts of a version: match weights, m and u, unlinkable records among those of ``profiled``."""
    sample = _draw_sample(profiled)
    with open_linker(sample, model) as opened:
        linker = opened.open_splink()
        weights = linker.visualisations.match_weights_chart()
        probabilities = linker.visualisations.m_u_parameters_chart()
        unlinkables = linker.evaluation.unlinkables_chart()
    return [
        seal_chart(
            "match_weights",
            f"Match weights of {model.version}",
            "How much each outcome of comparing a field speaks for one person (right) or against (left), in bits: each "
            "bit doubles the odds. Where a value is the same, this is for one of average rarity: a rarer one weighs "
            "more. What the household class takes off is in household_weights.html.",
            weights,
        ),
        seal_chart(
            "m_u_parameters",
            f"m and u of {model.version}",
            "How often each outcome is seen between two records of one person (m, left) and of two strangers (u, "
            "right), where both records have the field.",
            probabilities,
        ),
        seal_chart(
            "unlinkables",
            f"Records that say too little for {model.version} to link",
            _explain_unlinkables(unlinkables.chart_dict["data"]["values"], sample.height, profiled),
            unlinkables,
        ),
    ]


def _draw_sample(profiled: ProfiledRecords) -> pl.DataFrame:
    """All profiles, or SAMPLED_PROFILES of them, drawn by seed."""
    numbers = profiled.profiles["profile_no"]
    if len(numbers) > SAMPLED_PROFILES:
        numbers = numbers.sample(SAMPLED_PROFILES, seed=SEED).sort()
    return profiled.take(numbers.to_numpy())


def _explain_unlinkables(shares: list[dict[str, Any]], compared: int, profiled: ProfiledRecords) -> str:
    """``shares`` are what Splink draws: the share of records up to a weight, for each weight below certainty."""
    below = [row["cum_prop"] for row in shares if row["match_weight"] < LINK_THRESHOLD_BITS]
    left_out = profiled.records.height - profiled.members.height
    empty = "" if shares else " All reach certainty even so, and there is nothing to draw."
    return (
        f"{max(below, default=0.0):.2%} of {compared:,} distinct records do not reach the weight of a link, "
        f"{LINK_THRESHOLD_BITS:g} bits, even with themselves: nothing that is known of them could ever link them."
        f"{empty} The household class is not in it. Left out are {left_out:,} records that are not compared: receipts, "
        "which go by their e-mail, and records that say nothing."
    )


def draw_pair_weights(pairs: pl.DataFrame, model: ModelVersion) -> SplinkPage:
    """How many of the stored ``pairs`` have which match weight."""
    name, title = "pair_weights", "Match weights of pairs"
    if pairs.is_empty():  # Of no weights, Splink has no histogram.
        return SplinkPage(name, seal_page(BLANK, title, "There are no pairs: no two records have much in common."))
    linked = int((pairs["match_weight"] >= LINK_THRESHOLD_BITS).sum())
    with connect_in_memory_alone("The chart of the match weights") as connection:
        stored = DuckDBAPI(connection).register(pairs.select("match_weight").to_arrow())
        linker = Linker(stored, make_settings(model), validate_settings=False, log_level=None)
        predicted = linker.table_management.register_table_predict(stored)
        histogram = linker.visualisations.match_weights_histogram(predicted, target_bins=BINS)
    return seal_chart(
        name,
        title,
        f"{linked:,} of {pairs.height:,} pairs weigh {LINK_THRESHOLD_BITS:g} bits or more and are linked. Pairs below "
        f"{STORE_THRESHOLD_BITS:g} bits are not kept; the household class is taken off. Two hills with a valley at 0 "
        "mean that the model tells people apart; a hill at 0 means that it guesses.",
        histogram,
    )


def seal_chart(name: str, title: str, explanation: str, chart: Any) -> SplinkPage:
    """A chart of Splink's as a page: of the same chart, the same page."""
    html = _DRAWN_NAME.sub("splink-chart", chart.to_html(inline=True))
    return SplinkPage(name, seal_page(html, title, explanation))
