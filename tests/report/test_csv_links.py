"""The rows of a table as a link: what a spreadsheet would run is text in it."""

import csv
import io
from urllib.parse import unquote

import pytest

from pipelines.report.csv_links import BYTE_ORDER_MARK, link_csv
from pipelines.report.tables import Cell, Column, Table


def read(link: str) -> list[list[str]]:
    text = unquote(link.partition(",")[2])
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(text[1:], newline="")))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        *((f"{sign}1+1", f"'{sign}1+1") for sign in "=+-@＝＋－＠"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("\r=x", "'\r'=x"),
        *((f"Lyon{mark}=1+1", f"Lyon{mark}'=1+1") for mark in ";\t\r\n"),
        ("a;=1;=2", "a;'=1;'=2"),
        (' "=1+1', "' \"=1+1"),
        ("\u00a0=1+1", "'\u00a0=1+1"),
        ('Lyon;"=1+1', "Lyon;'\"=1+1"),
        ("Saint-Denis; centre", "Saint-Denis; centre"),
        ('Le "Bar" = 7', 'Le "Bar" = 7'),
    ],
)
def test_a_name_is_no_formula_wherever_a_spreadsheet_begins_a_cell(name: str, written: str) -> None:
    rows = [[Cell(name, name, is_number=False), Cell("-1", "-1", is_number=True)]]
    table = Table("t", "t", [Column("name", "Name", "text"), Column("n", "N", "number")], rows)
    assert read(link_csv(table))[1:] == [[written, "-1"]]


def test_the_label_of_a_column_is_no_formula_either() -> None:
    table = Table("t", "t", [Column("name", "=1+1", "text")], [])
    assert read(link_csv(table)) == [["'=1+1"]]
