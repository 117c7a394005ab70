"""Answers and files in a form that no shop should give are told or done without, and are no fault of ours."""

from pathlib import Path

from pipelines.pulls.connectors.shopify import bulk, graphql


def test_a_file_that_is_no_text_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'{"id": "1"}\n\xff\xfe\n')
    assert bulk._count(tmp_path / "rows.jsonl") is None


def test_a_search_that_is_a_number_warns_of_nothing() -> None:
    assert not graphql._is_ignored({"extensions": {"search": 7}})
    assert graphql._is_ignored({"extensions": {"search": [{"warnings": [{}]}]}})
