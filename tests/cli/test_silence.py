"""What libraries print of an export reaches no terminal: it may be a value."""

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.cli.main import main
from tests.workbooks import make_workbook

SOURCES = """
sources:
  - {name: shop, kind: ecommerce, connector: {type: files, root: .}, tables: {products: {from: products.xlsx}}}
"""


def write_workbook(file: Path) -> None:
    """A workbook with a moment so early that the reader of workbooks panics, and prints so itself."""
    whole = make_workbook({"s": [["product_id", "name"], ["1", datetime(1990, 1, 1)]]})  # noqa: DTZ001
    with zipfile.ZipFile(io.BytesIO(whole)) as read, zipfile.ZipFile(file, "w") as written:
        for name in read.namelist():
            written.writestr(name, read.read(name).replace(b"<v>32874.0<", b"<v>-1e999<"))


@pytest.mark.parametrize("command", ["check", "init"])
def test_a_reader_that_panics_is_told_in_our_words(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_workbook(tmp_path / "products.xlsx")
    (tmp_path / "sources.yml").write_text(SOURCES)
    told = {
        "check": ("--sources", str(tmp_path / "sources.yml")),
        "init": (str(tmp_path), "--out", str(tmp_path / "new.yml")),
    }
    main([command, *told[command]])
    out, err = capfd.readouterr()
    assert "products.xlsx" in out + err
    assert "panicked" not in out + err
