"""However an export is at fault: what the run and the check say and leave behind holds no value of it."""

import gzip
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines.contracts import TABLES, Column, Table
from tests.needles.conftest import COLUMNS, HEADER, Needles, list_leaks
from tests.workbooks import make_workbook

Command = Callable[..., subprocess.CompletedProcess[str]]

CONSTANTS = {
    "integer": "1", "number": "1", "quantity": "1", "money": "montant", "price": "montant", "boolean": "true",
    "date": "date '2026-01-05'", "timestamp": "moment", "text": "'x'",
}  # fmt: skip


@dataclass
class Kind:
    """One way of an export to be at fault. ``files`` are made of the needles; ``mapping`` goes over the usual one.

    ``told``: what is said of it, by which it is known to have failed as it is meant to.
    """

    name: str
    files: Callable[[Needles], dict[str, bytes | str]]
    mapping: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    told: str = ""
    table: str | None = None


def csv(n: Needles) -> dict[str, bytes | str]:
    return {"rows.csv": f"{HEADER}\n{n.row()}\n{n.row('2')}\n"}


def rows(n: Needles) -> list[dict[str, str]]:
    return [
        dict(zip(COLUMNS, [str(i), *n.values.values(), "10.50", "2026-01-05 10:00:00"], strict=True)) for i in (1, 2)
    ]


def parquet(n: Needles, spoil: Callable[[bytes], bytes]) -> dict[str, bytes | str]:
    made = io.BytesIO()
    pl.DataFrame(rows(n) * 300).write_parquet(made, compression="uncompressed")
    return {"rows.parquet": spoil(made.getvalue())}


def middle(content: bytes) -> bytes:
    at = len(content) // 2
    return content[: at - 200] + bytes(range(200)) * 2 + content[at + 200 :]


def zipped(members: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def query(sql: str, told: str, name: str) -> Kind:
    return Kind(f"query: {name}", csv, {"query": sql}, told=told)


ALL = "select * from source where "
KINDS = [
    Kind("csv without a header", lambda n: {"rows.csv": f"{n.row()}\n{n.row('2')}\n"}, told="columns found"),
    Kind(
        "csv without a header, of words only",
        lambda n: {"rows.csv": "\n".join(",".join(f"{n.word} {letter}" for letter in "abcde") for _ in range(3))},
        told="columns found",
    ),
    Kind(
        "one file of two without a header",
        lambda n: {"rows_1.csv": f"{HEADER}\n{n.row()}\n", "rows_2.csv": f"{n.row('2')}\n"},
        {"from": "rows_*.csv"},
        told="rows_2.csv",
    ),
    Kind(
        "a header with somebody in it",
        lambda n: {"rows.csv": f"{HEADER},pour {n.word}\n{n.row()},x\n"},
        columns={"id": "idd"},
        told="Referenced column",
    ),
    Kind("a header with somebody alike in it", lambda n: {"rows.csv": f"ident,{n.word}\n1,2\n"}, told="columns found"),
    Kind("another delimiter than declared", csv, {"options": {"delimiter": "|"}}, told="columns found"),
    Kind(
        "another encoding, in the header",
        lambda n: {"rows.csv": f"{HEADER},prénom {n.word}\n{n.row()},x\n".encode("cp1252")},
        told="is not in the encoding",
    ),
    Kind("utf-16 declared", csv, {"options": {"encoding": "utf-16"}}, told="✗"),
    Kind(
        "names for a file that has others",
        lambda n: {"rows.csv": f"{n.row()},{n.word},{n.word}\n" * 30},
        {"options": {"names": list(COLUMNS)}},
        told="fields where",
    ),
    Kind(
        "a quote that nothing closes",
        lambda n: {"rows.csv": f"{HEADER}\n" + "".join(f'{i},"{n.word}\n' for i in range(40))},
        told="opens a quote",
    ),
    Kind(
        "a line that is too long",
        lambda n: {"rows.csv": f"{HEADER}\n" + f"1,{n.word * 400_000},a,b,c,d,e,f,1,2\n" * 3},
        told="longer than",
    ),
    Kind("rows without their key", lambda n: {"rows.csv": f"{HEADER}\n" + f"{n.row('')}\n" * 30}, told="is missing"),
    Kind(
        "two rows of one key",
        lambda n: {"rows.csv": f"{HEADER}\n" + "".join(f"{n.row(n.values['email'])[:-2]}{i}\n" for i in range(10, 40))},
        told="duplicate key",
        table="crm/contacts",
    ),
    Kind(
        "an expression that raises",
        lambda n: {"rows.csv": f"{HEADER}\n" + "".join(f"{n.row(str(i))}\n" for i in range(30))},
        columns={"id": "error(email)"},
        told="Invalid Input Error",
    ),
    Kind(
        "a parse of every row that fails",
        lambda n: {"rows.csv": f"{HEADER}\n" + "".join(f"{n.row(str(i))}\n" for i in range(30))},
        columns={"id": "strftime(strptime(note, '%Y'), '%Y')"},
        told="has an expression that fails",
    ),
    Kind(
        "a condition that fails on every row",
        lambda n: {"rows.csv": f"{HEADER}\n" + "".join(f"{n.row(str(i))}\n" for i in range(30))},
        {"where": "cast(carte as tinyint) = 1"},
        told="makes the condition",
    ),
    Kind("a condition of no SQL", csv, {"where": "email ="}, told="where"),
    Kind(
        "a column that there is not, in a file without a header",
        lambda n: {"rows.csv": f"{n.row()}\n"},
        columns={"id": "'x'", "montant": "1", "moment": "timestamp '2026-01-05'", "": "lower(nope)"},
        told="Referenced column",
        table="crm/contacts",
    ),
    Kind("a function that there is not", csv, columns={"id": "uper(email)"}, told="uper"),
    query("select cast(email as integer) as id, * exclude (id) from source", "Conversion Error", "cast"),
    query("select error(email) as id, * exclude (id) from source", "Invalid Input Error", "error()"),
    query("select strptime(note, '%Y') as id, * exclude (id) from source", "Invalid Input Error", "strptime"),
    query("select json_extract(note, '$.a') as id, * exclude (id) from source", "Invalid Input Error", "json"),
    query(ALL + "regexp_matches('x', note)", "Invalid Input Error", "a pattern of the row"),
    query(ALL + "cast(carte as decimal(4, 0)) > 0", "Conversion Error", "an overflow"),
    query(ALL + "cast(nom as uuid) is null", "Conversion Error", "a uuid"),
    query(ALL + "cast(note as date) is null", "Conversion Error", "a date"),
    query(ALL + "cast(email as boolean)", "Conversion Error", "a boolean"),
    query(ALL + "unhex(note) is null", "Error", "hex digits"),
    query(ALL + "cast(note as integer[]) is null", "Conversion Error", "a list"),
    query(ALL + "cast(adresse as interval) is null", "Conversion Error", "an interval"),
    query(ALL + "chr(cast(carte as bigint)::int) = ''", "Error", "a character beyond all"),
    query("select id, email, count(*) from source group by id", "GROUP BY", "a column beside GROUP BY"),
    query("select nope from source", "Referenced column", "a column that there is not"),
    query(
        "select * from source where id = 1 and montant > (select email from source)",
        "Error",
        "a subquery of several rows",
    ),
    Kind(
        "a query over a file without a header",
        lambda n: {"rows.csv": f"{n.row()}\n"},
        {"query": "select id, nope from source"},
        told="Referenced column",
    ),
    Kind(
        "a join with a file without a header",
        lambda n: {**csv(n), "people.csv": f"{n.row()}\n"},
        {
            "with": {"people": {"from": "people.csv"}},
            "query": "select source.*, people.nope from source join people using (id)",
        },
        told="people",
    ),
    Kind(
        "a join with a file that lacks its headers",
        lambda n: {**csv(n), "people.csv": f"{n.row()}\n"},
        {
            "with": {"people": {"from": "people.csv", "headers": {"Customer": {}}}},
            "query": "select source.* from source join people on Customer = id",
        },
        told="Customer",
    ),
    Kind("parquet with a spoilt middle", lambda n: parquet(n, middle), {"from": "rows.parquet"}, told="✗"),
    Kind("parquet cut short", lambda n: parquet(n, lambda made: made[:-40]), {"from": "rows.parquet"}, told="Parquet"),
    Kind(
        "a workbook with a spoilt middle",
        lambda n: {"rows.xlsx": middle(write_workbook_of(n))},
        {"from": "rows.xlsx"},
        told="workbook",
    ),
    Kind(
        "a workbook without the sheet",
        lambda n: {"rows.xlsx": write_workbook_of(n)},
        {"from": "rows.xlsx", "options": {"sheet": "Clients"}},
        told="has no sheet Clients",
    ),
    Kind(
        "gzip with a spoilt middle",
        lambda n: {"rows.csv.gz": middle(gzip.compress(f"{HEADER}\n{n.row()}\n".encode() * 50))},
        {"from": "rows.csv.gz"},
        told="damaged",
    ),
    Kind("gzip that is none", lambda n: {"rows.csv.gz": f"{HEADER}\n{n.row()}\n"}, {"from": "rows.csv.gz"}, told="✗"),
    Kind(
        "an archive of other files",
        lambda n: {"rows.zip": zipped({f"facture {n.word}.pdf": "x", f"{n.word}.doc": "x"})},
        {"from": "rows.zip"},
        told="holds no file",
    ),
    Kind(
        "an archive with a spoilt middle",
        lambda n: {"rows.zip": middle(zipped({"rows.csv": f"{HEADER}\n{n.row()}\n" * 50}))},
        {"from": "rows.zip"},
        told="✗",
    ),
    Kind(
        "json cut short",
        lambda n: {"rows.json": json.dumps(rows(n), indent=1)[:-60]},
        {"from": "rows.json"},
        told="no JSON",
    ),
    Kind(
        "json with a stray word",
        lambda n: {"rows.json": "[" + json.dumps(rows(n)[0]) + f", {n.word}]"},
        {"from": "rows.json"},
        told="no JSON",
    ),
    Kind(
        "json with a stray escape",
        lambda n: {"rows.json": '[{"id": "1", "note": "\\q' + n.word + '"}]'},
        {"from": "rows.json"},
        told="no JSON",
    ),
    Kind(
        "lines of json that are none",
        lambda n: {"rows.jsonl": f'{{"id": "{n.word}\n' * 40},
        {"from": "rows.jsonl"},
        told="✗",
    ),
    Kind(
        "keys alike but for capitals",
        lambda n: {"rows.jsonl": json.dumps({n.word: 1, n.word.upper(): 2}) + "\n"},
        {"from": "rows.jsonl"},
        told="capitals",
    ),
    Kind(
        "objects keyed by who they are of",
        lambda n: {"rows.jsonl": json.dumps({n.values["email"]: 1, n.word: 2, "date": 3}) + "\n"},
        {"from": "rows.jsonl"},
        told="columns found",
    ),
    Kind(
        "a preset of other columns",
        lambda n: {"rows.csv": f"{n.row()}\n"},
        {"preset": "shopify_orders_csv"},
        told="columns found",
        table="ecommerce/orders",
    ),
]


def write_workbook_of(n: Needles) -> bytes:
    return make_workbook({f"Pour {n.word}": [list(COLUMNS), *(list(row.values()) for row in rows(n))]})


NUMBERED = list(enumerate(KINDS))
ALONE = [table for table in TABLES if table.part_of is None]  # A part is not tried where its whole fails.


def map_column(column: Column, table: Table, renamed: dict[str, str]) -> str:
    if column.name == table.key[0]:
        return renamed.get("id", "id")
    if column.values:
        return f"'{column.values[0]}'"
    constant = CONSTANTS[column.type]
    return renamed.get(constant, constant)


def map_table(table: Table, kind: Kind, n: Needles) -> dict[str, Any]:
    if "preset" in kind.mapping:
        return {"from": "rows.csv", **kind.mapping}
    columns = {column.name: map_column(column, table, kind.columns) for column in table.columns if column.required}
    if "" in kind.columns:
        columns |= {next(column.name for column in table.columns if not column.required): kind.columns[""]}
    return {"from": "rows.csv", "columns": columns, **kind.mapping}


@dataclass(frozen=True)
class Tried:
    """What a run and a check came to, in a home and a temporary folder of their own; ``tables`` by number of kind."""

    folder: Path
    tables: dict[int, str]
    run: subprocess.CompletedProcess[str]
    check: subprocess.CompletedProcess[str]
    checked: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, parcours: Command) -> list[Tried]:
    """All kinds, as many at once as there are tables to be at fault."""
    left, rounds = list(NUMBERED), []
    while left:
        free = {table.path: table for table in ALONE}
        chosen: list[tuple[int, Kind, Table]] = []
        for number, kind in list(left):
            path = kind.table or next(iter(free), None)
            if path in free:
                chosen.append((number, kind, free.pop(path)))
                left.remove((number, kind))
        rounds.append(try_kinds(tmp_path_factory.mktemp("kinds"), chosen, parcours))
    return rounds


def try_kinds(folder: Path, chosen: list[tuple[int, Kind, Table]], parcours: Command) -> Tried:
    sources = []
    for number, kind, table in chosen:
        n, root = Needles(number), folder / "exports" / f"kind{number}"
        root.mkdir(parents=True)
        for name, content in kind.files(n).items():
            (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        connector = {"type": "files", "root": f"exports/kind{number}"}
        mapped = {table.name: map_table(table, kind, n)}
        sources.append({"name": f"kind{number}", "kind": table.kind, "connector": connector, "tables": mapped})
    (folder / "sources.yml").write_text(yaml.safe_dump({"as_of": "2026-02-01", "sources": sources}))
    (folder / "tmp").mkdir()
    at = {"cwd": folder, "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "tmp")}
    told = ("--sources", folder / "sources.yml", "--home", folder / "home")
    return Tried(
        folder,
        {number: table.path for number, _, table in chosen},
        parcours("run", *told, **at),
        parcours("check", *told, **at),
        parcours("check", "--json", *told, **at),
    )


def find(tried: list[Tried], number: int) -> Tried:
    return next(each for each in tried if number in each.tables)


@pytest.mark.parametrize("number", [number for number, _ in NUMBERED], ids=[kind.name for _, kind in NUMBERED])
def test_a_run_that_fails_on_an_export_tells_and_leaves_none_of_its_values(tried: list[Tried], number: int) -> None:
    kind, of = KINDS[number], find(tried, number)
    table = of.tables[number]
    at_fault = of.run.stderr.partition(f"✗ {table}\n")[2].partition("\n✗ ")[0]
    assert kind.told.removeprefix("✗") in at_fault, f"it fails otherwise than it is meant to: {of.run.stderr}"
    assert at_fault, f"it does not fail: {of.run.stdout}"
    said = of.run.stdout + of.run.stderr
    left = [of.folder / "tmp", *(path for path in of.folder.iterdir() if path.name not in ("exports", "home", "tmp"))]
    assert list_leaks(Needles(number), said, of.folder / "home", *left) == []


@pytest.mark.parametrize("number", [number for number, _ in NUMBERED], ids=[kind.name for _, kind in NUMBERED])
def test_a_check_of_a_faulty_export_prints_none_of_its_values(tried: list[Tried], number: int) -> None:
    of = find(tried, number)
    for checked in (of.check, of.checked):
        assert checked.returncode in (1, 2)
        assert f"kind{number}" in checked.stdout
        assert list_leaks(Needles(number), checked.stdout + checked.stderr, of.folder / "tmp") == []


def test_there_are_more_kinds_than_anyone_lists_by_heart() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 45
