"""The report of the published warehouse, written as a file."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.config.home import Home
from pipelines.lake.tables import Lake, replacing
from pipelines.report.page import Origin, draw_page
from pipelines.warehouse.publish import find_publication


@dataclass(frozen=True)
class Written:
    """Where the report lies, and its headlines as written in it, by their name in the mart ``kpis``."""

    file: Path
    headlines: dict[str, str]


def write_report(home: Home, language: str, target: Path | None = None) -> Written:
    """Draws the published warehouse and puts the page at ``target``, else `<home>/report.html`, by one rename.

    Raises ParcoursError where there is no warehouse, or one that lacks what is drawn; the file is then as it was.
    """
    page = draw_page(home.warehouse, language, find_origin(home))
    file = target or home.report
    with replacing(file) as temporary:
        temporary.write_text(page.html, encoding="utf-8")
    return Written(file, page.headlines)


def find_origin(home: Home) -> Origin:
    """The run that published the warehouse, and the identity model it ran with, as far as both are on record."""
    publication = find_publication(home)
    if publication is None:
        return Origin()
    metrics = Lake(home.lake).published_path("run_metrics")
    if not metrics.exists():
        return Origin(publication.run_id)
    versions = (
        pl.scan_parquet(metrics)
        .filter(pl.col("run_id") == publication.run_id)
        .select(pl.col("model_version").max())
        .collect()
        .item()
    )
    return Origin(publication.run_id, versions or "")
