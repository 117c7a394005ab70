"""Records are compared on Spark as on DuckDB: every statement in Spark's dialect, the same pairs, the same weights."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest
import sqlglot
from sqlglot.tokens import TokenType

from pipelines.errors import ParcoursError
from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.incremental.pairs import score_profiles
from pipelines.identity.model.dialects import translate
from pipelines.identity.model.registry import save_version
from pipelines.identity.model.splink_settings import make_settings
from pipelines.identity.scoring.jaro_winkler import measure_jaro_winkler
from pipelines.identity.scoring.linker import ENDS, open_linker
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.training import train as train_module
from pipelines.lake.tables import Lake
from tests.spark import LACKING, QUICK_JAVA, QUICK_PLANS, run_on_spark

RECORDS = 5_000
CHANGED, GIVEN = 40, 200
HOUSEKEEPING = re.compile(
    r"attach|use|detach|set|drop|call|create temporary view"
    r"|select \* from rows_to_load|.* from (information_schema\.columns|pragma_table_info)\b.*",
    re.IGNORECASE,
)
"""With what a connection is opened and left, frames are handed over, and columns listed: an engine has its own ways."""

GRAMMAR = {"and", "as", "by", "except", "exists", "from", "filter", "in", "join", "not", "on", "or", "over", "select"}
GRAMMAR |= {"then", "union", "using", "values", "when", "where", "all", "else", "with"}
"""Words before a parenthesis that call no function."""

CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувшызж")

COMPARE_ON_SPARK = """
import json, sys
from pathlib import Path
import polars as pl
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import SparkSession
from pipelines.identity.model.registry import list_versions, load_version
from pipelines.identity.scoring.linker import PROFILES, ProfileLinker
from pipelines.identity.scoring.spark_engine import SparkEngine
from pipelines.lake.tables import Lake

folder = Path(sys.argv[1])
lake = Lake(folder / "lake")
session = SparkSession.builder.getOrCreate()
session.sparkContext.setCheckpointDir(str(folder / "checkpoints"))
engine = SparkEngine(session)
engine.load(PROFILES, pl.read_parquet(folder / "profiles.parquet"))
linker = ProfileLinker(engine, load_version(*list_versions(lake), lake))
linker.score_all().write_parquet(folder / "pairs.parquet")
given = pl.read_parquet(folder / "given.parquet")
linker.weigh(given["record_id_l"], given["record_id_r"]).write_parquet(folder / "weighed.parquet")
changed = pl.read_parquet(folder / "changed.parquet")
linker.score_changed(changed["record_id"]).write_parquet(folder / "scored_again.parquet")

def find_fault(statement):
    try:
        session.sql(statement)
    except ParseException as error:
        return str(error)
    except AnalysisException:  # Its tables are not here.
        return None

statements = json.loads((folder / "statements.json").read_text())
faults = [fault for statement in statements if (fault := find_fault(statement))]
functions = [row.function for row in session.sql("show functions").collect()]
(folder / "told.json").write_text(json.dumps({"faults": faults, "functions": functions}))
"""


class Compared(NamedTuple):
    """What both engines say of the same profiles."""

    folder: Path
    profiles: pl.DataFrame
    pairs: pl.DataFrame
    faults: list[str]
    functions: set[str]

    def read(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / f"{name}.parquet")


@pytest.fixture(scope="module")
def profiles(retailer: Any) -> pl.DataFrame:
    """Those of RECORDS records, of which some write their names in another script, and some with an accent."""
    records = retailer.records.sample(RECORDS, seed=1).sort("record_id")
    names = [pl.col(name) for name in ("first_key", "first_root", "last_key")]
    elsewhere = pl.col("last_key").str.contains("^[bmd]")
    cyrillic = [
        pl.when(elsewhere).then(name.map_elements(lambda text: text.translate(CYRILLIC), pl.String)).otherwise(name)
        for name in names
    ]
    return build_profiles(records.with_columns(cyrillic).with_columns(name.str.replace("ee", "é") for name in names))[0]


@pytest.fixture(scope="module")
def statements(retailer: Any) -> list[str]:
    """All queries that DuckDB is asked from cleaned records to clusters: of training, of a full and a later night."""
    records = retailer.records.head(1_500)
    later = records.with_columns(
        pl.when(pl.col("record_id").hash() % 20 == 0).then(pl.lit("00")).otherwise("content_hash").alias("content_hash")
    )
    with log_queries() as queries, pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_module, "SAMPLED_PAIRS", 100)  # So that pairs are drawn.
        model = train_module.learn(build_profiles(records)[0], seed=1)
        first = score_profiles(build_profiles(records)[0], model)
        second = score_profiles(build_profiles(later)[0], model, (first.pairs, first.digests))
        cluster_records(later, second.pairs, model)
        assert 0 < second.changed < first.changed
    return queries


@pytest.fixture(scope="module")
def compared(
    profiles: pl.DataFrame, statements: list[str], retailer: Any, tmp_path_factory: pytest.TempPathFactory
) -> Compared:
    folder = tmp_path_factory.mktemp("spark")
    save_version(retailer.model, Lake(folder / "lake"), make_settings(retailer.model))
    with open_linker(profiles, retailer.model) as linker:
        pairs = linker.score_all()
    profiles.write_parquet(folder / "profiles.parquet")
    pairs.select(ENDS).sample(GIVEN, seed=2).write_parquet(folder / "given.parquet")
    profiles.select("record_id").sample(CHANGED, seed=3).write_parquet(folder / "changed.parquet")
    (folder / "statements.json").write_text(json.dumps([in_spark(statement) for statement in statements]))
    run_on_spark(
        COMPARE_ON_SPARK,
        str(folder),
        folder,
        f"{QUICK_PLANS}spark.master local[1]\nspark.ui.enabled false\nspark.sql.shuffle.partitions 1\n"
        f"spark.jars {find_jar()}\nspark.driver.extraJavaOptions {QUICK_JAVA}\n",
        {"PYTHONPATH": f"{without_compiled_sqlglot(folder)}:{Path.cwd()}", "PYSPARK_PYTHON": sys.executable},
    )
    told = json.loads((folder / "told.json").read_text())
    return Compared(folder, profiles, pairs, told["faults"], set(told["functions"]))


on_spark = pytest.mark.skipif(LACKING is not None, reason=f"Spark cannot run: {LACKING}")


@on_spark
@pytest.mark.long
def test_pairs_and_weights_of_five_thousand_records_are_equal_on_duckdb_and_on_spark(compared: Compared) -> None:
    theirs, ours = compared.read("pairs"), compared.pairs
    assert ours.height > 1_000
    assert ours["household_weight"].min() < -1
    assert (ours["found_by"].n_unique(), theirs.schema) == (theirs["found_by"].n_unique(), ours.schema)
    assert_equal_weights(theirs, ours)
    names = compared.profiles.filter(pl.col("first_key").str.contains("[а-я]"))["record_id"]
    assert ours.filter(pl.col("record_id_l").is_in(names.implode())).height > 100


@on_spark
@pytest.mark.long
def test_what_changed_and_given_pairs_weigh_the_same_on_duckdb_and_on_spark(compared: Compared, retailer: Any) -> None:
    given, changed = compared.read("given"), compared.read("changed")["record_id"]
    with open_linker(compared.profiles, retailer.model) as linker:
        weighed = linker.weigh(given["record_id_l"], given["record_id_r"])
    assert_equal_weights(compared.read("weighed"), weighed)
    touched = pl.any_horizontal(pl.col(end).is_in(changed.implode()) for end in ENDS)
    assert_equal_weights(compared.read("scored_again"), compared.pairs.filter(touched))


def assert_equal_weights(theirs: pl.DataFrame, ours: pl.DataFrame) -> None:
    bits = [name for name, kind in ours.schema.items() if kind == pl.Float64]
    assert theirs.drop(bits).equals(ours.drop(bits))
    for name in bits:
        assert (theirs[name] - ours[name]).abs().max() < 1e-9, name


@pytest.mark.long
def test_every_statement_from_cleaned_records_to_clusters_can_be_written_for_spark(statements: list[str]) -> None:
    asked = "\n".join(statements)
    for part in ("block_19", "__splink__df_predict", "household_first_name", "as digest", "as found", "tf_last_key"):
        assert part in asked
    for statement in statements:
        written = in_spark(statement)
        assert sqlglot.parse_one(written, read="spark").sql("spark") == written


@on_spark
@pytest.mark.long
def test_spark_understands_every_statement_and_has_every_function(compared: Compared, statements: list[str]) -> None:
    assert compared.faults == []
    lacking = {name for statement in statements for name in list_calls(in_spark(statement))} - compared.functions
    assert lacking == set()


def test_similarity_of_names_is_that_of_duckdb() -> None:
    import pyarrow as pa

    names = [("martin", "mtarin"), ("bernard", "berndard"), ("иванов", "иваонв"), ("", "a"), (None, "a")]
    left, right = zip(*names, strict=True)
    expected = duckdb.sql(
        f"select jaro_winkler_similarity(a, b) from (values {', '.join(map(spell, names))}) as t(a, b)"
    )
    measured = measure_jaro_winkler(pa.array(left), pa.array(right))
    assert measured.to_pylist() == [value for (value,) in expected.fetchall()]


@pytest.mark.skipif(LACKING is not None, reason=f"Spark cannot run: {LACKING}")
def test_where_sqlglot_is_compiled_it_is_said_what_to_take_away() -> None:
    import sqlglot.generator

    from pipelines.identity.scoring.spark_engine import SparkEngine

    if sqlglot.generator.__file__.endswith(".py"):
        pytest.skip("sqlglot is not compiled here")
    with pytest.raises(ParcoursError, match="pip uninstall sqlglotc"):
        SparkEngine(None)


def spell(pair: tuple[str | None, str | None]) -> str:
    return "(" + ", ".join("null" if each is None else f"'{each}'" for each in pair) + ")"


@contextmanager
def log_queries() -> Iterator[list[str]]:
    """The queries that DuckDB is asked in this block, each once; of those that make a table, what it is made of."""
    queries: list[str] = []
    with connect_in_memory("A test") as connection:
        connection.execute("call truncate_duckdb_logs()")
        connection.execute("call enable_logging('QueryLog')")
        try:
            yield queries
        finally:
            connection.execute("call disable_logging()")
        logged = connection.execute("select message from duckdb_logs where type = 'QueryLog'").fetchall()
    made = re.compile(r"^\s*create (or replace )?table \w+ as\s", re.IGNORECASE)
    asked = dict.fromkeys(made.sub("", text).strip("; \n") for (text,) in logged)
    queries += [text for text in asked if text and not HOUSEKEEPING.match(text)]


def in_spark(statement: str) -> str:
    return translate(statement, "spark")


def list_calls(statement: str) -> Iterator[str]:
    """The functions that a statement calls, by name."""
    tokens = sqlglot.tokenize(statement, read="spark")
    for word, following in pairwise(tokens):
        name = word.text.lower()
        if following.token_type is TokenType.L_PAREN and re.fullmatch(r"[a-z]\w*", name) and name not in GRAMMAR:
            yield name


def find_jar() -> str:
    from splink.backends.spark import similarity_jar_location

    return similarity_jar_location()


def without_compiled_sqlglot(folder: Path) -> Path:
    """A folder with sqlglot as it is installed where nobody asks for its compiled form."""
    pure = folder / "pure"
    sources = Path(sqlglot.__file__).parent
    shutil.copytree(sources, pure / "sqlglot", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return pure
