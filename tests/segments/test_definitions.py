"""`segments.yml`: what may stand in it, and what an analyst is told of a mistake."""

from pathlib import Path

import pytest

from pipelines.config.home import Home
from pipelines.config.sources import load_sources
from pipelines.errors import ConfigurationError
from pipelines.segments.columns import built_in_segments, columns_of
from pipelines.segments.definitions import BUNDLED, TIMES, Definitions, find_segments, load_segments

SOURCES = """
sources:
  - name: crm
    kind: crm
    connector: {type: files, root: .}
    tables: {contacts: {from: contacts.csv}}
"""
TRAITS = """\
traits:
  - name: visits_30d
    description: Visits in the last 30 days
    owner: web team
    from: customer_touchpoints
    aggregate: count
    where: touch_kind = 'visit'
    window_days: 30
segments:
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "segments.yml"
    file.write_text(text, encoding="utf-8")
    return file


def complain(folder: Path, text: str) -> list[str]:
    """The lines of the error, without the first."""
    with pytest.raises(ConfigurationError) as raised:
        load_segments(write(folder, text))
    first, *told = str(raised.value).splitlines()
    assert first.endswith("(docs/segments.md explains every key):")
    assert raised.value.exit_code == 2
    return [line.strip() for line in told]


def complain_of(folder: Path, condition: str) -> str:
    """What is said of one condition, which begins in line 14."""
    text = f"{TRAITS}  - name: mine\n    description: d\n    owner: o\n    condition: |\n"
    [told] = complain(folder, text + "".join(f"      {line}\n" for line in condition.splitlines()))
    return told


def test_the_bundled_examples_are_sound_and_told_apart_from_the_built_in_segments() -> None:
    examples = load_segments(BUNDLED)
    assert len(examples.segments) >= 4
    assert not {segment.name for segment in examples.segments} & set(built_in_segments())
    assert {"champions", "lapsed"} <= set(built_in_segments())


def test_a_file_may_define_nothing(tmp_path: Path) -> None:
    for text in ("", "# to come\n", "segments:\ntraits:\n", "segments: []\n"):
        assert load_segments(write(tmp_path, text)) == Definitions()


def test_the_home_comes_before_the_folder_of_the_sources_and_that_before_the_examples(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "sources.yml").write_text(SOURCES, encoding="utf-8")
    sources, home = load_sources(shop / "sources.yml"), Home(tmp_path)
    assert find_segments(home, sources) == BUNDLED
    of_shop = write(shop, "")
    assert find_segments(home, sources) == of_shop
    of_home = write(tmp_path, "")
    assert find_segments(home, sources) == of_home


def test_a_column_that_does_not_exist_is_told_with_its_line_and_the_nearest_real_one(tmp_path: Path) -> None:
    told = complain(
        tmp_path,
        "segments:\n"
        "  - name: mine\n"
        "    description: revenu of the year\n"
        "    owner: o\n"
        "    condition: >-\n"
        "      order_count > 1\n"
        "      and revenu > 5 and visit_count > 3\n"
        "      and (revenue > 9 or revenu < 1)\n",
    )
    assert told == [
        "segments.yml:7: segments[mine].condition: no column 'revenu' in customer_360, nor a trait of that name, "
        "did you mean 'revenue'?",
        "segments.yml:7: segments[mine].condition: no column 'visit_count' in customer_360, nor a trait of that name, "
        "did you mean 'source_count'?",
        "segments.yml:8: segments[mine].condition: no column 'revenu' in customer_360, nor a trait of that name, "
        "did you mean 'revenue'?",
    ]


def test_conditions_read_customers_traits_and_the_day(tmp_path: Path) -> None:
    text = f"{TRAITS}  - name: mine\n    description: d\n    owner: o\n    condition: "
    for condition in (
        "visits_30d >= 2 and revenue > 10.5",
        "last_ordered_at < as_of - interval '10' day",
        "Email_Consent",
        "try_cast(postcode as int) between 75000 and 75999  -- Paris",
        "favourite_category in ('a', 'b') or journey_stage like 'lo%'",
        "first_name = 'O''Neil; drop' and city = 'select'",
        "true",
        "null",
    ):
        assert load_segments(write(tmp_path, f"{text}|\n      {condition}\n")).segments[0].condition == condition


@pytest.mark.parametrize(
    ("condition", "line", "words"),
    [
        ("revenue > 1\nand city = 'é'\nand citi = 'é'", 16, "no column 'citi' in customer_360"),
        ("revenue + 1", 13, "gives DECIMAL(19,2) for each customer, not true or false"),
        ("city", 13, "gives VARCHAR for each customer, not true or false"),
        ("true; drop table customer_360", 13, "more than one statement"),
        ("true) from customer_360 where (true", 13, "is not SQL: syntax error"),
        ("true), (false", 13, "is not SQL: syntax error"),
        ("true) where (true", 13, "is not SQL: syntax error"),
        ("true) from (select 1", 13, "is not SQL: syntax error"),
        ("true) union (select true", 13, "is not SQL: syntax error"),
        ("true) order by (1", 13, "is not SQL: syntax error"),
        ("revenue >", 13, "is not SQL: syntax error"),
        ("city = 'Paris", 13, "is not SQL: unterminated"),
        ("revenue > (select max(revenue) from customer_360)", 13, "has a subquery"),
        ("exists (from read_csv('/etc/passwd'))", 13, "has a subquery"),
        ("revenue > 1 and\ncount(*) > 3", 15, "'count' is of many rows: make it a trait"),
        ("row_number() over () > 3", 13, "has a window function"),
        ("last_ordered_at > current_date - 30", 14, "'current_date' differs from run to run"),
        ("last_ordered_at > now()", 14, "'now' differs from run to run"),
        ("random() < 0.5", 14, "'random' differs from run to run"),
        ("nearly(revenue)", 13, "Scalar Function with name nearly does not exist"),
        ("postcode > 75000", 13, "Cannot compare values of type VARCHAR and type INTEGER"),
        ("customer_360.revenue > 1", 14, "write the column without the table, 'revenue'"),
        ("revenue > $1", 13, "has a parameter"),
        ("cast(postcode as int) > 75000", 14, "write try_cast"),
        ("postcode::int > 75000", 13, "write try_cast"),
    ],
)  # fmt: skip
def test_what_is_no_condition_on_one_customer_is_told(tmp_path: Path, condition: str, line: int, words: str) -> None:
    told = complain_of(tmp_path, condition)
    assert told.startswith(f"segments.yml:{line}: segments[mine].condition: ")
    assert words in told


def test_what_is_wrong_with_a_trait_is_told_with_its_line(tmp_path: Path) -> None:
    def of(**keys: object) -> str:
        given = {"name": "mine", "description": "d", "owner": "o", "from": "orders", "aggregate": "count"} | keys
        lines = [f"{key}: {value}" for key, value in given.items()]
        [told] = complain(tmp_path, "traits:\n  - " + "\n    ".join(lines) + "\n")
        return told

    assert of(name="revenue") == (
        "segments.yml:2: traits[revenue].name: 'revenue' is a column of customer_360 already, so conditions could not "
        "tell them apart"
    )
    assert "'as_of' is the day of the run already" in of(name="as_of")
    assert "'order' is a word of SQL" in of(name="order")
    assert "must begin with a letter" in of(name="Mine")
    assert of(**{"from": "order"}).startswith("segments.yml:5: traits[mine].from: 'order' is not one of 'orders'")
    assert "'median' is not one of 'count'" in of(aggregate="median")
    assert "segments.yml:6: traits[mine].aggregate: 'sum' is of a column: add the key 'column'" in of(aggregate="sum")
    assert (
        "segments.yml:7: traits[mine].column: orders has no column 'totl_amount', did you mean 'total_amount'?"
        in of(aggregate="sum", column="totl_amount")
    )
    assert "'sum' is of numbers, and channel is a text" in of(aggregate="sum", column="channel")
    assert "'max' is of numbers, and ordered_at is a time" in of(aggregate="max", column="ordered_at")
    assert "'count' is of whole rows: take the column out" in of(column="channel")
    assert "segments.yml:7: traits[mine].where: no column 'chanel' in orders, did you mean 'channel'?" in of(
        where="chanel = 'web'"
    )
    assert "segments.yml:7: traits[mine].window_days" in of(window_days="thirty")
    assert "segments.yml:7: traits[mine].window_days" in of(window_days=0)
    assert of(windows=3).startswith("segments.yml:7: traits[mine].windows: unknown key 'windows'")


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    told = complain(
        tmp_path,
        TRAITS
        + "  - name: champions\n    description: d\n    owner: o\n    condition: revenu > 1\n"
        + "  - name: mine\n    owner: o\n    condition: revenue > 1\n"
        + "  - name: mine\n    description: d\n    owner: o\n    conditions: revenue > 1\n",
    )
    assert [line.split(": ", 2)[:2] for line in told] == [
        ["segments.yml:10", "segments[champions].name"],
        ["segments.yml:13", "segments[champions].condition"],
        ["segments.yml:14", "segments[mine].description"],
        ["segments.yml:17", "segments[mine].condition"],
        ["segments.yml:17", "segments[mine].name"],
        ["segments.yml:20", "segments[mine].conditions"],
    ]
    assert "'champions' is a built-in segment of the family rfm" in told[0]
    assert "missing: add the key 'description'" in told[2]
    assert "first in line 14: rename one" in told[4]
    assert "did you mean 'condition'?" in told[5]


def test_what_is_not_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"segments\.yml:3: this is not YAML"):
        load_segments(write(tmp_path, "segments:\n  - name: [\n"))


def test_every_mart_that_a_trait_may_read_has_its_time_and_a_customer() -> None:
    for mart, time in TIMES.items():
        assert {time, "customer_id"} <= set(columns_of(mart))
