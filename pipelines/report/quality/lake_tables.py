"""Tables of the lake, asked as the marts are: those of the last run, whether it was published or not."""

from pathlib import Path

from pipelines.report.published_marts import Marts, Row
from pipelines.report.small_groups import NOBODY


def ask_file(marts: Marts, file: Path, query: str) -> list[Row]:
    """The rows of ``query`` over the Parquet file, which it calls ``read_parquet($file)``; none where it is missing."""
    return marts.ask(query, NOBODY, file=str(file)) if file.exists() else []
