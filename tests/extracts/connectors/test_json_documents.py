"""JSON in every form in which interfaces hand it out: lines, arrays, objects around an array, over many lines."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import ExtractError
from pipelines.extracts.connectors import json_documents

ROWS = [{"store_id": 1, "name": "Évry, 1.10"}, {"store_id": "02", "name": None}, {"name": "c]}", "store_id": 3}]
EXPECTED = [("02", "none"), ("1", "Évry, 1.10"), ("3", "c]}")]


def read(exports: Any, columns: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
    exports.kind = "pos"
    exports.head = "reject_limit: 1\n"
    mapped = columns or {"name": "coalesce(name, 'none')"}
    exports.extract("stores", {"from": "stores.json", "columns": mapped})
    return exports.rows("stores").select("store_id", "name").rows()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        json.dumps(ROWS, ensure_ascii=False, indent="\t").replace("\n", "\r\n"),
        "\ufeff \n" + json.dumps(ROWS),
        "[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n",
        json.dumps({"data": ROWS}),
        json.dumps({"count": 3, "results": ROWS, "links": {"next": None}}),
        json.dumps({"count": 3, "links": [1], "stores": ROWS, "at": "x"}, indent=1),
        json.dumps({"anything": ROWS}, indent=4),
        "\n".join(map(json.dumps, ROWS)),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
    ],
)
def test_the_same_rows_come_out_of_every_form(exports: Any, text: str) -> None:
    exports.write("stores.json", text)
    assert read(exports) == EXPECTED


@pytest.mark.parametrize("chunk", [1, 7, 64])
@pytest.mark.parametrize("shape", ["array", "wrapped"])
def test_a_document_is_read_piece_by_piece(
    exports: Any, monkeypatch: pytest.MonkeyPatch, chunk: int, shape: str
) -> None:
    exports.write(
        "stores.json", json.dumps(ROWS if shape == "array" else {"n": 123.45, "e": 1.5e-7, "data": ROWS}, indent=2)
    )
    monkeypatch.setattr(json_documents, "CHUNK", chunk)
    assert read(exports) == EXPECTED
    if shape == "wrapped":
        monkeypatch.setattr(json_documents, "LARGEST_VALUE", 100)
        assert read(exports) == EXPECTED


def test_the_rows_of_an_order_are_no_rows_of_the_file(exports: Any) -> None:
    order = {"id": 7, "moment": "2026-01-05 10:00", "total": 3, "lines": [{"id": 8}, {"id": 9}]}
    for text in (json.dumps(order), json.dumps(order, indent=2)):
        exports.write("orders.json", text)
        exports.extract_orders()
        assert exports.rows()["order_id"].to_list() == ["7"]


def test_numbers_stay_as_they_are_written(exports: Any) -> None:
    exports.write("stores.json", '[{"store_id": 12345678901234567890, "name": 1.25}]')
    assert read(exports, {"name": "name"}) == [("12345678901234567890", "1.25")]


def test_an_element_that_is_no_object_goes_to_quarantine_with_its_line(exports: Any) -> None:
    exports.write(
        "stores.json", '[\n {"store_id": 1,\n  "name": "a"},\n 17,\n [2],\n {"store_id": null, "name": "b"}\n]'
    )
    assert read(exports, {"name": "name"}) == [("1", "a")]
    assert exports.quarantine("stores").select("line", "reason").rows() == [
        (4, "is not a JSON object"),
        (5, "is not a JSON object"),
        (6, "store_id is missing"),
    ]


@pytest.mark.parametrize("text", ["[]", " [ ]\n", "\n"])
def test_an_empty_array_has_no_rows(exports: Any, text: str) -> None:
    exports.write("stores.json", text)
    assert read(exports) == []


@pytest.mark.parametrize(
    "document",
    [
        {"stores": []},
        {"anything": []},
        {"object": "list", "data": [], "has_more": False, "url": "/v1/stores"},
        {"count": 0, "next": None, "results": [], "links": {"previous": None}},
    ],
)
def test_a_page_without_rows_has_none(exports: Any, document: dict[str, Any]) -> None:
    for indent in (None, 2):
        exports.write("stores.json", json.dumps(document, indent=indent))
        assert read(exports) == []


def test_a_row_with_an_empty_list_is_a_row(exports: Any) -> None:
    exports.write("stores.json", json.dumps({"store_id": 7, "name": "a", "items": []}))
    assert read(exports, {"name": "name"}) == [("7", "a")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS)[:-20],
        json.dumps(ROWS, indent=2)[:-1],
        json.dumps({"data": ROWS}, indent=2)[:-1],
        json.dumps(ROWS) + " x",
        '[{"store_id": 1}\n {"store_id": 2}]',
    ],
)
def test_a_document_that_ends_too_early_or_is_none_is_an_error(exports: Any, text: str) -> None:
    exports.write("stores.json", text)
    with pytest.raises(ExtractError, match=r"cut short or is no JSON, near line|required columns have no source"):
        read(exports, {})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1), min_size=1, max_size=5)


@pytest.mark.long
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=OBJECTS,
    before=SCALARS,
    indent=st.sampled_from([None, 0, 2]),
    is_ascii=st.booleans(),
    is_wrapped=st.booleans(),
    chunk=st.sampled_from([1, 3, 17, 1 << 20]),
)
def test_whatever_a_document_holds_its_rows_are_those_of_a_parser(
    rows: list[dict[str, Any]],
    before: object,
    indent: int | None,
    is_ascii: bool,
    is_wrapped: bool,
    chunk: int,
    tmp_path: Path,
) -> None:
    document = {"before": before, "data": rows, "after": before} if is_wrapped else rows
    path, copy = tmp_path / "in.json", tmp_path / "out.jsonl"
    text = json.dumps(document, indent=indent, ensure_ascii=is_ascii)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with mock.patch.object(json_documents, "CHUNK", chunk):
        starts = json_documents.write_lines(path, copy, "in.json")
    assert starts is not None
    written = copy.read_text(encoding="utf-8", errors="surrogateescape").split("\n")[:-1]
    assert list(map(json.loads, written)) == rows
    assert all(text.split("\n")[line - 1].strip() for line in starts)
