"""What the model and a night look like, as charts: self-contained pages under `<home>/charts`, counts only.

Unlinkables: a record that says little does not even reach the weight of a link when it is compared with itself. How
many there are tells how far recognition can go at all, whatever the model (the chart of that name in Splink).
"""

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from markupsafe import Markup

from pipelines.charts.page import open_templates
from pipelines.charts.svg import Bar, Column, draw_bars, draw_columns
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.level_weights import list_weights
from pipelines.identity.scoring.linker import STORE_THRESHOLD_BITS
from pipelines.identity.scoring.match_weights import Floats, prior_weight
from pipelines.identity.scoring.profiles import build_profiles, is_receipt
from pipelines.identity.scoring.weighed_pairs import weigh_pairs
from pipelines.lake.tables import replacing

TEMPLATES = Path(__file__).with_name("templates")
SAMPLED_RECORDS = 10_000  # Compared with themselves: a share is then known to a point, in a fraction of a second.
SEED = 20260101
THRESHOLDS = range(-10, 31, 1)  # Bits: from what pairs are kept at to far above a link.
OPEN_END = 30  # Bits from which weights share one column.
SIZES = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, None))


@dataclass(frozen=True)
class Chart:
    """One chart: the name of its file, what it shows, and the picture as SVG."""

    name: str
    title: str
    explanation: str
    svg: Markup


def write_chart(chart: Chart, folder: Path) -> Path:
    """Writes ``<folder>/<name>.html``, a page that needs nothing else, and returns its path."""
    page = open_templates(TEMPLATES).get_template("chart.html").render(title=chart.title, chart=chart)
    target = folder / f"{chart.name}.html"
    with replacing(target) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return target


def as_markdown(chart: Chart) -> str:
    """The chart as a Markdown image that carries its picture along, with its explanation."""
    picture = base64.b64encode(chart.svg.encode()).decode()
    return f"![{chart.title}](data:image/svg+xml;base64,{picture})\n\n{chart.explanation}"


def chart_match_weights(model: ModelVersion) -> Chart:
    """What each level of each field weighs, in bits."""
    title = f"Match weights of {model.version}"
    bars = [Bar("any two records", prior_weight(model.parameters), tone="neutral")]
    bars += [
        Bar(
            weight.level,
            weight.match,
            note="" if weight.household is None else f"household {round(weight.household, 1) + 0.0:+.1f}",
            group=weight.field,
        )
        for weight in list_weights(model)
        if weight.match is not None
    ]
    return Chart(
        "match_weights",
        title,
        "How much each outcome of comparing a field speaks for one person (right) or against (left), in bits: each bit "
        "doubles the odds. Where a value is the same, this is for one of average rarity: a rarer one weighs more. "
        "Beside each, how much it speaks for two people of one household.",
        draw_bars(bars, title, "bits"),
    )


def chart_unlinkables(records: pl.DataFrame, model: ModelVersion) -> Chart:
    """The share of records that stay below each weight even when compared with themselves."""
    weights = weigh_against_themselves(records, model)
    counted = max(1, len(weights))
    shares = [(threshold, 100.0 * float((weights < threshold).sum()) / counted) for threshold in THRESHOLDS]
    at_link = 100.0 * float((weights < LINK_THRESHOLD_BITS).sum()) / counted
    columns = [
        Column(
            str(threshold),
            share,
            f"{share:.2f}% of records",
            "neutral" if threshold <= LINK_THRESHOLD_BITS else "total",
        )
        for threshold, share in shares
    ]
    return Chart(
        "unlinkables",
        "Records that say too little to be linked",
        f"{at_link:.2f}% of {len(weights):,} records do not reach the weight of a link, {LINK_THRESHOLD_BITS:g} bits, "
        "even with themselves: nothing that is known of them could ever link them. Receipts, which go by their e-mail, "
        "are left out.",
        draw_columns(columns, "Records that say too little to be linked", "match weight needed, bits", "% of records"),
    )


def weigh_against_themselves(records: pl.DataFrame, model: ModelVersion) -> Floats:
    """The weight of each record with its own copy, in bits; of SAMPLED_RECORDS, drawn by seed, where there are more."""
    if not records["record_id"].is_sorted():
        records = records.sort("record_id")
    rows = records.select(~is_receipt()).to_series().arg_true()
    if len(rows) > SAMPLED_RECORDS:
        rows = rows.sample(SAMPLED_RECORDS, seed=SEED).sort()
    chosen = records[rows]
    profiles, members = build_profiles(chosen)
    numbers = profiles["profile_no"].to_numpy()
    weights = weigh_pairs(profiles, numbers, numbers, model)
    blank = np.full(chosen.height - members.height, prior_weight(model.parameters))
    return np.concatenate([weights.total[members["profile_no"].to_numpy()], blank])


def chart_pair_weights(pairs: pl.DataFrame) -> Chart:
    """How many stored pairs have which match weight, a bit a column."""
    low = int(STORE_THRESHOLD_BITS)
    bins = pairs["match_weight"].floor().clip(low, OPEN_END).cast(pl.Int64)
    counts = dict(bins.value_counts().iter_rows())
    linked = int((pairs["match_weight"] >= LINK_THRESHOLD_BITS).sum())
    columns = [
        Column(
            f"{weight}+" if weight == OPEN_END else str(weight),
            counts.get(weight, 0),
            f"{counts.get(weight, 0):,} pairs",
            "for" if weight >= LINK_THRESHOLD_BITS else "neutral",
        )
        for weight in range(low, OPEN_END + 1)
    ]
    return Chart(
        "pair_weights",
        "Match weights of pairs",
        f"{linked:,} of {pairs.height:,} pairs weigh {LINK_THRESHOLD_BITS:g} bits or more and are linked. Pairs "
        f"below {low} bits are not kept. Two hills with a valley at 0 mean that the model tells people apart; a "
        "hill at 0 means that it guesses.",
        draw_columns(columns, "Match weights of pairs", "match weight, bits", "pairs"),
    )


def chart_cluster_sizes(sizes: pl.Series) -> Chart:
    """How many customers are made of how many records. ``sizes`` has the number of records of each."""
    largest = int(sizes.max() or 0)  # type: ignore[arg-type]
    bars = [
        Bar(_name_size(low, high), count, text=f"{count:,}", tone="total", note=f"{count / max(1, len(sizes)):.2%}")
        for low, high in SIZES
        for count in [int((sizes >= low).sum()) if high is None else int(sizes.is_between(low, high).sum())]
        if count or low <= 2
    ]
    return Chart(
        "cluster_sizes",
        "Customers by their number of records",
        f"{len(sizes):,} customers in {sizes.sum():,} records; the largest has {largest:,}. One of "
        "many more records than the others is worth a look.",
        draw_bars(bars, "Customers by their number of records", "customers"),
    )


def _name_size(low: int, high: int | None) -> str:
    if high is None:
        return f"more than {low - 1} records"
    if low == high:
        return "1 record" if low == 1 else f"{low} records"
    return f"{low} to {high} records"
