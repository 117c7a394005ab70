"""What Splink's charts cannot show, as charts of our own: the household class, and the sizes of customers.

Pages under `<home>/charts` without a script, counts only. Those of Splink are in :mod:`.splink_charts`.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from markupsafe import Markup

from pipelines.charts.page import open_templates
from pipelines.charts.svg import Bar, draw_bars
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.scoring.level_weights import list_weights
from pipelines.lake.tables import replacing

TEMPLATES = Path(__file__).with_name("templates")
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


def chart_household_weights(model: ModelVersion) -> Chart:
    """What each level of each field weighs for two people of one household, in bits."""
    title = f"Household weights of {model.version}"
    shares = model.parameters.shares
    prior = float(np.log2(shares["household"] / (1.0 - shares["match"] - shares["household"])))
    bars = [Bar("any two records", prior, tone="neutral")]
    bars += [
        Bar(
            weight.level,
            weight.household,
            note="" if weight.match is None else f"one person {round(weight.match, 1) + 0.0:+.1f}",
            group=weight.field,
        )
        for weight in list_weights(model)
        if weight.household is not None
    ]
    return Chart(
        "household_weights",
        title,
        "How much each outcome of comparing a field speaks for two people of one household (right) or for strangers "
        "(left), in bits; beside each, how much it speaks for one person. What the household explains as well, a match "
        "weight loses: household and strangers together are what one person is weighed against. This is the third "
        "class of pairs, which Splink's own charts do not know.",
        draw_bars(bars, title, "bits"),
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
