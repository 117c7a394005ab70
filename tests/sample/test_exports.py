"""The exports: three dialects that the written sources.yml maps back to the very world they came from."""

from pathlib import Path

import pytest

from pipelines.config.sources import load_sources
from pipelines.contracts import TABLES
from pipelines.errors import ConfigurationError
from pipelines.extracts.conform import extract_table
from pipelines.lake.tables import Lake
from pipelines.sample import SEED, generate_sample
from pipelines.sample.exports import FLAWS, flaws_in, write_exports
from pipelines.sample.world import World, generate

COMMITTED = Path(__file__).resolve().parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def world() -> World:
    return generate(1_000, 365, seed=11)


@pytest.fixture(scope="module")
def exported(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exports")
    write_exports(world, out)
    return out


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path)
def test_an_export_maps_back_to_the_canonical_table_exactly(
    table, world: World, exported: Path, tmp_path: Path
) -> None:
    if table.path not in world.tables:
        pytest.skip("no table of the generated retailer's")
    lake = Lake(tmp_path)
    sources = load_sources(exported / "sources.yml")
    extracted = extract_table(sources, table, lake, sources.as_of)
    assert lake.read(table.kind, table.name).drop("source").equals(world.tables[table.path])
    assert extracted.rows_rejected == (table.path in flaws_in(world.tables))


def test_most_of_the_flaws_are_in_a_world_of_a_thousand_people(world: World) -> None:
    assert len(flaws_in(world.tables)) >= len(FLAWS) - 1


def test_the_dialects_are_what_they_claim(exported: Path) -> None:
    assert (exported / "crm" / "contacts.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    lines = (exported / "till" / "lignes.csv").read_bytes()
    assert "défaut".encode("latin-1") in lines
    assert b'"' not in lines
    assert lines.splitlines()[1].count(b";") == 7


def test_the_committed_sample_is_what_its_seed_gives(tmp_path: Path) -> None:
    generate_sample(tmp_path, seed=SEED)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(COMMITTED): path.read_bytes() for path in COMMITTED.rglob("*") if path.is_file()}
    assert made.keys() == kept.keys()
    assert [str(name) for name in made if made[name] != kept[name]] == []
    assert sum(len(content) for content in kept.values()) < 6_000_000


@pytest.mark.parametrize("wrong", [{"customers": 10}, {"days": 5}, {"seed": -1}])
def test_a_sample_too_small_is_refused_with_the_way_out(wrong: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least 50 customers"):
        generate_sample(tmp_path / "out", **wrong)


@pytest.mark.parametrize("seed", range(5))
def test_the_smallest_sample_is_made_whatever_the_seed(seed: int, tmp_path: Path) -> None:
    generate_sample(tmp_path, customers=50, days=60, seed=seed, faults=True)
    assert (tmp_path / "sources.yml").exists()
