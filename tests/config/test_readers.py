"""`readers` of sources.yml: a group that exists and that files can be given to, or a fault with its line."""

import grp
import os
from pathlib import Path

import pytest

from pipelines.config import readers
from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError

OWN = grp.getgrgid(os.getegid()).gr_name
SOURCES = """readers: {group}
sources:
  - name: shop
    kind: ecommerce
    connector: {{type: files, root: .}}
    tables: {{orders: {{from: orders.csv}}}}
"""


def write(folder: Path, group: str) -> Path:
    file = folder / "sources.yml"
    file.write_text(SOURCES.format(group=group))
    return file


def test_a_group_of_this_machine_is_taken(tmp_path: Path) -> None:
    assert load_sources(write(tmp_path, OWN)).readers == OWN


@pytest.mark.parametrize("group", ["no-such-group-here", "1000", "[]", "''", "true"])
def test_what_is_no_group_is_a_fault_with_its_line(tmp_path: Path, group: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sources\.yml:1: readers"):
        load_sources(write(tmp_path, group))


def test_a_group_that_one_is_not_in_is_a_fault_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "may_give_to", lambda _: False)
    with pytest.raises(ConfigurationError, match="usermod -aG"):
        load_sources(write(tmp_path, OWN))
