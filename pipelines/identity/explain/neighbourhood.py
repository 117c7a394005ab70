"""The part of the lake that an explanation needs: some records, and all that ties them to others.

A lake of a million records is scanned, never loaded: what is read whole are the two ids of the linked pairs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal

import polars as pl

from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.decisions.read import read_decisions_in_force
from pipelines.identity.scoring.profiles import build_profiles, is_compared, is_receipt, with_compared_columns
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS
from pipelines.lake.tables import Lake

Standing = Literal["profile", "receipt", "blank"]
"""What a record is to recognition: compared, placed by its e-mail, or alone for it says nothing."""


@dataclass(frozen=True)
class StoredPair:
    """A row of ``identity/pairs``: the records that stand for the two profiles, the weight in bits, what found it."""

    record_id_l: str
    record_id_r: str
    match_weight: float
    found_by: str


@dataclass(frozen=True)
class Decision:
    """A row of ``identity/decisions``."""

    verdict: str
    record_id_l: str
    record_id_r: str
    author: str
    reason: str
    decided_on: date
    expires_on: date | None


@dataclass(frozen=True)
class Neighbourhood:
    """Some records with all that may hold them together: rows of the tables of ``identity``.

    ``records`` holds, with a record, all of identical content and all that links lead to, however far; ``pairs`` is
    what is stored between them, ``customers`` the map (record_id, customer_id) of them, ``decisions`` all there are.
    """

    records: pl.DataFrame
    pairs: pl.DataFrame
    customers: pl.DataFrame
    decisions: pl.DataFrame

    @cached_property
    def subjects(self) -> pl.DataFrame:
        """What can be compared: profiles first, then receipts and blank records. profile_no, record_id, match columns.

        Every record is one of a subject, see :attr:`subject_of`.
        """
        profiles, _ = self._profiles
        columns = ("profile_no", "record_id", *MATCH_COLUMNS)
        others = (
            self.records.filter(~is_compared())
            .sort("record_id")
            .with_row_index("profile_no", offset=profiles.height)
            .with_columns(pl.col("profile_no").cast(pl.Int32))
        )
        return with_compared_columns(pl.concat([profiles.select(columns), others.select(columns)]))

    @cached_property
    def subject_of(self) -> dict[str, int]:
        """The number of each record's subject."""
        profiles, members = self._profiles
        others = self.subjects.tail(-profiles.height) if profiles.height else self.subjects
        numbered = pl.concat([frame.select("record_id", "profile_no") for frame in (members, others)])
        return dict(numbered.iter_rows())

    @cached_property
    def names(self) -> list[str]:
        """The record that stands for each subject: of a profile, its smallest."""
        return self.subjects["record_id"].to_list()

    def representative(self, record_id: str) -> str:
        """The record under whose id the pairs of ``record_id`` are stored."""
        return self.names[self.subject_of[record_id]]

    @cached_property
    def standing(self) -> dict[str, Standing]:
        values = self.records.select(
            "record_id",
            pl.when(is_compared())
            .then(pl.lit("profile"))
            .when(is_receipt())
            .then(pl.lit("receipt"))
            .otherwise(pl.lit("blank")),
        )
        return dict(values.iter_rows())

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The rows of :attr:`records` by record_id."""
        return {row["record_id"]: row for row in self.records.iter_rows(named=True)}

    @cached_property
    def customer_of(self) -> dict[str, str]:
        return dict(self.customers.select("record_id", "customer_id").iter_rows())

    @cached_property
    def records_of(self) -> dict[str, tuple[str, ...]]:
        """The records of each customer, sorted; whole for the customers asked about."""
        by_customer: dict[str, list[str]] = {}
        for record_id, customer_id in self.customers.select("record_id", "customer_id").sort("record_id").iter_rows():
            by_customer.setdefault(customer_id, []).append(record_id)
        return {customer_id: tuple(records) for customer_id, records in by_customer.items()}

    @cached_property
    def stored(self) -> dict[tuple[str, str], StoredPair]:
        """The stored pairs, by both record ids."""
        columns = ("record_id_l", "record_id_r", "match_weight", "found_by")
        return {(row[0], row[1]): StoredPair(*row) for row in self.pairs.select(columns).iter_rows()}

    @cached_property
    def links(self) -> tuple[StoredPair, ...]:
        """The stored pairs that tie records together, strongest first."""
        linked = (pair for pair in self.stored.values() if pair.match_weight >= LINK_THRESHOLD_BITS)
        return tuple(sorted(linked, key=strongest_first))

    def email_of(self, record_id: str) -> str | None:
        """The e-mail that the record is matched on."""
        email: str | None = self.rows[record_id]["email_key"]
        return email

    @property
    def must_links(self) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.verdicts if decision.verdict == "must_link")

    @property
    def cannot_links(self) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.verdicts if decision.verdict == "cannot_link")

    @cached_property
    def verdicts(self) -> tuple[Decision, ...]:
        """The decisions, oldest first."""
        rows = self.decisions.sort("decided_on", "record_id_l", "record_id_r").iter_rows(named=True)
        return tuple(Decision(**row) for row in rows)

    @cached_property
    def links_of(self) -> dict[str, list[StoredPair]]:
        """The links of each record, strongest first."""
        links: dict[str, list[StoredPair]] = {}
        for pair in self.links:
            links.setdefault(pair.record_id_l, []).append(pair)
            links.setdefault(pair.record_id_r, []).append(pair)
        return links

    def links_within(self, records: Iterable[str]) -> list[StoredPair]:
        """The links between two of ``records``, strongest first."""
        included = set(records)
        inside = [
            pair
            for record in included
            for pair in self.links_of.get(record, ())
            if pair.record_id_l == record and pair.record_id_r in included
        ]
        return sorted(inside, key=strongest_first)

    @cached_property
    def tied_to(self) -> dict[str, list[str]]:
        """For each record, those that a link or a must-link ties it to."""
        neighbours: dict[str, list[str]] = {}
        pairs: tuple[StoredPair | Decision, ...] = (*self.links, *self.must_links)
        for pair in pairs:
            neighbours.setdefault(pair.record_id_l, []).append(pair.record_id_r)
            neighbours.setdefault(pair.record_id_r, []).append(pair.record_id_l)
        return neighbours

    def component_of(self, record_id: str) -> set[str]:
        """The records that chains of links and must-links lead to from that which stands for ``record_id``."""
        reached: set[str] = set()
        waiting = [self.representative(record_id)]
        while waiting:
            record = waiting.pop()
            if record not in reached:
                reached.add(record)
                waiting += self.tied_to.get(record, ())
        return reached

    @cached_property
    def _profiles(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return build_profiles(self.records)


def strongest_first(pair: StoredPair) -> tuple[float, str, str]:
    """The key by which links are sorted."""
    return -pair.match_weight, pair.record_id_l, pair.record_id_r


def read_neighbourhood(lake: Lake, customers: Iterable[str]) -> Neighbourhood:
    """What ties the records of ``customers`` (ids of today) to others: all of their linked components, and more.

    With them come the records of identical content, and those that use the e-mail of a receipt.
    """
    records, pairs = lake.scan("identity", "records"), lake.scan("identity", "pairs")
    placed = lake.scan("identity", "customer_ids").select("record_id", "customer_id")
    decisions = read_decisions_in_force(lake)
    record_ids = _pick(placed, "customer_id", customers).collect()["record_id"]
    asked = _with_identical(records, _pick(records, "record_id", record_ids).collect())
    links = pairs.filter(pl.col("match_weight") >= LINK_THRESHOLD_BITS).select("record_id_l", "record_id_r").collect()
    musts = decisions.filter(pl.col("verdict") == "must_link").select("record_id_l", "record_id_r")
    reached = _reach(build_profiles(asked)[0]["record_id"], pl.concat([links, musts]))
    receipts = asked.filter(is_receipt())
    users = _pick(records, "email_key", receipts["email_key"]) if receipts.height else records.clear()
    found = pl.concat([asked.lazy(), _pick(records, "record_id", reached), users]).unique("record_id").collect()
    around = _with_identical(records, found)
    representatives = build_profiles(around)[0]["record_id"].implode()
    return Neighbourhood(
        around.sort("record_id"),
        pairs.filter(pl.col("record_id_l").is_in(representatives), pl.col("record_id_r").is_in(representatives))
        .select("record_id_l", "record_id_r", "match_weight", "found_by")
        .sort("record_id_l", "record_id_r")
        .collect(),
        _pick(placed, "record_id", around["record_id"]).sort("record_id").collect(),
        decisions,
    )


def _pick(rows: pl.LazyFrame, column: str, values: Iterable[Any]) -> pl.LazyFrame:
    wanted = pl.Series(sorted(set(values)), dtype=pl.String)
    return rows.filter(pl.col(column).is_in(wanted.implode()))


def _with_identical(records: pl.LazyFrame, found: pl.DataFrame) -> pl.DataFrame:
    """``found`` and the records of identical content, where content makes a profile."""
    compared = found.filter(is_compared())
    alike = _pick(records, "content_hash", compared["content_hash"])
    return pl.concat([found.lazy(), alike]).unique("record_id", maintain_order=True).collect()


def _reach(start: pl.Series, links: pl.DataFrame) -> list[str]:
    """The records that chains of ``links`` lead to from ``start``, and these themselves."""
    reached = set(start)
    frontier = reached
    while frontier:
        found = pl.Series(sorted(frontier), dtype=pl.String).implode()
        onwards = links.filter(pl.col("record_id_l").is_in(found) | pl.col("record_id_r").is_in(found))
        frontier = (set(onwards["record_id_l"]) | set(onwards["record_id_r"])) - reached
        reached |= frontier
    return sorted(reached)
