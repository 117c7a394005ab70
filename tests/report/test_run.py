"""The report as part of a night, and by command: where it lies, what is told of it, and what happens when it fails."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from pipelines.cli import run_job, run_summary
from pipelines.cli.main import main
from pipelines.config.home import Home
from pipelines.defs import report as report_module
from pipelines.defs.report import report
from pipelines.defs.resources import Night
from pipelines.nights.outcome import Failure, Outcome

Command = Callable[..., subprocess.CompletedProcess[str]]
Change = Callable[..., Home]

SOURCES = """
language: fr
as_of: 2026-02-28
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: .}
    tables: {orders: {from: orders.csv}}
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    path = tmp_path / "sources.yml"
    path.write_text(SOURCES)
    return path


@pytest.fixture
def change_marts(change_marts: Change, first_night: tuple[Home, str], tmp_path: Path) -> Change:
    """With what a publication keeps, without which no run begins."""
    for kept in ("state", "models"):
        shutil.copytree(first_night[0].lake / kept, Home(tmp_path / "changed").lake / kept)
    return change_marts


def draw_in_dagster(home: Home, sources: Path, **settings: str) -> dg.ExecuteInProcessResult:
    night = Night(home=str(home.root), sources=str(sources), **settings)
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [report],
            resources={"night": night},
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def test_a_night_leaves_its_report_and_says_where(first_night: tuple[Home, str], list_kept: Any) -> None:
    home, printed = first_night
    assert f"Read the report:       {home.report}" in printed
    assert home.report.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(list_kept(home)) == 1
    assert home.quality.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_dagster_links_the_runs_own_report_with_its_headlines(
    change_marts: Change, sources: Path, read_unlinked: Any
) -> None:
    home = change_marts()
    result = draw_in_dagster(home, sources)
    assert result.success
    [event] = result.get_asset_materialization_events()
    metadata = event.materialization.metadata
    kept = Path(str(metadata["report"].value))
    assert kept.parent == home.reports
    assert metadata["open"].value == kept.as_uri()
    assert read_unlinked(kept) == read_unlinked(home.report)
    for one, other in ((kept, f"{kept.stem}-quality.html"), (home.report, "quality.html")):
        assert f'href="{other}"' in one.read_text(encoding="utf-8")
        assert f'href="{one.name}"' in one.with_name(other).read_text(encoding="utf-8")
    assert '<html lang="fr">' in kept.read_text(encoding="utf-8"), "as sources.yml says"
    headlines: Any = metadata["headlines"].value
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        [(customers,)] = connection.execute(
            "select value from marts.kpis where headline = 'customers' and identity_threshold = 'default' "
            "and month = (select max(month) from marts.kpis where is_complete)"
        ).fetchall()
    assert int(headlines["customers"].replace("\u202f", "")) == customers
    assert len(headlines) == 11


def test_a_runs_own_language_comes_before_that_of_the_sources(change_marts: Change, sources: Path) -> None:
    home = change_marts()
    assert draw_in_dagster(home, sources, language="en").success
    assert '<html lang="en">' in home.report.read_text(encoding="utf-8")
    assert not draw_in_dagster(home, sources, language="de").success


def test_reports_of_past_runs_are_kept_for_a_month(
    change_marts: Change, sources: Path, monkeypatch: pytest.MonkeyPatch, list_kept: Any
) -> None:
    home = change_marts()
    monkeypatch.setattr(report_module, "KEPT", 2)
    for _ in range(3):
        assert draw_in_dagster(home, sources).success
    assert len(list_kept(home)) == 2


def test_a_report_that_cannot_be_drawn_fails_its_step_and_unpublishes_nothing(
    change_marts: Change, sources: Path
) -> None:
    home = change_marts("drop table marts.friction_points")
    before = home.warehouse.read_bytes()
    result = draw_in_dagster(home, sources)
    assert not result.success
    [failure] = result.filter_events(lambda event: event.is_step_failure)
    assert "friction_points" in str(failure.step_failure_data.user_failure_data.description)
    assert home.warehouse.read_bytes() == before
    assert not home.report.exists()


def test_a_night_without_its_report_is_published_and_ends_with_3(
    change_marts: Change, sources: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = change_marts()
    outcome = Outcome(succeeded=False, log=home.root / "night.log")
    outcome.failures.append(Failure("published/report", "The report cannot be drawn.", 1))
    monkeypatch.setattr(run_job, "launch", lambda *_: outcome)
    monkeypatch.setattr(run_summary, "render", lambda *_: "Published.\n")
    arguments = ["run", "--home", str(home.root), "--sources", str(sources)]

    assert main(arguments) == 1, "nothing says that the warehouse was published"
    assert "Nothing was published." in capsys.readouterr().err

    outcome.assets["published/warehouse"] = {}
    assert main(arguments) == 3
    printed = capsys.readouterr()
    assert printed.out == "Published.\n"
    assert "Nothing was published" not in printed.err
    for word in ("✗ published/report", "The report cannot be drawn.", "published nevertheless", "night.log"):
        assert word in printed.err


def test_the_command_draws_it_again_in_another_language_and_place(
    change_marts: Change, sources: Path, parcours: Command, tmp_path: Path, read_unlinked: Any
) -> None:
    home = change_marts()
    drawn = parcours("report", "--home", home.root, "--lang", "fr", "--out", tmp_path / "rapport.html")
    assert (drawn.returncode, drawn.stdout) == (0, f"{tmp_path / 'rapport.html'}\n"), drawn.stderr
    assert '<html lang="fr">' in (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert not home.report.exists()
    again = parcours("report", "--home", home.root, "--sources", sources)
    assert (again.returncode, again.stdout) == (0, f"{home.report}\n"), again.stderr
    assert (tmp_path / "rapport-quality.html").exists()
    assert read_unlinked(home.report) == read_unlinked(tmp_path / "rapport.html"), "French, as sources.yml says"


def test_the_command_tells_what_is_wrong(parcours: Command, tmp_path: Path) -> None:
    nothing = parcours("report", "--home", tmp_path)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "no published warehouse" in nothing.stderr
    assert parcours("report", "--lang", "de").returncode == 2
    (tmp_path / "sources.yml").write_text(SOURCES.replace("language: fr", "language: de"))
    faulty = parcours("report", "--home", tmp_path)
    assert faulty.returncode == 2
    assert "sources.yml:2: language: 'de' is not one of 'en' or 'fr'" in faulty.stderr


def test_the_report_waits_for_publication_and_nothing_waits_for_it() -> None:
    from pipelines.definitions import build_definitions

    specs = {spec.key.to_user_string(): spec for spec in build_definitions().resolve_all_asset_specs()}
    assert [dep.asset_key.to_user_string() for dep in specs["published/report"].deps] == ["published/warehouse"]
    awaited = {dep.asset_key.to_user_string() for spec in specs.values() for dep in spec.deps}
    assert "published/report" not in awaited
