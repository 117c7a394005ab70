"""The rows of a table as a link: what a spreadsheet would run is text in it."""

from urllib.parse import unquote

import pytest

from pipelines.report.csv_links import link_csv
from pipelines.report.tables import Cell, Column, Table


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=1+1", "'=1+1"),
        ("\tx", "'\tx"),
        ("Lyon;=1+1", "Lyon;'=1+1"),
        ("Lyon\t@SUM(A1)", "Lyon\t'@SUM(A1)"),
        ("Saint-Denis; centre", "Saint-Denis; centre"),
    ],
)
def test_a_name_is_no_formula_wherever_a_spreadsheet_begins_a_cell(name: str, written: str) -> None:
    rows = [[Cell(name, name, is_number=False), Cell("-1", "-1", is_number=True)]]
    table = Table("t", "t", [Column("name", "Name", "text"), Column("n", "N", "number")], rows)
    assert unquote(link_csv(table)).splitlines()[-1] == f"{written},-1"
