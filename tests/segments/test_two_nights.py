"""An analyst's day by the command: a mistake that is told, a file that is mended, two nights, and one taken back."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.config.home import Home, find_home
from pipelines.segments.definitions import BUNDLED

Command = Callable[..., subprocess.CompletedProcess[str]]
Stay = tuple[str, date, date | None]
KEPT, DROPPED = "click_and_collect_adopters", "store_buyers_without_email"


def ask(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def stays(home: Home, segment: str) -> set[Stay]:
    query = (
        "select customer_id, entered_on, left_on from marts.customer_segments where family = 'custom' and segment = "
    )
    return set(ask(home.warehouse, f"{query}'{segment}'"))


@pytest.fixture(scope="module")
def home(first_night: tuple[Home, str], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of the module's own with one night published, with the bundled examples."""
    root = tmp_path_factory.mktemp("analyst") / "home"
    shutil.copytree(first_night[0].root, root)
    return find_home(root)


@pytest.fixture(scope="module")
def first(home: Home) -> date:
    [(night,)] = ask(home.warehouse, "select distinct computed_on from marts.segment_sizes")
    assert isinstance(night, date)
    return night


def test_a_mistake_stops_the_run_before_anything_is_read(home: Home, exports: Path, parcours: Command) -> None:
    mistaken = BUNDLED.read_text(encoding="utf-8").replace("pickup_orders_12m >= 2", "pickup_order_12m >= 2")
    line = next(number for number, text in enumerate(mistaken.splitlines(), 1) if "pickup_order_12m" in text)
    (home.root / "segments.yml").write_text(mistaken, encoding="utf-8")
    inode, logs = home.warehouse.stat().st_ino, len(list((home.root / "logs").iterdir()))
    run = parcours("run", "--home", home.root, "--sources", exports / "sources.yml")
    assert run.returncode == 2
    assert (
        f"segments.yml:{line}: segments[{KEPT}].condition: no column 'pickup_order_12m' in customer_360" in run.stderr
    )
    assert "did you mean 'pickup_orders_12m'?" in run.stderr
    assert (home.warehouse.stat().st_ino, len(list((home.root / "logs").iterdir()))) == (inode, logs)


def test_stays_go_on_through_a_merge_and_end_with_their_segment_and_come_back_with_the_warehouse(
    home: Home, first: date, exports: Path, parcours: Command
) -> None:
    """Told to be one person with somebody of more records, a member hands the stay on: the id of before is absorbed."""
    before, dropped = stays(home, KEPT), stays(home, DROPPED)
    assert before
    assert dropped
    assert {(entered, left) for _, entered, left in before} == {(first, None)}
    [(member, theirs, other, others)] = ask(
        home.warehouse,
        f"""
        select member.customer_id, min(member.record_id), other.customer_id, min(other.record_id)
        from marts.customer_id_map as member
        inner join marts.customer_segments as stay
            on stay.customer_id = member.customer_id and stay.segment = '{KEPT}'
        cross join marts.customer_id_map as other
        where other.customer_id not in (select customer_id from marts.customer_segments where segment = '{KEPT}')
        group by member.customer_id, other.customer_id
        having count(distinct other.record_id) > count(distinct member.record_id)
        order by 1, 3
        limit 1
        """,
    )
    night = first + timedelta(days=1)
    (home.root / "decisions.csv").write_text(
        "verdict,record_a,record_b,author,reason,decided_on,expires_on\n"
        f"must_link,{theirs},{others},analyst,the same person at the till,{first},\n",
        encoding="utf-8",
    )
    examples = yaml.safe_load(BUNDLED.read_text(encoding="utf-8"))
    mine = {"name": "mine", "description": "Who ordered", "owner": "analyst", "condition": "order_count >= 1"}
    left_over = [segment for segment in examples["segments"] if segment["name"] != DROPPED]
    (home.root / "segments.yml").write_text(
        yaml.safe_dump(examples | {"segments": [*left_over, mine]}), encoding="utf-8"
    )

    run = parcours("run", "--home", home.root, "--sources", exports / "sources.yml", "--as-of", night)
    assert run.returncode == 0, run.stderr
    into = (
        f"from marts.customer_id_history select into_customer_id where change = 'absorbed' and customer_id = '{member}'"
    )
    assert ask(home.warehouse, into) == [(other,)]
    after = stays(home, KEPT)
    assert (other, first, None) in after, "the stay that was open goes on with the id that stays"
    assert member not in {customer for customer, *_ in after}
    assert stays(home, DROPPED) == {(customer, entered, night) for customer, entered, _ in dropped}
    buyers = {
        customer
        for (customer,) in ask(home.warehouse, "from marts.customer_360 select customer_id where order_count > 0")
    }
    assert stays(home, "mine") == {(customer, night, None) for customer in buyers}

    assert parcours("rollback", "--home", home.root).returncode == 0
    assert (stays(home, KEPT), stays(home, DROPPED)) == (before, dropped)
