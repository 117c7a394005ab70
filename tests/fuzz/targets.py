"""What an input is tried on, in the process that calls, and what is found wrong with how it was taken.

A target reads the input as a run would. It may refuse it, with an error of the program's own; whatever else happens is
a finding: another exception, a row that is not accounted for, a message too long or with a value of a row.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import yaml

from pipelines import contracts
from pipelines.config.home import find_home
from pipelines.config.sources import load_sources
from pipelines.errors import ParcoursError
from pipelines.extracts.conform import extract_table
from pipelines.extracts.counts import Extracted
from pipelines.identity.decisions.read import decisions_in_force, read_decisions
from pipelines.lake.tables import Lake
from pipelines.onboarding.initialise import draft_from_folder
from pipelines.segments.definitions import load_segments
from pipelines.yaml_document import LARGEST_FILE
from tests.fuzz.seeds import COLUMNS, EXPORTS, NEEDLE

AS_OF = date(2026, 6, 30)
LONGEST_MESSAGE = 20_000  # Characters: a hundred faults of a line each.
Messages = Iterator[str]


def _export(ending: str) -> Callable[[bytes, Path], Messages]:
    def check(content: bytes, folder: Path) -> Messages:
        root = folder / "exports"
        root.mkdir()
        (root / f"orders.{ending}").write_bytes(content)
        mapping = {
            "from": "orders.*",
            "columns": {
                "order_id": "id",
                "channel": "'web'",
                "fulfilment": "'delivery'",
                "status": "'paid'",
                "ordered_at": "moment",
                "total_amount": "total",
                "updated_at": "moment",
            },
        }
        connector = {"type": "files", "root": "exports"}
        source = {"name": "shop", "kind": "ecommerce", "connector": connector, "tables": {"orders": mapping}}
        file = folder / "sources.yml"
        file.write_text(yaml.safe_dump({"reject_limit": 1, "sources": [source]}), encoding="utf-8")
        try:
            yield from _extract(file, folder, None)
        finally:
            # Which of the two further ways an input takes depends on it alone.
            if sum(content) % 8 == 0:
                yield from _extract(file, folder, 5)
            if sum(content) % 8 == 1:
                draft_from_folder(root, "fr")

    return check


def _extract(file: Path, folder: Path, most: int | None) -> Messages:
    sources = load_sources(file)
    for table in contracts.TABLES:
        if sources.feeding(table):
            lake = Lake(folder / "lake")
            extracted = extract_table(sources, table, lake, AS_OF, most)
            _account(extracted, lake)
            yield from (f"{column}: {reason}" for column, reason in extracted.reasons)
            yield from (counts.reason for counts in extracted.fields if counts.reason)


def _account(extracted: Extracted, lake: Lake) -> None:
    """Raises AssertionError where a row is neither kept nor told of."""
    table = extracted.table
    kept = lake.read(table.kind, table.name).height
    told = pl.read_parquet(lake.quarantine_path(table.kind, table.name), glob=False)
    gone = extracted.rows_rejected + extracted.rows_set_apart
    assert kept == extracted.rows_kept, f"{kept} rows in the lake, {extracted.rows_kept} counted"
    listed = told.height
    if any(reason.endswith("not listed one by one") for reason in told["reason"].drop_nulls()):
        listed += extracted.rows_set_apart - 1
    assert listed == gone, f"{listed} rows in quarantine, {gone} counted"
    parts = kept + gone + extracted.rows_repeated + extracted.rows_filtered
    assert extracted.rows_read == parts, f"{extracted.rows_read} rows read, {parts} accounted for"


def _read_sources(content: bytes, folder: Path) -> Messages:
    root = folder / "exports"
    root.mkdir()
    (root / "orders.csv").write_bytes(EXPORTS["csv"]()[0])
    (folder / "sources.yml").write_bytes(content)
    yield from _extract(folder / "sources.yml", folder, None)


def _read_segments(content: bytes, folder: Path) -> Messages:
    (folder / "segments.yml").write_bytes(content)
    load_segments(folder / "segments.yml")
    yield from ()


def _read_decisions(content: bytes, folder: Path) -> Messages:
    (folder / "decisions.csv").write_bytes(content)
    decisions_in_force(read_decisions(folder / "decisions.csv"), AS_OF)
    yield from ()


def _read_paths(content: bytes, folder: Path) -> Messages:
    """A home and an export of those names, where the disk takes them."""
    names = json.loads(content)
    csv = EXPORTS["csv"]()[0]
    base = folder / "base" / "base"  # Names that lead up stay within the folder.
    try:
        root = base / names["root"]
        (root / names["file"]).parent.mkdir(parents=True, exist_ok=True)
        (root / names["file"]).write_bytes(csv)
    except (OSError, ValueError):
        pass
    if folder.resolve() not in (base / names["home"].replace("\0", "")).resolve().parents:
        return
    columns = {"store_id": COLUMNS[0], "name": COLUMNS[4]}
    source = {"name": "shop", "kind": "pos", "connector": {"type": "files", "root": names["root"]}}
    source["tables"] = {"stores": {"from": names["pattern"], "columns": columns, "options": {"format": "csv"}}}
    file = base / "sources.yml"
    base.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"reject_limit": 1, "sources": [source]}, allow_unicode=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    home = find_home(base / names["home"].replace("\0", ""))  # Which no argument can hold.
    sources = load_sources(file)
    lake = Lake(home.root / "lake")
    _account(extract_table(sources, contracts.table("pos", "stores"), lake, AS_OF), lake)
    yield from ()


TARGETS: dict[str, Callable[[bytes, Path], Messages]] = {
    **{ending: _export(ending) for ending in EXPORTS},
    "sources.yml": _read_sources,
    "segments.yml": _read_segments,
    "decisions.csv": _read_decisions,
    "paths": _read_paths,
}
"""Per kind of input: yields what it says of it, and raises a ParcoursError where it refuses it."""


def check(kind: str, content: bytes, folder: Path) -> list[str]:
    """What is wrong with how ``content`` is taken, in words; nothing where all is well. ``folder`` is empty."""
    assert len(content) < LARGEST_FILE * 20
    found: list[str] = []
    messages: list[str] = []
    try:
        messages.extend(TARGETS[kind](content, folder))
    except ParcoursError as error:
        messages.append(str(error))
    except AssertionError as error:
        found.append(f"lost rows: {error}")
    except BaseException as error:
        found.append(f"traceback: {_locate(error)}")
    finally:
        _remove(folder)
    return found + [problem for message in messages for problem in _judge(message)]


def _judge(message: str) -> Iterator[str]:
    if len(message) > LONGEST_MESSAGE:
        yield f"long message: {len(message)} characters: {message[:200]!r}"
    if NEEDLE.lower() in message.lower():
        yield f"value told: {message[:300]!r}"


def _locate(error: BaseException) -> str:
    """The class of an exception and the innermost line of the program."""
    where, trace = "", error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if f"{os.sep}pipelines{os.sep}" in code.co_filename:
            where = f"{code.co_filename.rpartition(f'{os.sep}pipelines{os.sep}')[2]}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return f"{type(error).__name__} in {where}: {str(error)[:200]}"


def _remove(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
