"""A value that five hundred strangers share overnight, through the command: no id changes, and somebody is told."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.config.home import Home, find_home
from pipelines.lake.tables import Lake

Command = Callable[..., subprocess.CompletedProcess[str]]

STRANGERS = 500
LETTERS = "bcdfghjklmnpqrstvwxz"


def surnames() -> Iterator[str]:
    return (f"{first}{second}{third}oi" for first in LETTERS for second in "aeiou" for third in LETTERS)


def two_contacts(home: Home) -> list[tuple[str, str, str]]:
    """Two contacts of customers whose several records agree on more than what is to be lost: id, e-mail, mobile."""
    lake = Lake(home.lake)
    held = lake.read("identity", "records").join(
        lake.read("identity", "customer_ids").select("record_id", "customer_id"), on="record_id"
    )
    is_filled = pl.col("birth_key").is_not_null() & pl.col("mobile_key").is_not_null()
    sure = (
        held.group_by("customer_id")
        .agg(pl.len().alias("records"), pl.col("birth_key").n_unique().alias("births"), is_filled.all().alias("filled"))
        .filter((pl.col("records") > 1) & (pl.col("births") == 1) & pl.col("filled"))
    )
    contacts = held.join(sure, on="customer_id", how="semi").filter(
        (pl.col("table_name") == "contacts") & pl.col("email_key").is_not_null()
    )
    chosen = contacts.sort("record_id").unique("customer_id", keep="first", maintain_order=True).head(2)
    return chosen.select("record_id", "email", "mobile_key").rows()


def add_strangers(exports: Path, email: str, mobile: str) -> None:
    """Half of the strangers bear the e-mail, half the number."""
    names, day = surnames(), "2026-02-27T10:00:00+01:00"
    with (exports / "crm" / "contacts.csv").open("a", encoding="utf-8") as contacts:
        for number in range(STRANGERS):
            bears = (email, "") if number < STRANGERS // 2 else ("", mobile)
            contacts.write(f"X{number:06},,Zo,{next(names)},{bears[0]},,{bears[1]},,,,,FR,,,{day},{day},\n")


def map_of(home: Home) -> dict[str, str]:
    with duckdb.connect(home.warehouse, read_only=True) as connection:
        return dict(connection.execute("select record_id, customer_id from marts.customer_id_map").fetchall())


@pytest.fixture(scope="module")
def crowded(
    first_night: tuple[Home, str], exports: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, Path, list[tuple[str, str, str]]]:
    """A published home, exports to which strangers were added since, and the two contacts whose values they share."""
    root = tmp_path_factory.mktemp("crowd")
    shutil.copytree(first_night[0].root, root / "home")
    shutil.copytree(exports, root / "exports")
    contacts = two_contacts(first_night[0])
    add_strangers(root / "exports", contacts[0][1], contacts[1][2])
    return find_home(root / "home"), root / "exports", contacts


def test_a_value_that_strangers_share_changes_no_published_id_until_somebody_says_what_it_is(
    crowded: tuple[Home, Path, list[tuple[str, str, str]]], parcours: Command
) -> None:
    home, exports, [(of_email, email, _), (of_mobile, _, mobile)] = crowded
    lake, before = Lake(home.lake), map_of(home)
    warehouse, ledger = home.warehouse.read_bytes(), lake.committed_ledger.read_bytes()
    arguments = ("run", "--home", home.root, "--sources", exports / "sources.yml")

    stopped = parcours(*arguments)
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
    for expected in (
        "no_value_is_newly_shared_by_a_crowd", "value_surges.parquet", "placeholders", "email: ", "phone: ",
        "is as it was",
    ):  # fmt: skip
        assert expected in stopped.stderr
    listed = pl.read_parquet(lake.path("identity", "value_surges"), glob=False)["record_id"].to_list()
    assert {of_email, of_mobile} <= set(listed)
    assert any(record.startswith("crm:contacts:X000") for record in listed)
    assert home.warehouse.read_bytes() == warehouse
    assert lake.committed_ledger.read_bytes() == ledger
    for secret in (email, mobile, mobile.removeprefix("+33")):
        assert secret not in stopped.stdout + stopped.stderr
        assert all(secret not in log.read_text(encoding="utf-8") for log in (home.root / "logs").glob("*.log"))

    sources = exports / "sources.yml"
    own = f'placeholders:\n  email: {email.upper()}\n  phone: ["0{mobile.removeprefix("+33")}"]\n'
    sources.write_text(own + sources.read_text(encoding="utf-8"), encoding="utf-8")
    acknowledged = parcours(*arguments)
    assert acknowledged.returncode == 0, acknowledged.stderr
    after = map_of(home)
    assert {record: after[record] for record in before} == before
    assert len(after) == len(before) + STRANGERS
    assert f"{STRANGERS} created" in acknowledged.stdout
    assert "0.00% of the records published then" in acknowledged.stdout


def test_a_source_that_was_renamed_is_refused_before_its_customers_are_new_ones(
    home: Home, exports: Path, tmp_path: Path, parcours: Command
) -> None:
    warehouse = home.warehouse.read_bytes()
    shutil.copytree(exports, tmp_path / "exports")
    sources = tmp_path / "exports" / "sources.yml"
    sources.write_text(sources.read_text(encoding="utf-8").replace("- name: crm", "- name: salesforce"))
    stopped = parcours("run", "--home", home.root, "--sources", sources)
    assert stopped.returncode == 1
    for expected in (
        "drift_within_blocking_limits on identity/drift", "departures, records gone", "limit 20.00%",
        "its name in sources.yml", "parcours run --accept-drift", "accept: true",
    ):  # fmt: skip
        assert expected in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert home.warehouse.read_bytes() == warehouse
