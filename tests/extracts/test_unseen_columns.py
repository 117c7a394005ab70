"""Which columns of a source no SQL of its mapping can see."""

from typing import Any

import pytest

from pipelines.extracts.unseen_columns import find_unseen

COLUMNS = ("Id", "Nom", "N° d'article", 'a "quoted" one', "amt$", "city", "Unused")


@pytest.mark.parametrize(
    ("sql", "unseen"),
    [
        (["Id"], {"Nom", "N° d'article", 'a "quoted" one', "amt$", "Unused"}),
        (["id || nom"], {"N° d'article", 'a "quoted" one', "amt$", "Unused"}),
        (["N° d'article", "Id"], {"Nom", 'a "quoted" one', "amt$", "Unused"}),
        (['upper("a ""quoted"" one")'], {"Id", "Nom", "N° d'article", "amt$", "Unused"}),
        (["amt$ + 1"], {"Id", "Nom", "N° d'article", 'a "quoted" one', "Unused"}),
        (["regexp_replace(Nom, '\\s*[*]+', '')"], {"Id", "N° d'article", 'a "quoted" one', "amt$", "Unused"}),
        (["select Id from source where Nom = 'x'"], {"N° d'article", 'a "quoted" one', "amt$", "Unused"}),
        (
            ["select source.Id from source -- all of them: *"],
            {"Nom", "N° d'article", 'a "quoted" one', "amt$", "Unused"},
        ),
        (["Id /* of all: * */"], {"Nom", "N° d'article", 'a "quoted" one', "amt$", "Unused"}),
        (
            ["select Id from source left join others on source.Id = others.Nom"],
            {"N° d'article", 'a "quoted" one', "amt$", "Unused"},
        ),
    ],
)
def test_what_is_named_nowhere_is_unseen(sql: list[str], unseen: set[str]) -> None:
    assert find_unseen(COLUMNS, sql, ["city"], ["source", "others"]) == unseen


@pytest.mark.parametrize(
    "sql",
    [
        "select * from source",
        "select source.* from source",
        "concat_ws(' ', *columns('N.*'))",
        "coalesce(columns(lambda name: name like 'N%'))",
        "from source",
        "with heads as (from source where Id > 1) select Id from heads",
        "select Id from source union all from others",
        "select to_json(source) from source",
        "select to_json(s) from source s",
        "select to_json(s) from source as s",
        'select to_json("source") from source',
        "select Id from source natural join others",
        "select Id from (unpivot source on Nom, city)",
        "select Id from source, others",
        "e'it\\'s' || Id",
        "select a$b$c, * from source where a$b$c = 1",
        "$a$ ' $a$ || columns(lambda name: true) || $a$ ' $a$",
        "Id /* || Nom",
        "Id /*/",
    ],
)
def test_where_sql_may_read_what_it_does_not_name_every_column_is_seen(sql: str) -> None:
    assert find_unseen(COLUMNS, [sql, "Id"], [], ["source", "others"]) == set()


def test_a_column_that_only_a_query_counts_is_cleaned_and_a_row_at_fault_shows_all_as_they_came(exports: Any) -> None:
    exports.kind = "pos"
    exports.write("s.csv", "id,label,note\n1,\u00a0Lyon ,\u00a0odd\n,Nice,\u00a0kept\n")
    exports.head = "reject_limit: 1\n"
    exports.extract("stores", {"from": "s.csv", "columns": {"store_id": "id", "name": "label || '|'"}})
    assert exports.rows("stores")["name"].to_list() == ["Lyon|"]
    assert "\u00a0kept" in exports.quarantine("stores")["raw"][0]
