from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.customer_ids import ledger as ledger_module
from pipelines.identity.customer_ids.ledger import (
    assign_ids,
    current_map,
    empty_ledger,
    history,
    name_customer,
    resolve,
)

DAY = date(2026, 2, 1)


def clusters(*groups: str) -> pl.DataFrame:
    """One cluster per word, one record per letter."""
    rows = [(letter, min(group)) for group in groups for letter in group]
    return pl.DataFrame(rows, schema={"record_id": pl.String, "cluster_id": pl.String}, orient="row")


def replay(*nights: tuple[str, ...]) -> pl.DataFrame:
    ledger = empty_ledger()
    for number, night in enumerate(nights):
        ledger = assign_ids(clusters(*night), ledger, date(2026, 2, 1 + number))
    return ledger


def ids(ledger: pl.DataFrame) -> dict[str, str]:
    return dict(current_map(ledger).rows())


def changes(ledger: pl.DataFrame, run: str) -> list[str]:
    return ledger.filter((pl.col("run_id") == run) & pl.col("record_id").is_null())["change"].to_list()


def test_a_new_person_is_named_after_the_smallest_record_id():
    assert ids(replay(("ab",))) == dict.fromkeys("ab", name_customer("a"))
    assert len(name_customer("a")) == len("cus_") + 12


def test_the_same_clusters_again_append_nothing():
    once = replay(("ab", "c"))
    assert assign_ids(clusters("ab", "c").sort("record_id", descending=True), once, DAY).equals(once)


def test_a_merge_keeps_the_oldest_id_and_the_other_resolves_to_it():
    merged = replay(("b",), ("b", "acd"), ("abcd",))
    assert set(ids(merged).values()) == {name_customer("b")}
    other = resolve(merged, name_customer("a"))
    assert (other.customer_id, other.status) == (name_customer("b"), "absorbed")
    assert changes(merged, "2026-02-03.1") == ["absorbed"]


def test_among_ids_of_one_age_a_merge_keeps_the_one_with_most_records():
    assert set(ids(replay(("a", "bc"), ("abc",))).values()) == {name_customer("b")}


def test_a_split_leaves_exactly_one_heir_the_part_with_most_records():
    split = replay(("abc",), ("a", "bc"))
    assert ids(split) == {"a": "cus_" + "x" * 12, "b": name_customer("a"), "c": name_customer("a")} | {
        "a": ids(split)["a"]
    }
    assert ids(split)["a"] != name_customer("a")
    assert changes(split, "2026-02-02.1") == ["created", "split"]
    assert resolve(split, name_customer("a")).took_parts == (ids(split)["a"],)


def test_of_two_equal_parts_the_one_with_the_smallest_record_keeps_the_id():
    assert ids(replay(("abcd",), ("bd", "ac")))["a"] == name_customer("a")


def test_ids_absorbed_in_a_chain_resolve_to_the_last():
    chained = replay(("a",), ("a", "b"), ("a", "b", "c"), ("a", "bc"), ("abc",))
    found = resolve(chained, name_customer("c"))
    assert found.path == (name_customer("c"), name_customer("b"), name_customer("a"))
    assert found.customer_id == name_customer("a")


def test_undoing_a_merge_gives_both_ids_back():
    undone = replay(("ab", "cd"), ("abcd",), ("ab", "cd"))
    assert ids(undone) == ids(replay(("ab", "cd")))
    assert changes(undone, "2026-02-03.1") == ["restored", "split"]
    assert resolve(undone, name_customer("c")).status == "active"


def test_a_part_of_what_was_merged_does_not_wake_its_id_while_most_of_it_stays():
    parted = replay(("ab", "cdef"), ("abcdef",), ("abdef", "c"))
    assert ids(parted)["c"] not in (name_customer("a"), ids(parted)["a"])
    assert resolve(parted, name_customer("c")).customer_id == ids(parted)["a"] or ids(parted)["a"] == name_customer("c")


def test_a_customer_whose_records_are_gone_is_retired_and_wakes_when_they_come_back():
    gone = replay(("ab", "c"), ("c",))
    assert resolve(gone, name_customer("a")).status == "retired"
    assert "a" not in ids(gone)
    back = assign_ids(clusters("ab", "c"), gone, date(2026, 2, 3))
    assert ids(back)["a"] == name_customer("a")
    assert changes(back, "2026-02-03.1") == ["restored"]


def test_an_id_never_issued_is_unknown():
    assert resolve(replay(("a",)), "cus_nobody").status == "unknown"


def test_a_name_that_is_someone_elses_gets_a_counter(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger_module, "name_customer", lambda text: "cus_same" if "#" not in text else f"cus_{text}")
    assert set(ids(replay(("a", "b"))).values()) == {"cus_same", "cus_b#1"}


@pytest.mark.parametrize("nights", [["a", "ab", "abc"], ["a", "abc"], ["abc"]])
def test_no_name_is_given_twice_whenever_it_was_given_first(nights: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ledger_module, "name_customer", lambda text: f"cus_same{text.partition('#')[2]}")
    assert ids(replay(*map(tuple, nights))) == {"a": "cus_same", "b": "cus_same1", "c": "cus_same2"}


def test_a_second_name_that_was_issued_before_is_not_given_either(monkeypatch: pytest.MonkeyPatch):
    names = {"z": "cus_q1", "a": "cus_q", "b": "cus_q", "b#1": "cus_q1", "b#2": "cus_q2"}
    monkeypatch.setattr(ledger_module, "name_customer", names.__getitem__)
    assert ids(replay(("z",), ("z", "a", "b"))) == {"a": "cus_q", "b": "cus_q2", "z": "cus_q1"}


def test_runs_of_one_day_are_numbered_and_stamped_with_its_end():
    ledger = assign_ids(clusters("ab"), empty_ledger(), DAY)
    ledger = assign_ids(clusters("a", "b"), ledger, DAY)
    assert ledger["run_id"].unique().sort().to_list() == ["2026-02-01.1", "2026-02-01.2"]
    assert str(ledger["changed_at"].unique().item()) == "2026-02-02 00:00:00"
    assert ledger["entry_no"].to_list() == list(range(1, ledger.height + 1))


def test_history_names_every_entry_of_an_id():
    merged = replay(("a", "b"), ("ab",))
    assert history(merged, name_customer("b")).filter(pl.col("record_id").is_null())["change"].to_list() == [
        "created",
        "absorbed",
    ]


partitions = st.lists(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), max_size=8), min_size=1, max_size=6
)


def as_clusters(night: dict[str, int]) -> pl.DataFrame:
    groups: dict[int, str] = {}
    for record, group in night.items():
        groups[group] = groups.get(group, "") + record
    return clusters(*groups.values())


@pytest.mark.long
@settings(max_examples=120, deadline=None)
@given(nights=partitions, seed=st.integers(0, 99))
def test_whatever_happens_the_ledger_keeps_its_promises(nights: list[dict[str, int]], seed: int):
    ledger = empty_ledger()
    for number, night in enumerate(nights):
        found = as_clusters(night)
        before, day = ledger, date(2026, 2, 1 + number)
        ledger = assign_ids(found, before, day)
        # The map is the clustering, one id per cluster and one cluster per id.
        joined = found.join(current_map(ledger), on="record_id", how="full", coalesce=True)
        assert joined.null_count().sum_horizontal().item() == 0
        assert joined.group_by("cluster_id").agg(pl.col("customer_id").n_unique())["customer_id"].to_list() in (
            [],
            [1] * found["cluster_id"].n_unique(),
        )
        assert joined["customer_id"].n_unique() == found["cluster_id"].n_unique()
        # Nothing that was written changes, a rerun adds nothing, and the order of rows does not matter.
        assert ledger.head(before.height).equals(before)
        shuffled = found.sample(fraction=1.0, shuffle=True, seed=seed) if found.height else found
        assert assign_ids(shuffled, before, day).equals(ledger)
        assert assign_ids(shuffled, ledger, day).equals(ledger)
        # Every id ever issued is known, and resolves to a customer of today or is retired.
        today = set(current_map(ledger)["customer_id"])
        for issued in ledger.filter(pl.col("change") == "created")["customer_id"]:
            fate = resolve(ledger, issued)
            assert fate.customer_id in today if fate.status != "retired" else issued not in today
            assert (issued in today) == (fate.status == "active")
