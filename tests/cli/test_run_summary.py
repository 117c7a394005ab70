"""The summary of a night in the language of the retailer: numbers, plurals and columns as that language has them."""

from datetime import date
from pathlib import Path

import pytest

from pipelines.cli import run_summary
from pipelines.cli.progress import Progress
from pipelines.config.home import Home
from pipelines.config.sources import load_sources
from pipelines.nights.outcome import Outcome
from pipelines.texts.catalogue import list_languages
from pipelines.texts.texts import open_texts

SOURCES = """
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: .}
    tables: {orders: {from: orders.csv}}
"""
CHURN = {"published_records": 9, "kept": 1200, "created": 1, "absorbed": 2, "split": 0, "retired": 0, "restored": 0}
ACCURACY = {
    "precision_estimate": 0.99487, "precision_low": 0.98998, "precision_high": 0.9986,
    "recall_estimate": 0.9722, "recall_low": 0.96636, "recall_high": 1.0, "is_reliable": True,
}  # fmt: skip
FIELD = {
    "source": "shop", "table_name": "ecommerce/orders", "row_count": 4321, "filled_count": 21,
    "unreadable_count": 4300, "implausible_count": 0, "placeholder_count": 0, "example_file": "orders.csv",
    "example_line": 7, "example_record_id": None,
}  # fmt: skip


def summarise(folder: Path, language: str) -> list[str]:
    (folder / "sources.yml").write_text(SOURCES)
    outcome = Outcome(succeeded=True, log=folder / "night.log", checks_passed=1234, checks_warned=["drift on x"])
    outcome.check_descriptions["drift on x"] = "\n".join(f"line {number}" for number in range(10))
    counts = {"rows_read": 12345, "rows_kept": 12344, "rows_rejected": 1}
    outcome.assets = {
        "ecommerce/orders": {
            "rows_by_source": {"shop": counts}, "rows_rejected": 1,
            "rejection_reasons": {"quantity is not a number": 1}, "rows_set_apart": 1234,
        },
        "identity/field_report": {"noteworthy": [FIELD | {"column_name": f"column_{n}"} for n in range(10)]},
        "identity/records": {"dagster/row_count": 4321, "rows_of_nobody": 7},
        "identity/customers": {"dagster/row_count": 2053},
        "identity/accuracy": dict(ACCURACY),
        "identity/decisions": {
            "dagster/row_count": 2, "must_link": 1, "cannot_link": 2, "about_absent_records": 1, "not_yet_in_force": 0
        },
        "identity/drift": {"churn": CHURN, "moved_share": 0.0123},
        "identity/model": {
            "trained": True, "is_default": False, "version": "m1", "profiles": 3210,
            "training": {"comparison": {"records_moved": 12, "records": 1234}},
        },
        "segments/definitions": {"segments": 1, "traits": 2, "file": str(folder / "segments.yml")},
        "published/warehouse": {
            "rows_by_mart": {"kpis": 1234, "orders": 5},
            "newest_orders": {"shop": "2025-09-30", "till": "2026-01-29", "app": "2026-02-28"},
        },
    }  # fmt: skip
    sources = load_sources(folder / "sources.yml")
    texts = open_texts(language, "run")
    with Progress(quiet=True) as progress:
        pass
    return run_summary.render(outcome, Home(folder), sources, date(2026, 3, 1), progress, texts).splitlines()


def test_the_summary_is_told_in_french_where_that_is_the_language(tmp_path: Path) -> None:
    told = summarise(tmp_path, "fr")
    assert f"Publié\u00a0: {tmp_path}/warehouse.duckdb, au 1er mars 2026" in told
    assert "Source  Type       Lignes lues  Gardées  Rejetées" in told
    assert "  ecommerce/orders\u00a0: 1, quantity is not a number" in told
    assert "Clients    2\u202f053 personnes reconnues dans 4\u202f321 fiches" in told
    assert "7 lignes ne désignent personne" in "\n".join(told)
    assert "à la place de celui livré\u00a0: 12 des 1\u202f234 fiches publiées auparavant" in "\n".join(told)
    [decided] = [line.strip() for line in told if "décidé" in line]
    assert decided.partition("\u00a0: ")[2] == "1 paire réunie, 2 séparées\u202f; 1 en attente d’une fiche absente"
    assert "Segments   1 segment et 2 caractéristiques" in "\n".join(told)
    assert "1\u202f200 conservés, 1 créé, 2 absorbés, 0 scindé" in "\n".join(told)
    assert "Contrôles  1\u202f234 réussis, 1 avec avertissement, 0 en échec" in told


def test_how_wrong_the_customers_are_is_told_with_its_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        "estimated: 99.49% of the pairs of records put together are right (99.00% to 99.86%), "
        "97.22% of those of one person are found (96.64% to 100.00%)"
    ) in [line.strip() for line in summarise(tmp_path, "en")]
    assert "a guess" not in "\n".join(summarise(tmp_path, "en"))
    monkeypatch.setitem(ACCURACY, "is_reliable", False)
    assert "these two are a guess" in "\n".join(summarise(tmp_path, "en"))


def test_what_the_parts_of_the_home_take_is_told(tmp_path: Path) -> None:
    (tmp_path / "lake" / "state").mkdir(parents=True)
    for name, size in (
        ("warehouse.duckdb", 1_234_000_000),
        ("lake/orders", 4_000_000),
        ("lake/state/ledger", 2_000_000),
    ):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    words = "1,240 MB: published warehouse 1,234 MB, lake 4 MB, kept from night to night 2 MB"
    assert any(line.split(maxsplit=1) == ["Disk", words] for line in summarise(tmp_path, "en"))


def test_the_columns_that_lose_most_values_are_told_and_how_many_more_there_are(tmp_path: Path) -> None:
    told = summarise(tmp_path, "en")
    [heading] = [number for number, line in enumerate(told) if line.startswith("Values that are none")]
    assert told[heading + 1].split() == [
        "Column",
        "Rows",
        "Filled",
        "Unreadable",
        "Implausible",
        "Placeholder",
        "First",
    ]
    assert " ".join(told[heading + 2].split()) == "shop ecommerce/orders.column_0 4,321 21 4,300 0 0 orders.csv:7"
    assert told[heading + 2 + run_summary.MOST_LINES] == "  and 2 more"


def test_the_first_night_says_where_every_column_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHURN, "published_records", 0)
    told = summarise(tmp_path, "en")
    [heading] = [number for number, line in enumerate(told) if line.startswith("Values that are none")]
    assert told[heading + 11].split()[1] == "ecommerce/orders.column_9"


def test_rows_later_than_the_day_are_told_by_table(tmp_path: Path) -> None:
    told = summarise(tmp_path, "en")
    [heading] = [number for number, line in enumerate(told) if line.startswith("Rows later than 1 March 2026")]
    assert told[heading + 1] == "  ecommerce/orders: 1,234"


def test_sources_whose_orders_end_long_before_the_day_are_told(tmp_path: Path) -> None:
    """A month without an order, such as the till's February, is no silence yet."""
    told = summarise(tmp_path, "en")
    [heading] = [number for number, line in enumerate(told) if line.startswith("Orders end long before")]
    assert told[heading + 1 : heading + 3] == ["  shop: none after 30 September 2025, 152 days before", ""]


@pytest.mark.parametrize("language", list_languages())
def test_the_lines_of_a_paragraph_begin_under_each_other(tmp_path: Path, language: str) -> None:
    told = summarise(tmp_path, language)
    texts = open_texts(language, "run")
    places = []
    for label in ("customers", "segments", "checks", "disk", "time"):
        head = texts.say(f"label_{label}")
        [line] = [line for line in told if line.startswith(f"{head}  ")]
        places.append(len(line) - len(line.removeprefix(head).lstrip()))
    assert len(set(places)) == 1
    [warned] = [line for line in told if "drift on x" in line]
    assert warned.startswith(" " * places[0])
    assert sum(line.strip().startswith("line ") for line in told) == run_summary.MOST_LINES


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Other users of this machine can read 2"), ("fr", "peuvent lire 2 des fichiers")]
)
def test_a_home_that_others_can_read_is_told_in_one_line_with_the_way_out(
    tmp_path: Path, language: str, words: str
) -> None:
    tmp_path.chmod(0o700)
    assert "doctor" not in "\n".join(summarise(tmp_path, language))
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake").chmod(0o755)
    (tmp_path / "report.html").touch()
    (tmp_path / "report.html").chmod(0o644)
    [line] = [line for line in summarise(tmp_path, language) if words in line]
    assert line.endswith(f"parcours doctor --home {tmp_path} --mend")


def test_a_run_that_failed_tells_of_an_open_home_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "report.html").touch()
    (tmp_path / "report.html").chmod(0o640)
    told = run_summary.render_failure(Outcome(succeeded=False, log=tmp_path / "night.log"), Home(tmp_path))
    assert f"Other users can read 1 of its files and folders. To close them: parcours doctor --home {tmp_path}" in told
