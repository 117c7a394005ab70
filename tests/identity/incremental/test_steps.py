"""A run that works on what changed ends where a run that works on everything ends: records, pairs, clusters and ids."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.identity.clustering.cluster import cluster_records
from pipelines.identity.customer_ids.customer_numbers import number_customers
from pipelines.identity.customer_ids.customers import describe_customers
from pipelines.identity.customer_ids.ledger import current_map, empty_ledger
from pipelines.identity.customer_ids.uncertain_pairs import find_uncertain_pairs
from pipelines.identity.decisions.read import DECISION_SCHEMA, no_decisions
from pipelines.identity.incremental import state, steps
from pipelines.identity.incremental.records import COMPARED_COLUMNS
from pipelines.identity.incremental.steps import (
    read_map,
    read_pairs,
    update_clusters,
    update_ledger,
    update_pairs,
    update_records,
)
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.monitoring.sensitivity import update_sensitivity
from pipelines.identity.scoring.linker import ENDS
from pipelines.identity.scoring.profiles import profile_records
from pipelines.identity.standardisation.attributes import load_attributes
from pipelines.lake import tables as lake_module
from pipelines.lake.tables import Lake
from pipelines.sample.world import generate

FIRST_DAY = date(2026, 3, 1)
TABLES = {"crm/contacts": "contact_id", "ecommerce/customers": "account_id", "pos/members": "member_id"}
RECEIPTS = "pos/tickets"
SOURCES = {"crm": "crm", "ecommerce": "shop", "pos": "till"}
EDITED = ("first_name", "last_name", "email", "phone", "birth_date", "address", "postcode", "city", "loyalty_card_id")

Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """The identity-bearing tables of a small retailer, as the lake holds them."""
    world = generate(160, 120, 3)
    receipts = world.tables[RECEIPTS].filter(pl.col("receipt_email").is_not_null()).head(80)
    wanted = {path: world.tables[path] for path in TABLES} | {RECEIPTS: receipts}
    return {
        path: frame.select(pl.lit(SOURCES[path.split("/")[0]]).alias("source"), pl.all())
        for path, frame in wanted.items()
    }


@pytest.fixture(scope="module")
def model(retailer) -> ModelVersion:
    """A model whose blocks are soon too large, so that blocks come within their limits and go beyond them."""
    limits = {name: 3 + number % 4 for number, name in enumerate(retailer.model.parameters.largest_blocks)}
    return replace(retailer.model, parameters=replace(retailer.model.parameters, largest_blocks=limits))


class Recogniser:
    """Recognition over one lake, night after night."""

    def __init__(self, root: Path, model: ModelVersion, full: bool) -> None:
        self.lake, self.model, self.full, self.ledger = Lake(root), model, full, empty_ledger()
        self.done: list[dict[str, Any]] = []
        self.said: list[str] = []

    def recognise(self, tables: Tables, day: date, decisions: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
        for path, frame in tables.items():
            self.lake.write(*path.split("/"), frame)
        attributes = load_attributes()
        compared, anew, _ = update_records(self.lake, "FR", day, attributes, decisions, self.full, self.said.append)
        records = self.lake.read("identity", "records")
        assert compared.select(COMPARED_COLUMNS).equals(records.select(COMPARED_COLUMNS))
        profiled = profile_records(records)
        pairs, changed = update_pairs(self.lake, profiled, self.model, self.full, self.said.append)
        numbered = read_pairs(self.lake, profiled, [*ENDS, "match_weight", "match_probability"])
        clusters, built_upon = update_clusters(
            self.lake, profiled, numbered, self.model, decisions, self.full, say=self.said.append
        )
        self.ledger = update_ledger(self.lake, clusters, self.ledger, day, self.full, self.said.append)
        ids = read_map(self.lake, self.full)
        customers = describe_customers(profiled, numbered, number_customers(profiled, ids), decisions)
        self.done.append(
            {"anew": anew, "built_upon": built_upon, "records": records.height, "changed_profiles": changed}
        )
        return {
            "records": records,
            "pairs": pairs,
            "clusters": clusters.table,
            "ids": ids,
            "customers": customers,
            "sensitivity": update_sensitivity(
                self.lake,
                profiled,
                numbered,
                self.model,
                decisions,
                clusters.table,
                {"strict": 1e9, "loose": 0.0},  # All offsets of the one, the first of the other.
                self.full,
                self.said.append,
            ).records,
            "uncertain_pairs": find_uncertain_pairs(
                profiled, numbered, number_customers(profiled, ids), customers, decisions
            ),
        }


def change(tables: Tables, pool: Tables, rng: np.random.Generator) -> Tables:
    """A night's exports: rows gone, rows edited with what other rows say, late rows come in from ``pool``."""
    changed = {}
    for path, frame in tables.items():
        rows = frame.filter(pl.Series(rng.random(frame.height) > 0.02))
        for column in [name for name in EDITED if name in rows.columns]:
            hit = pl.Series(rng.random(rows.height) < 0.01)
            others = rows[column].gather(rng.permutation(rows.height))
            rows = rows.with_columns(pl.when(hit).then(others).otherwise(pl.col(column)).alias(column))
        key = TABLES.get(path, "ticket_id")
        absent = pool[path].join(rows, on=key, how="anti")
        late = absent.sample(min(absent.height, int(rng.integers(0, 12))), seed=int(rng.integers(1 << 30)))
        changed[path] = pl.concat([rows, late]).sample(fraction=1.0, shuffle=True, seed=int(rng.integers(1 << 30)))
    return changed


def crowd(tables: Tables) -> Tables:
    """Twelve contacts with the e-mail of a thirteenth."""
    contacts = tables["crm/contacts"].sort("contact_id")
    email = contacts["email"].drop_nulls()[0]
    shared = pl.when(pl.int_range(pl.len()) < 13).then(pl.lit(email)).otherwise(pl.col("email")).alias("email")
    return tables | {"crm/contacts": contacts.with_columns(shared)}


def one_name(tables: Tables) -> Tables:
    """Fifteen members under the name and mailbox of a colleague, each with their own birth date and number."""
    members = tables["pos/members"].sort("member_id")
    is_first = pl.int_range(pl.len()) < 15
    typed = {"first_name": "Jean", "last_name": "Caissard", "email": "caisse@boutique.fr"}
    return tables | {
        "pos/members": members.with_columns(
            pl.when(is_first).then(pl.lit(text)).otherwise(pl.col(name)).alias(name) for name, text in typed.items()
        )
    }


def erase(tables: Tables, rng: np.random.Generator) -> Tables:
    """A few accounts and contacts over whom their shop wrote that they were erased."""
    erased = {}
    for path in ("crm/contacts", "ecommerce/customers"):
        rows = tables[path]
        hit = pl.Series(rng.random(rows.height) < 0.03)
        texts = {name: "[deleted]" for name in EDITED if rows.schema.get(name) == pl.String}
        texts |= {"email": "deleted@site.invalid", "loyalty_card_id": None}
        erased[path] = rows.with_columns(
            *(pl.when(hit).then(pl.lit(text)).otherwise(pl.col(name)).alias(name) for name, text in texts.items()),
            pl.when(~hit).then(pl.col("birth_date")).alias("birth_date"),
        )
    return tables | erased


def decide(records: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """A few decisions that do not contradict each other: each record stands in one of them."""
    chosen = records["record_id"].sort().gather(rng.choice(records.height, 8, replace=False)).to_list()
    rows = [
        ("must_link" if number % 2 else "cannot_link", *sorted(chosen[2 * number : 2 * number + 2]), "clerk", "seen",
         FIRST_DAY, None)
        for number in range(4)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=DECISION_SCHEMA, orient="row")


@pytest.mark.long
def test_thirty_nights_of_changes_end_where_full_runs_end(tables, model, tmp_path, monkeypatch):
    # So that some nights amend the records, and some write them anew.
    monkeypatch.setattr(lake_module, "MAX_AMENDED_SHARE", 0.4)
    rng = np.random.default_rng(20260301)
    by_night, in_full = (Recogniser(tmp_path / name, model, name == "full") for name in ("by_night", "full"))
    today = {path: frame.sample(fraction=0.8, seed=1) for path, frame in tables.items()}
    decisions = no_decisions()
    for number in range(30):
        day = FIRST_DAY + timedelta(days=number)
        exports = crowd(today) if 10 <= number < 20 else today
        exports = one_name(exports) if 5 <= number < 15 else exports
        found = by_night.recognise(exports, day, decisions)
        expected = in_full.recognise(exports, day, decisions)
        for name, frame in expected.items():
            assert found[name].equals(frame), f"{name} of night {number}"
        assert by_night.ledger.equals(in_full.ledger)
        assert found["ids"].equals(current_map(by_night.ledger))
        today = change(today, tables, rng)
        if number % 3 == 1:
            today = erase(today, rng)
        if number % 4 == 3:
            decisions = decide(found["records"], rng)
    later = by_night.done[1:]
    assert all(night["built_upon"] for night in later)
    assert max(night["anew"] / night["records"] for night in later) < 0.35
    assert all(0 < night["changed_profiles"] < night["records"] for night in later)


def test_a_night_without_changes_compares_nothing(tables, model, tmp_path):
    night = Recogniser(tmp_path, model, full=False)
    first = night.recognise(tables, FIRST_DAY, no_decisions())
    again = night.recognise(tables, FIRST_DAY + timedelta(days=1), no_decisions())
    assert all(again[name].equals(first[name]) for name in first)
    assert night.done[1] == {
        "anew": 0, "built_upon": True, "records": first["records"].height,
        "changed_profiles": 0,
    }  # fmt: skip


def test_who_is_nobody_is_not_cleaned_again_and_is_somebody_once_the_name_is_back(tables, model, tmp_path):
    night = Recogniser(tmp_path, model, full=False)
    everyone = night.recognise(tables, FIRST_DAY, no_decisions())["records"]
    erased = erase(one_name(tables), np.random.default_rng(1))
    fewer = night.recognise(erased, FIRST_DAY + timedelta(days=1), no_decisions())["records"]
    assert fewer.height < everyone.height
    assert fewer["shared_values"].str.contains("name").sum() == 15
    again = night.recognise(erased, FIRST_DAY + timedelta(days=2), no_decisions())["records"]
    assert again.equals(fewer)
    assert night.done[-1]["anew"] == 0
    back = night.recognise(tables, FIRST_DAY + timedelta(days=3), no_decisions())["records"]
    assert back.equals(everyone)


def test_records_whose_value_stays_withdrawn_are_not_cleaned_again_and_amend_nothing(tables, model, tmp_path):
    night = Recogniser(tmp_path, model, full=False)
    for number in range(2):
        night.recognise(crowd(tables), FIRST_DAY + timedelta(days=number), no_decisions())
    assert pl.read_parquet(night.lake.path("identity", "records"))["shared_values"].count() >= 13
    assert night.done[1]["anew"] == 0
    assert pl.read_parquet(night.lake.amendments_path("identity", "records")).is_empty()


def test_the_ledger_goes_on_from_the_map_of_the_night_before(tables, model, tmp_path, monkeypatch):
    known: list[pl.DataFrame | None] = []
    assign = steps.assign_ids

    def watched(clusters: pl.DataFrame, ledger: pl.DataFrame, as_of: date, before: pl.DataFrame | None) -> pl.DataFrame:
        known.append(before)
        return assign(clusters, ledger, as_of, before)

    monkeypatch.setattr(steps, "assign_ids", watched)
    night = Recogniser(tmp_path, model, full=False)
    exports = tables
    for number in range(3):
        ledger = night.ledger
        night.recognise(exports, FIRST_DAY + timedelta(days=number), no_decisions())
        exports = change(exports, tables, np.random.default_rng(number))
    assert known[0] is None
    assert known[2].drop("first").equals(current_map(ledger))
    assert 0 < ledger.height < night.ledger.height


@pytest.mark.parametrize("step", ["records", "pairs", "clusters"])
def test_after_a_kill_between_two_writes_everything_is_worked_out_again(tables, model, tmp_path, step, monkeypatch):
    night, in_full = Recogniser(tmp_path / "night", model, full=False), Recogniser(tmp_path / "full", model, full=True)
    night.recognise(tables, FIRST_DAY, no_decisions())
    exports = change(tables, tables, np.random.default_rng(1))
    commit = steps.StepState.commit

    def killed(self: steps.StepState, *rest: Any, **noted: Any) -> None:
        if self.step == step:
            raise KeyboardInterrupt
        commit(self, *rest, **noted)

    monkeypatch.setattr(steps.StepState, "commit", killed)
    with pytest.raises(KeyboardInterrupt):
        night.recognise(exports, FIRST_DAY, no_decisions())
    monkeypatch.setattr(steps.StepState, "commit", commit)
    exports = change(exports, tables, np.random.default_rng(2))
    found, expected = (one.recognise(exports, FIRST_DAY, no_decisions()) for one in (night, in_full))
    assert all(found[name].equals(expected[name]) for name in ("records", "pairs", "clusters"))


def test_records_rewritten_before_their_pairs_use_the_pairs_that_still_fit(tables, model, tmp_path):
    night = Recogniser(tmp_path, model, full=False)
    first = night.recognise(tables, FIRST_DAY, no_decisions())
    later = {path: frame.sample(fraction=0.7, seed=3) for path, frame in tables.items()}
    for path, frame in later.items():
        night.lake.write(*path.split("/"), frame)
    update_records(night.lake, "FR", FIRST_DAY, load_attributes(), no_decisions())
    records = night.lake.read("identity", "records")
    profiled = profile_records(records)
    numbered = read_pairs(night.lake, profiled, [*ENDS, "match_weight"])
    profile_ids = profiled.profiles["record_id"]
    assert profile_ids.gather(numbered.left).equals(numbered.pairs["record_id_l"], check_names=False)
    assert profile_ids.gather(numbered.right).equals(numbered.pairs["record_id_r"], check_names=False)
    assert 0 < numbered.pairs.height < first["pairs"].height
    clusters, built_upon = update_clusters(night.lake, profiled, numbered, model, no_decisions())
    assert built_upon
    assert clusters.table.equals(cluster_records(records, first["pairs"], model))


def test_another_model_or_other_code_starts_from_nothing(tables, model, retailer, tmp_path, monkeypatch):
    night = Recogniser(tmp_path, model, full=False)
    night.recognise(tables, FIRST_DAY, no_decisions())
    night.model = replace(retailer.model, version="another")
    found = night.recognise(tables, FIRST_DAY, no_decisions())
    assert not night.done[-1]["built_upon"]
    assert night.done[-1]["changed_profiles"] > 0
    monkeypatch.setattr(state, "LIBRARIES", ("duckdb",))
    again = night.recognise(tables, FIRST_DAY, no_decisions())
    assert night.done[-1]["anew"] == night.done[0]["anew"] >= found["records"].height
    assert again["pairs"].equals(found["pairs"])


def test_a_record_dated_in_the_future_is_cleaned_again_when_its_day_comes(tables, model, tmp_path):
    born = FIRST_DAY + timedelta(days=1)
    contacts = tables["crm/contacts"].with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(born)).otherwise(pl.col("birth_date")).alias("birth_date"),
        pl.lit(datetime.fromisoformat("2026-02-01")).alias("updated_at"),
    )
    record = f"crm:contacts:{contacts['contact_id'][0]}"
    night = Recogniser(tmp_path, model, full=False)
    seen = [
        night.recognise(tables | {"crm/contacts": contacts}, FIRST_DAY + timedelta(days=days), no_decisions())[
            "records"
        ]
        .filter(pl.col("record_id") == record)["birth_key"]
        .item()
        for days in (0, 1)
    ]
    assert seen == [None, born.isoformat()]


class Disturbance:
    """What may befall the files of a home between two nights: each is left as it is, or harmed in one of these ways."""

    def __init__(self, root: Path, before: Path, rng: np.random.Generator) -> None:
        self.root, self.before, self.rng = root, before, rng

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_file() and path.parent.name not in SOURCES)

    def harm(self, file: Path) -> None:
        earlier = self.before / file.relative_to(self.root)
        content = file.read_bytes()
        match self.rng.integers(6):
            case 0:
                file.unlink()
            case 1:
                file.write_bytes(b"")
            case 2:
                file.write_bytes(content[: int(self.rng.integers(len(content) or 1))])
            case 3 if earlier.exists():
                shutil.copy2(earlier, file)
            case 4:
                shutil.copyfile(self.files()[self.rng.integers(len(self.files()))], earlier.with_name("other"))
                earlier.with_name("other").replace(file)
            case _:
                place = int(self.rng.integers(len(content) or 1))
                file.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])


@pytest.mark.long
def test_whatever_befell_the_files_of_earlier_nights_the_next_one_ends_where_an_undisturbed_one_does(
    tables, model, tmp_path
):
    rng = np.random.default_rng(20260304)
    nights = [{path: frame.sample(fraction=0.8, seed=1) for path, frame in tables.items()}]
    for _ in range(2):
        nights.append(change(nights[-1], tables, rng))
    decided = [no_decisions()] * 3
    undisturbed = Recogniser(tmp_path / "lake", model, full=False)
    for number in range(2):
        records = undisturbed.recognise(nights[number], FIRST_DAY + timedelta(days=number), decided[number])["records"]
        decided[number + 1] = decide(records, rng)
        shutil.copytree(undisturbed.lake.root, tmp_path / f"after-{number}")
    committed = undisturbed.ledger
    expected = undisturbed.recognise(nights[2], FIRST_DAY + timedelta(days=2), decided[2])
    assert undisturbed.said == [], "of what is used, nothing is said"
    said: set[str] = set()
    for attempt in range(16):
        root, before = tmp_path / f"try-{attempt}", tmp_path / f"before-{attempt}"
        shutil.copytree(tmp_path / "after-1", root)
        shutil.copytree(tmp_path / "after-0", before)
        disturbance = Disturbance(root, before, rng)
        files = disturbance.files()
        harmed = [files[at] for at in rng.choice(len(files), int(rng.integers(1, 9)), replace=False)]
        for file in harmed:
            disturbance.harm(file)
        night = Recogniser(root, model, full=False)
        night.ledger = committed
        found = night.recognise(nights[2], FIRST_DAY + timedelta(days=2), decided[2])
        names = [file.relative_to(root).as_posix() for file in harmed]
        assert all(found[name].equals(frame) for name, frame in expected.items()), names
        assert night.ledger.equals(undisturbed.ledger), names
        assert len(night.said) == len({line.split(":")[0] for line in night.said}), "one line a step"
        said.update(line.split(":")[0] for line in night.said)
        shutil.rmtree(root)
    strict = {"clusters_strict", "clusters_strict_9", "clusters_strict_12"}
    assert said == {"records", "pairs", "clusters", *strict, "clusters_loose", "ledger"}


def test_a_lake_of_which_only_the_notes_are_left_is_made_anew_and_each_step_says_why(tables, model, tmp_path):
    night = Recogniser(tmp_path, model, full=False)
    first = night.recognise(tables, FIRST_DAY, no_decisions())
    assert night.said == [], "a first night has nothing to build upon"
    shutil.rmtree(tmp_path / "identity")
    again = night.recognise(tables, FIRST_DAY, no_decisions())
    assert all(again[name].equals(first[name]) for name in first)
    assert "records: what it kept is made anew, because lake/identity/records.parquet is missing" in night.said
    assert "pairs: what it kept is made anew, because lake/identity/pairs.parquet is missing" in night.said


def test_a_lake_that_was_moved_or_copied_is_built_upon(tables, model, tmp_path):
    night = Recogniser(tmp_path / "lake", model, full=False)
    night.recognise(tables, FIRST_DAY, no_decisions())
    shutil.copytree(tmp_path / "lake", tmp_path / "elsewhere" / "copy", copy_function=shutil.copyfile)
    shutil.move(tmp_path / "lake", tmp_path / "elsewhere" / "lake")
    for place in ("lake", "copy"):
        moved = Recogniser(tmp_path / "elsewhere" / place, model, full=False)
        moved.ledger = night.ledger
        moved.recognise(tables, FIRST_DAY, no_decisions())
        assert moved.said == []
        assert moved.done[-1]["anew"] == moved.done[-1]["changed_profiles"] == 0
        assert moved.done[-1]["built_upon"]
