"""`parcours export`: the published marts as files."""

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from pipelines.config.home import Home, find_home
from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.warehouse.export import export_marts

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_parquet_files_hold_every_row_of_every_mart(
    first_night: tuple[Home, str], parcours: Command, tmp_path: Path
) -> None:
    home, out = first_night[0], tmp_path / "it's mine"
    exported = parcours("export", "--home", home.root, out)
    assert exported.returncode == 0, exported.stderr
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        marts = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"
        ).fetchall()
        for (mart,) in marts:
            [(differing,)] = connection.execute(
                f"select count(*) from ((from marts.{mart} except all from read_parquet($file))"
                f" union all (from read_parquet($file) except all from marts.{mart}))",
                {"file": str(out / f"{mart}.parquet")},
            ).fetchall()
            assert differing == 0, mart
    assert len(marts) > 30
    assert {file.name for file in out.iterdir()} == {f"{mart}.parquet" for (mart,) in marts}
    assert f"{len(marts)} marts" in exported.stdout


def test_csv_files_read_back_as_what_they_were(first_night: tuple[Home, str], tmp_path: Path) -> None:
    home = first_night[0]
    assert export_marts(home, tmp_path, "csv", ["customer_360", "orders"]).keys() == {"customer_360", "orders"}
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        for mart in ("customer_360", "orders"):
            [(differing,)] = connection.execute(
                f"select count(*) from (select columns(*)::text from marts.{mart} except all"
                " select columns(*)::text from read_csv($file, all_varchar = true, header = true))",
                {"file": str(tmp_path / f"{mart}.csv")},
            ).fetchall()
            assert differing == 0, mart


def test_a_mart_that_is_none_is_named_with_the_nearest_and_nothing_is_written(
    first_night: tuple[Home, str], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=r"'customers_360'.*did you mean 'customer_360'"):
        export_marts(first_night[0], tmp_path / "out", "csv", ["orders", "customers_360"])
    assert not (tmp_path / "out").exists()


def test_without_a_warehouse_it_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ParcoursError, match="parcours run"):
        export_marts(find_home(tmp_path), tmp_path / "out", "parquet")


def test_a_folder_that_cannot_be_made_is_told(first_night: tuple[Home, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="Name another folder"):
        export_marts(first_night[0], tmp_path / "file" / "out", "parquet")


def test_csv_for_a_spreadsheet_holds_no_formula(home: Home, parcours: Command, tmp_path: Path) -> None:
    defused = {
        **{formula: f"'{formula}" for formula in ("=1+1", "+33 6", "-2+3", "@SUM(A1)", "＝1", "\tx", "\rx", ' "=1')},
        # Cells of their own where `;` parts them, and quotes in the middle of a cell are letters.
        "Lyon;=1+1": "Lyon;'=1+1",
        'Lyon;"=1+1': "Lyon;'\"=1+1",
        "Lyon\n@SUM(A1)": "Lyon\n'@SUM(A1)",
        "\r=x;=x": "'\r'=x;'=x",
    }
    home.warehouse.chmod(0o600)
    with duckdb.connect(home.warehouse) as connection:
        ids = connection.execute("select customer_id from marts.customer_360 order by all limit 12").fetchall()
        for (customer,), formula in zip(ids, defused, strict=True):
            connection.execute("update marts.customer_360 set city = ? where customer_id = ?", [formula, customer])
    marts = ("--marts", "customer_360")
    wrong = parcours("export", tmp_path / "out", "--home", home.root, "--spreadsheet", *marts)
    assert wrong.returncode == 2
    done = parcours("export", tmp_path / "out", "--home", home.root, "--format", "csv", "--spreadsheet", *marts)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "customer_360.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {customer: row["city"] for (customer,) in ids for row in rows if row["customer_id"] == customer} == {
        customer: written for (customer,), written in zip(ids, defused.values(), strict=True)
    }
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        described = connection.execute("describe marts.customer_360").fetchall()
    texts = {name for name, kind, *_ in described if kind == "VARCHAR"}
    assert {"phone", "email"} <= texts
    assert any(row["phone"].startswith("'+") for row in rows)
    assert not [row for row in rows for name in texts if row[name].startswith(("=", "+", "-", "@", "\t", "\r"))]
