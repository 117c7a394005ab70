"""Homes of earlier releases, as `scripts/keep_release.py` kept them: this one goes on from each."""

import tarfile
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.config.home import find_home
from pipelines.lake.tables import Lake
from tests.conftest import Command

RELEASES = sorted((Path(__file__).parents[1] / "releases").glob("*.tar.xz"))
NEXT_DAY = "2026-03-01"
COUNTED = "select count(*), sum(total_amount) from marts.orders where is_revenue and ordered_at < date '2026-02-28'"


@pytest.fixture(scope="module", params=RELEASES, ids=lambda file: file.name.removesuffix(".tar.xz"))
def released(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the exports, the home and the backup of a release."""
    folder = tmp_path_factory.mktemp("released")
    with tarfile.open(request.param) as archive:
        archive.extractall(folder, filter="data")
    return folder


def ask(warehouse: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_release_is_kept() -> None:
    assert RELEASES, "scripts/keep_release.py keeps one"


def test_a_backup_of_a_release_is_restored(released: Path, tmp_path: Path, parcours: Command) -> None:
    restored = find_home(tmp_path / "restored")
    done = parcours("restore", released / "parcours.backup", "--home", restored.root)
    assert done.returncode == 0, done.stderr
    before = pl.read_parquet(Lake(find_home(released / "home").lake).committed_ledger, glob=False)
    assert pl.read_parquet(Lake(restored.lake).committed_ledger, glob=False).equals(before)


def test_the_next_night_goes_on_from_a_home_of_a_release(released: Path, parcours: Command) -> None:
    home = find_home(released / "home")
    place = ["--home", home.root, "--sources", released / "exports" / "sources.yml"]
    ids, sold = ask(home.warehouse, "from marts.customer_id_map order by all"), ask(home.warehouse, COUNTED)
    assert len(ids) > 50
    examined = parcours("doctor", *place, "--mend")  # An archive has no rights of folders.
    assert examined.returncode == 0, examined.stdout
    night = parcours("run", *place, "--as-of", NEXT_DAY)
    assert night.returncode == 0, night.stderr
    assert "no id changed" in night.stdout
    assert ask(home.warehouse, "from marts.customer_id_map order by all") == ids
    assert ask(home.warehouse, COUNTED) == sold
    back = parcours("rollback", *place[:2])
    assert back.returncode == 0, back.stderr
    assert ask(home.warehouse, "from marts.customer_id_map order by all") == ids
