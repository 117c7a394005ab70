"""What people may write wrong at the door: each through the command, with its own words, exit code 2, file and line."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

ROWS = "id,mail,day\n1,a@example.org,2025-01-01\n2,b@example.org,2025-01-02\n"
SOURCE = """
sources:
  - name: crm
    kind: crm
    connector: {{type: files, root: {root}}}
    tables:
      contacts:
        from: "*.csv"
{more}        columns: {{contact_id: {key}, created_at: day, updated_at: day, email: {email}}}
"""


def source(more: str = "", *, head: str = "", root: str = "exports", key: str = "id", email: str = "mail") -> str:
    return head + SOURCE.format(more=more and f"        {more}\n", root=root, key=key, email=email)


@pytest.fixture
def check(parcours: Command, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``parcours check`` of a sources.yml (text or bytes) beside one small export."""
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "contacts.csv").write_text(ROWS, encoding="utf-8")

    def run(text: str | bytes, **environment: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "sources.yml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return parcours("check", "--sources", file, "--as-of", "2026-01-01", "--home", tmp_path / "home", **environment)

    return run


def assert_told(finished: subprocess.CompletedProcess[str], *words: str) -> None:
    said = finished.stdout + finished.stderr
    assert finished.returncode == 2, said
    assert "Traceback" not in said
    assert "bug in Parcours" not in said
    for word in words:
        assert word in said
    assert len(said) < 10_000


def test_the_small_source_itself_is_accepted(check: Command) -> None:
    checked = check(source())
    assert checked.returncode == 0, checked.stdout + checked.stderr


VALUES = {
    "five thousand digits": ("wait_minutes: " + "9" * 5000, "sources.yml:1"),
    "five thousand digits below zero": ("reject_limit: -" + "9" * 5000, "sources.yml:1"),
    "many hexadecimal digits": ("wait_minutes: 0x" + "f" * 200, "wait_minutes: is no number to reckon with"),
    "infinite": ("plausible: {largest_amount: .inf}", "plausible.largest_amount: is no number to reckon with: '.inf'"),
    "not a number": ("reject_limit: .nan", "reject_limit: is no number to reckon with"),
    "python object": ("country: !!python/object/apply:os.system [echo]", "sources.yml:1"),
    "python name": ("country: !!python/name:os.system x", "has the tag '!!python/name:os.system'"),
    "own tag": ("country: !foo FR", "country: has the tag '!foo', which means nothing here"),
    "binary": ("country: !!binary aGVsbG8=", "country: has the tag '!!binary'"),
    "time stamp": ("as_of: !!timestamp 2026-99-99", "as_of: has the tag '!!timestamp'"),
    "integer that is none": ("wait_minutes: !!int abc", "wait_minutes: is not of the kind that its tag says: 'abc'"),
    "boolean that is none": ("country: !!bool maybe", "country: is not of the kind that its tag says"),
    "nul in a value": ('country: "F\\0R"', "country: holds the character U+0000"),
    "nul in a key": ('"a\\0b": 1', "a key holds the character U+0000"),
    "half a character": ('country: "\\ud800"', "holds half of a character"),
    "merge as a value": ("country: <<", "unknown country '<<'"),
    "sexagesimal": ("wait_minutes: 1:30", "wait_minutes: "),
    "week of waiting": ("wait_minutes: 10081", "wait_minutes: "),
    "year one": ("as_of: 0001-01-01", "as_of: '0001-01-01' is no day of a run: from 1900-01-01 to 2199-12-31"),
    "year 9999": ("as_of: 9999-12-31", "as_of: '9999-12-31' is no day of a run"),
    "no such day": ("as_of: 2026-02-30", "as_of: '2026-02-30' is not a date"),
    "empty key": ('"": 1', "unknown key ''"),
    "no such user": ("decisions: ~nobody-of-that-name/x.csv", "decisions: there is no user 'nobody-of-that-name'"),
    "given twice": ("country: FR\ncountry: FR", "country: given twice, first in line 1"),
}


@pytest.mark.parametrize(("written", "words"), VALUES.values(), ids=VALUES)
def test_a_value_that_cannot_be_is_told_with_its_line(check: Command, written: str, words: str) -> None:
    assert_told(check(source(head=written)), "sources.yml:", words)


DOCUMENTS = {
    "itself": (b"sources: &a [*a]\n", "sources.yml:1"),
    "deep": (b"sources: " + b"[" * 3000 + b"]" * 3000, "sources.yml:1"),
    "nul": (b"country: FR\nsources: \x00\n", "sources.yml:2"),
    "utf-16": ("country: FR\n".encode("utf-16"), "sources.yml:1: this is not UTF-8"),
    "latin-1": ("currency: EUR\ncountry: FR # Fran\u00e7ais\n".encode("latin-1"), "sources.yml:2: this is not UTF-8"),
    "empty": (b"", "sources: missing"),
    "only comments": (b"# nothing\n", "sources: missing"),
    "two documents": (b"sources: []\n---\nsources: []\n", "sources.yml:2"),
    "version of 5,000 digits": (b"%YAML " + b"9" * 5000 + b".1\n---\na: 1\n", "sources.yml:1"),
}


@pytest.mark.parametrize(("written", "words"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_file_that_is_no_document_is_told_with_its_line(check: Command, written: bytes, words: str) -> None:
    assert_told(check(written), words)


MAPPINGS = {
    "brackets that close others": {"more": 'where: "mail) or (1=1"'},
    "two values": {"more": 'where: "true, false"'},
    "nothing": {"more": 'where: " "'},
    "comment without an end": {"more": 'where: "mail is null /* x"'},
    "second statement": {"more": 'where: "true; drop table x"'},
    "further clause": {"more": 'where: "true limit 0"'},
    "quote without its pair": {"more": 'where: "mail = \'x"'},
    "file in a subquery": {"email": "\"(select content from read_text('/etc/passwd'))\""},
    "files in a subquery": {"email": "\"(select count(*) from glob('/etc/*'))\""},
    "environment": {"email": "\"getenv('HOME')\""},
    "all columns": {"email": "\"columns('.*')\""},
    "several rows": {"email": '"unnest([mail, id])"'},
    "attach": {"more": "where: \"attach '/tmp/x.db'\""},
    "too much": {"more": "where: \"mail = '" + "a" * 30_000 + "'\""},
    "query of a file": {"more": "query: \"select id, mail, day from read_csv('/etc/passwd')\""},
    "query that copies": {"more": "query: \"copy (select 1) to '/tmp/parcours-test-evil'\""},
    "two queries": {"more": 'query: "select 1; select 2"'},
    "query of half a bracket": {"more": 'query: "select id, mail, day from source where (id = 1"'},
    "query of the settings": {"more": "query: \"select * from read_text('sources.yml')\""},
    "line end for a delimiter": {"more": 'options: {delimiter: "\\n"}'},
    "line end for a quote": {"more": 'options: {quote: "\\r"}'},
}


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_sql_that_is_no_single_expression_over_the_export_is_told(check: Command, mapping: dict[str, str]) -> None:
    assert_told(check(source(**mapping)), "sources.yml:")
    assert not Path("/tmp/parcours-test-evil").exists()


@pytest.mark.parametrize(
    ("definition", "line"),
    [
        ("{name: b, description: d, owner: o, condition: 'city is null) or (1=1'}", "segments.yml:2"),
        ('{name: b, description: d, owner: o, condition: "city = \'{{ env_var(1) }}"}', "segments.yml:2"),
        ("{name: b, description: d, owner: o, condition: \"getenv('HOME') = 'x'\"}", "segments.yml:2"),
        ("{name: b, description: d, owner: o, condition: \"city in (select x from read_csv('/etc/passwd'))\"}", ":2"),
        ("&a {name: *a}", "segments.yml:2"),
        ("{name: b, description: !x d, owner: o, condition: 'true'}", "segments.yml:2"),
    ],
)
def test_segments_are_judged_like_sources(
    check: Command, parcours: Command, tmp_path: Path, definition: str, line: str
) -> None:
    (tmp_path / "segments.yml").write_text(f"segments:\n  - {definition}\n", encoding="utf-8")
    (tmp_path / "sources.yml").write_text(source(), encoding="utf-8")
    told = parcours("run", "--sources", tmp_path / "sources.yml", "--home", tmp_path / "home")
    assert_told(told, line)
    assert not (tmp_path / "home" / "lake").exists()


def test_a_window_of_a_million_days_is_none(parcours: Command, tmp_path: Path) -> None:
    trait = "{name: t, description: d, owner: o, from: orders, aggregate: count, window_days: 1000000}"
    (tmp_path / "segments.yml").write_text(f"traits:\n  - {trait}\n", encoding="utf-8")
    (tmp_path / "sources.yml").write_text(source(), encoding="utf-8")
    told = parcours("run", "--sources", tmp_path / "sources.yml", "--home", tmp_path / "home")
    assert_told(told, "segments.yml:2", "window_days", "36525")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as-of", "0001-01-01"), "is no day of a run: from 1900-01-01 to 2199-12-31"),
        (("--as-of", "9999-12-31"), "is no day of a run"),
        (("--as-of", "2026-02-30"), "is not a date"),
        (("--rows", "9" * 5000), "is not a whole number from 1"),
        (("--rows", "9" * 12), "is too large"),
        (("--home", ""), "names nothing"),
        (("--sources", " "), "names nothing"),
        (("--home", "a" * 300), "File name too long"),
        (("--home", "loop"), "The home folder loop cannot be"),
        (("--home", "question?"), "has '?' in its path"),
        (("--home", "per%20cent"), "has '%20' in its path"),
        (("--home", "**"), "has '**' in its path"),
        (("--home", "~nobody-of-that-name/x"), "Could not determine home directory"),
        (("--home", os.fsdecode(b"caf\xe9")), "its name is not UTF-8"),
        (("--sources", "loop"), "--sources names loop"),
        (("--home", "taken"), "sources.yml is not a file"),
        (("--home", "dangling"), "sources.yml is a link to nothing"),
    ],
)
def test_options_are_bounded(parcours: Command, tmp_path: Path, arguments: tuple[str, str], words: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "taken").mkdir()
    os.mkfifo(tmp_path / "taken" / "sources.yml")
    (tmp_path / "dangling").mkdir()
    (tmp_path / "dangling" / "sources.yml").symlink_to("nowhere")
    assert_told(parcours("check", *arguments, cwd=tmp_path), words)


@pytest.mark.parametrize("home", ["/proc/parcours", "file/home", "/dev/null/home"])
def test_a_home_that_cannot_be_written_to_is_told(parcours: Command, tmp_path: Path, home: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "sources.yml").write_text(source(), encoding="utf-8")
    told = parcours("run", "--home", home, "--sources", "sources.yml", cwd=tmp_path)
    assert_told(told, "The home folder", "cannot be written to")


def test_what_the_environment_says_is_judged_like_options(check: Command) -> None:
    assert check(source(root='"${EXPORTS}"'), EXPORTS="exports", PARCOURS_HOME=" ").returncode == 0
    assert_told(check(source(root='"${EXPORTS}"'), EXPORTS=""), "EXPORTS is not set")
    assert_told(check(source(root='"${EXPORTS}"'), EXPORTS="~nobody-of-that-name"), "there is no user")


def test_json_keys_that_are_odd_are_columns_like_others(parcours: Command, tmp_path: Path) -> None:
    rows = [{"": "x", "a.b": "1", "_row": "2", "_file": "y", "q'\"": "3", "{{a}}": "4", "line": "5", "id": str(n),
             "mail": f"a{n}@example.org", "day": "2025-01-01"} for n in range(3)]  # fmt: skip
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "contacts.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "sources.yml").write_text(source().replace("*.csv", "*.jsonl"), encoding="utf-8")
    checked = parcours("check", "--sources", tmp_path / "sources.yml", "--as-of", "2026-01-01", "--json")
    assert checked.returncode == 0, checked.stdout
    assert json.loads(checked.stdout)["tables"][0]["rows"]["read"] == 3
