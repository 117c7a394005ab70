"""The report: what a night came to, for people who never open a database."""

from pathlib import Path

import dagster as dg

from pipelines.defs.asset import asset_of
from pipelines.defs.resources import Night
from pipelines.defs.results import Result
from pipelines.report.write import QUALITY, Written, keep_copy, write_report

KEPT = 30  # Reports of past runs, as many as there are logs: a month of nights.


@asset_of(
    "publication",
    "published/report",
    after=["published/warehouse"],
    kinds=["html"],
    description="The report of the published warehouse, `report.html`: one page that needs no network, with counts and "
    "sums only; `quality.html` beside it is for data engineers. Each run's stay in `reports/`. Where they cannot be "
    "drawn, this step fails and the warehouse stays published.",
)
def report(night: Night) -> Result:
    written = write_report(night.folder, night.report_language)
    kept = _keep(written, night)
    return Result(
        metadata={
            "report": dg.MetadataValue.path(kept),
            "latest": dg.MetadataValue.path(written.file),
            "quality": dg.MetadataValue.path(written.quality),
            "open": dg.MetadataValue.url(kept.as_uri()),
            "size_bytes": written.file.stat().st_size,
            "headlines": dg.MetadataValue.json(written.headlines),
        }
    )


def _keep(written: Written, night: Night) -> Path:
    """A copy of the run's own, so that the link in its record goes on showing what it published."""
    folder = night.folder.reports
    kept = folder / f"{night.day.isoformat()}-{night.run_id[:8]}.html"
    keep_copy(written, kept)
    copies = [file for file in folder.glob("*.html") if not file.stem.endswith(QUALITY)]
    for old in sorted(copies, key=lambda file: (file.stat().st_mtime_ns, file.name))[:-KEPT]:
        for file in (old, old.with_name(f"{old.stem}{QUALITY}.html")):
            file.unlink(missing_ok=True)
    return kept
