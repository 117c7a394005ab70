"""SQL is written once, in DuckDB's dialect, and reads the same on Spark."""

import pytest

from pipelines.identity.model.dialects import translate
from pipelines.identity.model.specification import BLOCKING_KEYS, declare_fields
from pipelines.identity.model.splink_settings import declare_settings


@pytest.mark.parametrize(
    ("written", "on_spark"),
    [
        ("strlen(a)", "octet_length(a)"),
        ("list_has_any(string_split(a, ' '), b)", r"arrays_overlap(SPLIT(a, CONCAT('\\Q', ' ', '\\E')), b)"),
        ("jaro_winkler_similarity(a, b) >= 0.8", "jaro_winkler_of_duckdb(a, b) >= 0.8"),
        (
            "damerau_levenshtein(a, b)",
            "damerau_levenshtein(decode(encode(a, 'UTF-8'), 'ISO-8859-1'), decode(encode(b, 'UTF-8'), 'ISO-8859-1'))",
        ),
        ("hash(strlen(a), b)", "xxhash64(octet_length(a), b)"),
    ],
)  # fmt: skip
def test_what_only_duckdb_has_is_called_as_spark_calls_it(written: str, on_spark: str) -> None:
    assert translate(written, "spark").lower() == on_spark.lower()


def test_for_duckdb_nothing_is_rewritten() -> None:
    for condition in [*BLOCKING_KEYS.values(), "any thing; that is no SQL("]:
        assert translate(condition, "duckdb") == condition


def test_the_settings_for_spark_declare_the_same_levels() -> None:
    on_duckdb, on_spark = (
        declare_settings(declare_fields(), dialect)["comparisons"] for dialect in ("duckdb", "spark")
    )
    for one, other in zip(on_duckdb, on_spark, strict=True):
        assert one["output_column_name"] == other["output_column_name"]
        for mine, theirs in zip(one["comparison_levels"], other["comparison_levels"], strict=True):
            assert {**mine, "sql_condition": ""} == {**theirs, "sql_condition": ""}
