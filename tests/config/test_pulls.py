"""What `sources.yml` may say of a pull, and the line of what it may not."""

from pathlib import Path

import pytest

from pipelines.config.connectors import PulledSource
from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError

HEAD = """sources:
  - name: shop
    kind: ecommerce
    connector: {type: postgresql, host: db, database: shop, user: me, password: "${SHOP_PASSWORD}"}
"""
TABLES = "    tables: {orders: {from: orders}}\n"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret")


def load(folder: Path, pulls: str = "", head: str = HEAD, tables: str = TABLES) -> PulledSource:
    file = folder / "sources.yml"
    file.write_text(head + (f"    pulls: {{{pulls}}}\n" if pulls else "") + tables)
    [source] = load_sources(file).sources
    assert isinstance(source, PulledSource)
    return source


def test_a_table_without_a_pull_is_pulled_as_a_whole(tmp_path: Path) -> None:
    [(name, pull)] = load(tmp_path).wanted.items()
    assert (name, pull.from_, pull.key, pull.cursor) == ("orders", None, (), None)


def test_what_queries_read_beside_is_pulled_too(tmp_path: Path) -> None:
    tables = """    tables:
      orders: {from: orders, query: "select * from source join refunds using (id)", with: {refunds: refund}}
"""
    assert list(load(tmp_path, tables=tables).wanted) == ["orders", "refund"]


def test_the_password_is_shown_nowhere(tmp_path: Path) -> None:
    source = load(tmp_path)
    assert "s3cret" not in repr(source) + source.model_dump_json()


@pytest.mark.parametrize(
    ("pulls", "told"),
    [
        ("orders: {cursor: changed}", "'cursor' without 'key'"),
        ("orders: {overlap: 1h}", "'overlap' without 'cursor'"),
        ("orders: {deletes: none}", "'deletes' without 'cursor'"),
        ("orders: {from: a, select: b}", "'from' and 'select' together"),
        ("orders: {key: id, cursor: changed, overlap: soon}", "must be a time such as 30m, 2h or 1d"),
        ("orders: {key: id, cursor: changed, overlap: 999999d}", "at most 3650d"),
        ("orders: {key: id, cursor: changed, columns: [id]}", "'columns' leave out changed"),
        ("orders: {}, others: {}", "no table reads the pull 'others'"),
        ("orders: {curser: changed}", "unknown key"),
        ("orders: {tolerance: 2}", "tolerance"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, pulls: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, pulls)
    assert told in str(raised.value)
    assert "sources.yml:" in str(raised.value)


@pytest.mark.parametrize("written", ["s3cret", "pre${SHOP_PASSWORD}", "${SHOP_PASSWORD}${SHOP_PASSWORD}"])
def test_a_password_comes_from_the_environment_alone(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigurationError, match="has no place in a file") as raised:
        load(tmp_path, head=HEAD.replace("${SHOP_PASSWORD}", written))
    assert "s3cret" not in str(raised.value)
