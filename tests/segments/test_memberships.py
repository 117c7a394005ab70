"""Who came and who went: the stays that follow from published nights, whatever becomes of nights, ids, definitions."""

import json
import random
from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.identity.customer_ids.ledger import absorbed_ids, assign_ids, current_map, empty_ledger
from pipelines.segments.definitions import Definitions
from pipelines.segments.memberships import (
    COMPUTED,
    LOG,
    MEMBERS,
    empty_log,
    intervals_before,
    list_definitions,
    record_night,
    sizes_before,
)

WORDS = {"description": "d", "owner": "o", "condition": "c"}
Stay = tuple[str, str, int, int | None]
NOBODY = pl.DataFrame(schema={"customer_id": pl.String, "into_customer_id": pl.String})


def day(number: int) -> date:
    return date(2026, 3, 1) + timedelta(days=number - 1)


def publish(log: pl.DataFrame, night: int, members: Mapping[str, str], digests: Mapping[str, str] = {}) -> pl.DataFrame:
    """The log after a night: the customers (one letter each) of every segment that is defined."""
    rows = [(segment, customer) for segment, customers in members.items() for customer in customers]
    computed = [
        (segment, json.dumps({"digest": digests.get(segment, "d"), **WORDS}), len(customers), 0, 0)
        for segment, customers in members.items()
    ]
    return record_night(
        log,
        day(night),
        pl.DataFrame(rows, schema=MEMBERS, orient="row"),
        pl.DataFrame(computed, schema=COMPUTED, orient="row"),
    )


def publish_all(*nights: tuple[int, Mapping[str, str]]) -> pl.DataFrame:
    log = empty_log()
    for night, members in nights:
        log = publish(log, night, members)
    return log


def stays(log: pl.DataFrame, before: int, ids: pl.DataFrame = NOBODY) -> list[Stay]:
    def number(when: date | None) -> int | None:
        return None if when is None else (when - day(1)).days + 1

    rows = intervals_before(log, day(before), ids).iter_rows()
    return [(segment, customer, number(entered) or 0, number(left)) for segment, customer, entered, left in rows]


def absorbed(**into: str) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": list(into), "into_customer_id": list(into.values())}, schema=NOBODY.schema)


def test_a_stay_lasts_from_the_first_night_in_to_the_first_night_out() -> None:
    log = publish_all((1, {"s": "ab"}), (3, {"s": "b"}), (4, {"s": "ab"}))
    assert stays(log, 5) == [("s", "a", 1, 3), ("s", "a", 4, None), ("s", "b", 1, None)]


def test_a_night_that_is_not_published_moves_nobody() -> None:
    log = publish_all((1, {"s": "a"}), (9, {"s": ""}))
    assert stays(log, 9) == [("s", "a", 1, None)]
    assert stays(log, 10) == [("s", "a", 1, 9)]


def test_a_night_published_again_gives_the_same_log() -> None:
    nights = [(1, {"s": "ab"}), (2, {"s": "bc", "t": "a"})]
    log = publish_all(*nights)
    assert publish(log, *nights[1]).equals(log)
    assert publish(publish(log, 2, {"s": "z"}), *nights[1]).equals(log), "what the night said first is forgotten"


def test_what_is_computed_for_a_day_knows_no_night_from_that_day_on() -> None:
    log = publish_all((1, {"s": "a"}), (5, {"s": "b"}))
    assert stays(log, 5) == [("s", "a", 1, None)]
    assert stays(log, 1) == []
    assert sizes_before(log, day(5))["night"].to_list() == [day(1)]


def test_an_earlier_night_published_late_keeps_what_later_nights_said() -> None:
    log = publish_all((1, {"s": "a"}), (5, {"s": "ab"}), (9, {"s": "b"}))
    log = publish(log, 3, {"s": "c"})
    assert stays(log, 10) == [("s", "a", 1, 3), ("s", "a", 5, 9), ("s", "b", 5, None), ("s", "c", 3, 5)]


def test_an_absorbed_customer_hands_the_longer_stay_to_the_one_who_stays() -> None:
    log = publish_all((1, {"s": "a"}), (2, {"s": "ab"}))
    assert stays(log, 3, absorbed(a="b")) == [("s", "b", 1, None)]
    after = publish(log, 3, {"s": "b"})
    assert stays(after, 4, absorbed(a="b")) == [("s", "b", 1, None)], "the night of the merge is no end"


def test_an_absorbed_customer_hands_on_the_stay_also_where_the_one_who_stays_was_never_in() -> None:
    log = publish_all((1, {"s": "a"}), (3, {"s": "b"}))
    assert stays(log, 4, absorbed(a="b")) == [("s", "b", 1, None)]


def test_stays_of_two_ids_of_one_customer_do_not_overlap() -> None:
    log = publish_all((1, {"s": "a"}), (2, {"s": "ab"}), (3, {"s": "b"}), (4, {"s": ""}), (6, {"s": "a"}))
    assert stays(log, 7, absorbed(b="a")) == [("s", "a", 1, 4), ("s", "a", 6, None)]
    nested = publish_all((1, {"s": "a"}), (2, {"s": "ab"}), (3, {"s": "a"}), (5, {"s": "ac"}), (6, {"s": ""}))
    assert stays(nested, 7, absorbed(b="a", c="a")) == [("s", "a", 1, 6)]


def test_the_larger_part_of_a_split_keeps_the_stay_and_the_other_begins_one() -> None:
    log = publish_all((1, {"s": "a"}), (2, {"s": "ac"}))
    assert stays(log, 3) == [("s", "a", 1, None), ("s", "c", 2, None)]


def test_a_merge_that_comes_apart_gives_each_its_own_stays_again() -> None:
    log = publish_all((1, {"s": "a"}), (2, {"s": "b"}), (3, {"s": "b"}))
    assert stays(log, 4) == [("s", "a", 1, 2), ("s", "b", 2, None)]


def test_a_segment_that_is_taken_out_ends_its_stays_and_keeps_them() -> None:
    log = publish_all((1, {"s": "a", "t": "a"}), (2, {"t": "a"}), (3, {"t": "a"}))
    assert stays(log, 4) == [("s", "a", 1, 2), ("t", "a", 1, None)]
    known = {row["segment"]: row for row in list_definitions(log, day(4), Definitions()).to_dicts()}
    assert (known["s"]["is_defined"], known["s"]["removed_on"], known["s"]["description"]) == (False, day(2), "d")
    assert known["t"]["removed_on"] == day(4), "tonight is the first night without it"


def define(condition: str) -> Definitions:
    segment = {"name": "s", "description": "d", "owner": "o", "condition": condition}
    return Definitions.model_validate({"segments": [segment]})


def test_a_changed_definition_is_dated_and_its_stays_go_on() -> None:
    old, new = define("order_count > 1"), define("order_count > 2")
    digests = [{"s": each.digest(each.segments[0])} for each in (old, new)]
    assert digests[0] != digests[1]
    log = publish(empty_log(), 1, {"s": "a"}, digests[0])
    log = publish(log, 2, {"s": "a"}, digests[1])
    log = publish(log, 3, {"s": "a"}, digests[1])
    [changed] = list_definitions(log, day(4), new).to_dicts()
    assert (changed["first_computed_on"], changed["defined_since"]) == (day(1), day(2))
    [back] = list_definitions(log, day(4), old).to_dicts()
    assert back["defined_since"] == day(4), "one run of nights: that it was so before does not count"
    assert stays(log, 4) == [("s", "a", 1, None)]


def test_the_words_about_a_segment_are_no_part_of_its_definition_and_its_traits_are() -> None:
    def digest(description: str, window: int, condition: str = "visits > 1") -> str:
        trait = {"name": "visits", "description": description, "owner": "o", "from": "customer_touchpoints"}
        other = trait | {"name": "other", "aggregate": "count", "window_days": window}
        segment = {"name": "s", "description": description, "owner": "o", "condition": condition}
        definitions = Definitions.model_validate(
            {"traits": [trait | {"aggregate": "count", "window_days": window}, other], "segments": [segment]}
        )
        return definitions.digest(definitions.segments[0])

    assert digest("a", 30) == digest("b", 30) == digest("a", 30, "visits  >\n 1")
    assert digest("a", 30) != digest("a", 31)
    assert digest("a", 30, "order_count > 1") == digest("a", 31, "order_count > 1"), "it reads no trait"


def test_sizes_stand_as_they_were_published() -> None:
    log = publish_all((1, {"s": "ab"}), (2, {"s": "b", "t": ""}))
    rows = sizes_before(log, day(3)).select("segment", "night", "member_count").rows()
    assert rows == [("s", day(1), 2), ("s", day(2), 1), ("t", day(2), 0)]


@pytest.mark.parametrize("seed", range(20))
def test_the_log_says_of_every_night_what_was_published_last_for_it(seed: int) -> None:
    """Nights published in any order and again: an oracle keeps each night's members, and reads stays off them."""
    chance = random.Random(seed)
    published: dict[int, Mapping[str, str]] = {}
    log = empty_log()
    for _ in range(12):
        night = chance.randint(1, 8)
        published[night] = {
            segment: "".join(chance.sample("abcd", chance.randint(0, 4)))
            for segment in chance.sample("st", chance.randint(0, 2))
        }
        log = publish(log, night, published[night])
    assert log.schema == pl.Schema(LOG)
    for asked in range(1, 10):
        expected: list[Stay] = []
        for segment in "st":
            for customer in "abcd":
                since = None
                for night in sorted(night for night in published if night < asked):
                    is_in = customer in published[night].get(segment, "")
                    if is_in and since is None:
                        since = night
                    elif not is_in and since is not None:
                        expected.append((segment, customer, since, night))
                        since = None
                if since is not None:
                    expected.append((segment, customer, since, None))
        assert stays(log, asked) == sorted(expected, key=lambda stay: stay[:3])


def test_an_id_absorbed_by_one_that_was_absorbed_later_is_found_at_the_end_of_the_way() -> None:
    def clusters(**of: str) -> pl.DataFrame:
        return pl.DataFrame({"record_id": list(of), "cluster_id": list(of.values())})

    ledger = assign_ids(clusters(r1="a", r2="b", r3="c"), empty_ledger(), day(1))
    ids = dict(current_map(ledger).iter_rows())
    assert absorbed_ids(ledger).rows() == []
    ledger = assign_ids(clusters(r1="a", r2="b", r3="b"), ledger, day(2))
    [(first, into)] = absorbed_ids(ledger).rows()
    assert {first, into} == {ids["r2"], ids["r3"]}
    ledger = assign_ids(clusters(r1="a", r2="a", r3="a"), ledger, day(3))
    [(stays_on,)] = current_map(ledger).select("customer_id").unique().rows()
    assert dict(absorbed_ids(ledger).rows()) == {id_: stays_on for id_ in ids.values() if id_ != stays_on}
    ledger = assign_ids(clusters(r1="a", r2="b", r3="c"), ledger, day(4))
    assert absorbed_ids(ledger).rows() == [], "who was restored is absorbed no more"
