"""What kind of file lies in the folder: by its name, and whether its first bytes agree."""

from pathlib import Path

from pipelines.errors import ExtractError

COMPRESSIONS = (".gz", ".zst")
ARCHIVE = ".zip"
FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}

_AS_TABLE = "Save its table as .xlsx or CSV"
_AS_TEXT = "Export CSV, JSON lines or Parquet instead"
_UNPACKED = "Unpack it, or pack it as .zip"
REFUSED = {
    **dict.fromkeys((".xls", ".xlsb"), ("a workbook of another format of Excel", _AS_TABLE)),
    **dict.fromkeys((".ods", ".numbers", ".gsheet"), ("a workbook of another program than Excel", _AS_TABLE)),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".odt", ".rtf", ".eml", ".msg"), ("a document", _AS_TABLE)),
    **dict.fromkeys((".html", ".htm", ".xml"), ("a page of marks", _AS_TEXT)),
    **dict.fromkeys((".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz", ".z", ".lz4"), ("an archive of its own", _UNPACKED)),
    **dict.fromkeys(
        (".db", ".sqlite", ".sqlite3", ".mdb", ".accdb", ".dbf", ".sql", ".duckdb"), ("a database", _AS_TEXT)
    ),
    **dict.fromkeys((".avro", ".orc", ".feather", ".arrow", ".sas7bdat", ".sav", ".dta"), ("binary", _AS_TEXT)),
}
"""Per suffix that is known and not read: what it is, and the way out."""

_BEGINNINGS = (
    (b"PK\x03\x04", "a workbook or an archive", "Name it .xlsx or .zip"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook or a protected one", "Save its table as .xlsx or CSV, unprotected"),
    (b"\x1f\x8b", "compressed by gzip", "Add .gz to its name"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "Add .zst to its name"),
    (b"PAR1", "Parquet", "Name it .parquet"),
    (b"%PDF-", "a PDF document", _AS_TABLE),
    (b"SQLite format 3", "a database", _AS_TEXT),
    (b"<!doctype html", "a web page, often that of a failed log-in", "Fetch the export again"),
    (b"<html", "a web page, often that of a failed log-in", "Fetch the export again"),
    (b"<?xml", "XML", _AS_TEXT),
)


def find_format(path: Path, shown: str, declared: str | None) -> str:
    """How the file is read: `csv`, `jsonl`, `parquet` or `xlsx`; ``declared`` if not None, else by the name's end.

    Raises ExtractError, with the way out, for a suffix that is refused or unknown.
    """
    suffix = (path.with_suffix("").suffix if path.suffix.lower() in COMPRESSIONS else path.suffix).lower()
    if declared:
        return declared
    if suffix in REFUSED:
        what, way_out = REFUSED[suffix]
        raise ExtractError(
            f"{shown} is {what}, which is not read. {way_out}. If it is text under a wrong name, say `format: csv` "
            "under its `options`."
        )
    if suffix not in FORMATS:
        known = ", ".join((*FORMATS, ARCHIVE))
        raise ExtractError(f"{shown} ends in neither {known}. Say `format` under its `options`.")
    return FORMATS[suffix]


def refuse_disguised(start: bytes, shown: str) -> None:
    """Raises ExtractError where a text file's first bytes are those of something else."""
    beginning = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:20]
    for mark, what, way_out in _BEGINNINGS:
        if start.startswith(mark) or beginning.lower().startswith(mark):
            raise ExtractError(f"{shown} is {what} by its content, whatever its name says. {way_out}.")
