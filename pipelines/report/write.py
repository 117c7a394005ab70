"""The report of the published warehouse and the page for data engineers, written as files."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import polars as pl

from pipelines.config.home import Home
from pipelines.lake.tables import Lake, replacing
from pipelines.report.page import Origin, draw_page
from pipelines.report.quality.page import draw_quality
from pipelines.warehouse.access import open_page
from pipelines.warehouse.publish import find_publication

QUALITY = "-quality"
"""How the page for data engineers is called beside a report that has a name of its own."""


@dataclass(frozen=True)
class Written:
    """Where the report and the page for data engineers lie, and the headlines of ``kpis`` as written in the report."""

    file: Path
    quality: Path
    headlines: dict[str, str]


def write_report(home: Home, language: str, target: Path | None = None) -> Written:
    """Draws the published warehouse and puts the report at ``target``, else `<home>/report.html`, each by one rename.

    The page for data engineers lies beside it: `<home>/quality.html`, else `<name of target>-quality.html`. Raises
    ParcoursError where there is no warehouse, or one that lacks what is drawn; both files are then as they were.
    """
    file = target or home.report
    quality = file.with_name(f"{file.stem}{QUALITY}.html") if target else home.quality
    origin = find_origin(home)
    page = draw_page(home.warehouse, language, origin, quote(quality.name))
    for_engineers = draw_quality(home, language, origin, quote(file.name))
    for place, html in ((quality, for_engineers), (file, page.html)):
        with replacing(place) as temporary:
            temporary.write_text(html, encoding="utf-8")
            if place == file:
                open_page(temporary, home)
    return Written(file, quality, page.headlines)


def keep_copy(written: Written, kept: Path) -> Path:
    """A copy of both pages, the report at ``kept``, that lead to each other. Returns where the second lies."""
    quality = kept.with_name(f"{kept.stem}{QUALITY}.html")
    for source, place in ((written.quality, quality), (written.file, kept)):
        html = source.read_text(encoding="utf-8")
        for before, after in ((written.file.name, kept.name), (written.quality.name, quality.name)):
            html = html.replace(f'href="{quote(before)}"', f'href="{quote(after)}"')
        with replacing(place) as temporary:
            temporary.write_text(html, encoding="utf-8")
    return quality


def find_origin(home: Home) -> Origin:
    """The run that published the warehouse, and the identity model it ran with, as far as both are on record."""
    publication = find_publication(home)
    if publication is None:
        return Origin()
    metrics = Lake(home.lake).published_path("run_metrics")
    if not metrics.exists():
        return Origin(publication.run_id)
    versions = (
        pl.scan_parquet(metrics, glob=False)
        .filter(pl.col("run_id") == publication.run_id)
        .select(pl.col("model_version").max())
        .collect()
        .item()
    )
    return Origin(publication.run_id, versions or "")
