"""References that match nothing, and returns that contradict their order: told, while the rows stay as they are.

An order without its account, an event without its contact: such rows are anonymous and still count, but a mapping that
makes all of them so would otherwise go unseen. Which column names what is declared in ``pipelines.contracts``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines import contracts
from pipelines.config.sources import Sources
from pipelines.contracts import Column, Reference, Table
from pipelines.extracts.quarantine import write_quarantine
from pipelines.extracts.reference_mends import Mend, find_mend, write_mapping
from pipelines.extracts.sorted_parquet import put_in_place
from pipelines.extracts.sql_quoting import quote_name, quote_text
from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.standardisation.accounts import names_no_account
from pipelines.identity.standardisation.loyalty_cards import POWER_OF_TEN
from pipelines.lake.tables import Lake

MOST_LISTED = 1_000  # Rows of one source, table and column; how many there are in all is counted.
MATCHES_NOTHING, REFUND_BEYOND_ORDER, RETURN_BEFORE_ORDER = (
    "matches_nothing", "refund_beyond_order", "return_before_order",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What was found of one column of one source's table: ``unmatched`` of its ``rows`` that name anything.

    ``source`` is the one that fills the table, whichever it belongs to: there the mapping is to be mended.
    ``targets`` are what was looked up in. Not ``is_checked``: no source gives any of them. ``mend`` says how so many of
    the unmatched (``mended``) would match. ``warn`` and ``stop`` are the shares above which it is told and refused.
    """

    source: str
    table: str
    column: str
    finding: str
    targets: str
    rows: int
    unmatched: int
    is_checked: bool
    mended: int
    mend: str | None
    warn: float | None
    stop: float | None

    @property
    def share(self) -> float:
        return self.unmatched / max(self.rows, 1)

    @property
    def warns(self) -> bool:
        return self.unmatched > 0 and self.warn is not None and self.share > self.warn

    @property
    def stops(self) -> bool:
        return self.unmatched > 0 and self.stop is not None and self.share > self.stop

    def describe(self) -> str:
        """One line: what, how much of it, and what to do."""
        what = f"{self.source}, {self.table}.{self.column}: {self.unmatched:,} of {self.rows:,} ({self.share:.1%})"
        if self.finding == REFUND_BEYOND_ORDER:
            return f"{what} refunds go beyond the total of their order"
        if self.finding == RETURN_BEFORE_ORDER:
            return f"{what} returns are dated before their order"
        told = f"{what} match nothing in {self.targets}"
        return f"{told}; {self.mended:,} of them would with {self.mend}" if self.mend else told


SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(), "table_name": pl.String(), "column_name": pl.String(), "finding": pl.String(),
    "targets": pl.String(), "rows": pl.Int64(), "unmatched": pl.Int64(), "is_checked": pl.Boolean(),
    "mended": pl.Int64(), "mend": pl.String(), "warn": pl.Float64(), "stop": pl.Float64(),
}  # fmt: skip
"""``quarantine/references``: one row per :class:`Finding`."""


def check_references(sources: Sources, lake: Lake, targets: Lake | None = None) -> list[Finding]:
    """Every column that names rows of other tables, by source: counted, and its rows listed among the quarantined.

    What they name is looked up in ``targets``, by default in ``lake`` itself.

    Reads the extracts, ``identity/loyalty_cards`` and ``identity/merged_records``. Writes ``quarantine/references`` and
    the quarantine's file of them, of which the rows themselves stay in the warehouse.
    """
    findings: list[Finding] = []
    listed: list[str] = []
    with connect_in_memory("The check of references") as connection, lake.scratch("references") as scratch:
        for table in contracts.TABLES:
            for column in table.columns:
                if column.references is not None and sources.feeding(table):
                    looked_up = _Lookup(connection, sources, lake, targets or lake, table, column, column.references)
                    findings += looked_up.find()
                    listed += looked_up.list_rows(len(listed))
        returns = _Returns(connection, sources, lake)
        findings += returns.find()
        listed += returns.list_rows()
        rows = scratch / "references.parquet"
        write_quarantine(connection, listed, rows)
        put_in_place(lake.quarantine_path("told", "references"), rows)
    lake.write("quarantine", "references", _as_frame(findings))
    return findings


def _as_frame(findings: Sequence[Finding]) -> pl.DataFrame:
    rows = [
        (
            *(each.source, each.table, each.column, each.finding, each.targets, each.rows, each.unmatched),
            *(each.is_checked, each.mended, each.mend, each.warn, each.stop),
        )
        for each in findings
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("table_name", "column_name", "source", "finding")


class _Lookup:
    """The values of one column, looked up in what they name."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        sources: Sources,
        lake: Lake,
        looked_up_in: Lake,
        table: Table,
        column: Column,
        reference: Reference,
    ) -> None:
        self.connection, self.sources, self.lake, self.looked_up_in = connection, sources, lake, looked_up_in
        self.table, self.column, self.reference = table, column, reference
        self.targets = [_split(target) for target in reference.targets]
        self.given = [(target, name) for target, name in self.targets if sources.feeding(target)]
        self.filling = {each.rows_of: each for each in sources.feeding(table)}
        self.findings: list[Finding] = []

    def find(self) -> list[Finding]:
        """One finding per source that fills the column."""
        values = quote_name(self.column.name)
        self.connection.execute(
            f"create or replace temp table named as select source, {values} as value, count(*) as rows "
            f"from {_read(self.lake, self.table)} where {values} is not null group by all"
        )
        self._drop_placeholders()
        if self.given:
            self._gather_targets()
        self.connection.execute(
            "create or replace temp table named as select named.*, target.value is not null as is_known "
            "from named left join targets as target on named.value = target.value "
            f"and {'named.source = target.source' if self.reference.within_source else 'true'}"
            if self.given
            else "create or replace temp table named as select *, true as is_known from named"
        )
        counted = self.connection.execute(
            "select source, sum(rows), coalesce(sum(rows) filter (where not is_known), 0) from named "
            "group by source order by source"
        ).fetchall()
        self.findings = [self._tell(source, int(rows), int(unmatched)) for source, rows, unmatched in counted]
        return self.findings

    def _drop_placeholders(self) -> None:
        """A guest's account or member and a card that is none name nobody; a card that a spreadsheet spoilt is lost."""
        registers = {"ecommerce/customers", "pos/members"}
        if any(target.path in registers for target, _ in self.targets) and not self._is_card:
            named = self.connection.sql("select distinct value from named order by value").to_arrow_table()
            guests = pl.DataFrame(pl.from_arrow(named)).filter(names_no_account(pl.col("value")))
            self.connection.register("guests", guests.to_arrow())
            self.connection.execute(
                "create or replace temp table named as select * from named anti join guests using (value)"
            )
            self.connection.unregister("guests")
        if self._is_card:
            cards = _read_lake(self.lake, "identity", "loyalty_cards")
            kept = "true" if self.column.required else f"regexp_matches(named.value, {quote_text(POWER_OF_TEN)})"
            self.connection.execute(
                "create or replace temp table named as "
                "select named.source, coalesce(card.loyalty_card_id, named.value) as value, "
                f"sum(named.rows) as rows from named left join {cards} as card on named.value = card.written "
                f"where card.loyalty_card_id is not null or {kept} group by all"
            )

    @property
    def _is_card(self) -> bool:
        return self.reference.compares_cards

    def _gather_targets(self) -> None:
        """``targets``: what there is to name; ids that were merged away where what is left of them is there."""
        selects = []
        for target, name in self.given:
            rows, key = _read(self.looked_up_in, target), quote_name(name)
            if self._is_card:
                cards = _read_lake(self.lake, "identity", "loyalty_cards")
                selects.append(
                    f"select null::varchar as source, card.loyalty_card_id as value from {rows} as listed "
                    f"join {cards} as card on listed.{key} = card.written where card.loyalty_card_id is not null"
                )
                continue
            source = "source" if self.reference.within_source else "null::varchar as source"
            selects.append(f"select {source}, {key} as value from {rows} where {key} is not null")
            if target.path in ("crm/contacts", "ecommerce/customers"):
                merged = _read_lake(self.lake, "identity", "merged_records")
                named = quote_text(f":{target.name}:")
                lead = f"length(merged.source || {named}) + 1"
                selects.append(
                    f"select merged.source, substr(merged.record_id, {lead}) as value from {merged} as merged "
                    f"join {rows} as survivor on merged.source = survivor.source "
                    f"and merged.surviving_record_id = survivor.source || {named} || survivor.{key}"
                )
        self.connection.execute(f"create or replace temp table targets as {' union '.join(selects)}")

    def _tell(self, rows_of: str, rows: int, unmatched: int) -> Finding:
        source = self.filling[rows_of]
        declared = source.tables[self.table.name]
        limits = declared.reference_limits.get(self.column.name, self.sources.reference_limits)
        mend = self._mend_of(rows_of) if unmatched else None
        advice = None
        if mend is not None:
            place = (self.table, self.column.name) if not mend.mends_target else self.given[0]
            feeding = self.sources.feeding(place[0])
            written_by = next((each for each in feeding if each.rows_of == rows_of), feeding[0])
            line = write_mapping(mend.expression, place[1], written_by.tables[place[0].name])
            advice = f"`{line}` in source {written_by.name}, table {place[0].path}"
        return Finding(
            source.name, self.table.path, self.column.name, MATCHES_NOTHING,
            " or ".join(target.path for target, _ in (self.given or self.targets)),
            rows, unmatched, bool(self.given), mend.rows if mend else 0, advice, limits.warn, limits.stop,
        )  # fmt: skip

    def _mend_of(self, source: str) -> Mend | None:
        """The mend for one source's values; cards are compared in one spelling already."""
        if self._is_card:
            return None
        scope = quote_text(source) if self.reference.within_source else "null"
        with self.connection.cursor() as apart:  # Its own temporary tables, made from those of all sources.
            theirs = self.connection.sql(
                f"select {scope}::varchar as source, value, rows, is_known from named "
                f"where source = {quote_text(source)} order by value"
            ).to_arrow_table()
            known = self.connection.sql(
                f"select source, value from targets where source is not distinct from {scope} order by value"
            ).to_arrow_table()
            apart.register("theirs", theirs)
            apart.register("known", known)
            apart.execute("create or replace temp table named as select * from theirs")
            apart.execute("create or replace temp table targets as select distinct * from known")
            return find_mend(apart)

    def list_rows(self, number: int) -> Iterator[str]:
        """SELECTs of the quarantine's columns: the rows of each source that name nothing, up to MOST_LISTED."""
        unmatched = [finding for finding in self.findings if finding.unmatched]
        if not unmatched:
            return
        unknown = f"unknown_{number}"
        written = "select source, value from named where not is_known"
        if self._is_card:
            cards = _read_lake(self.lake, "identity", "loyalty_cards")
            written = (
                "select named.source, coalesce(card.written, named.value) as value "
                f"from named left join {cards} as card on named.value = card.loyalty_card_id where not named.is_known"
            )
        self.connection.execute(f"create or replace temp table {unknown} as {written}")
        # A line of an order that is not there is in no mart: it has nothing else to be known by.
        is_kept = "false" if self.table.part_of is not None and self.column.name in self.table.key else "true"
        rows_of = {source.name: name for name, source in self.filling.items()}
        for finding in unmatched:
            values = quote_name(self.column.name)
            reason = f"{self.column.name} matches nothing in {finding.targets}"
            yield (
                f"select {quote_text(finding.source)} as source, {quote_text(self.table.path)} as table_name, "
                "null::varchar as file, null::bigint as line, "
                f"{quote_text(self.column.name)} as column_name, {quote_text(reason)} as reason, "
                f"{_raw(self.table, self.column.name)} as raw, 'reference' as kind, {is_kept} as is_kept from ("
                f"select listed.* from {_read(self.lake, self.table)} as listed semi join {unknown} as unknown "
                f"on listed.source = unknown.source and listed.{values} = unknown.value "
                f"where listed.source = {quote_text(rows_of[finding.source])} "
                f"order by {_keys(self.table)} limit {MOST_LISTED}) as listed"
            )


class _Returns:
    """Returns of orders that are known, against these orders."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sources: Sources, lake: Lake) -> None:
        self.connection, self.sources = connection, sources
        self.table, orders = contracts.table("ecommerce", "returns"), contracts.table("ecommerce", "orders")
        self.is_checked = bool(sources.feeding(self.table) and sources.feeding(orders))
        if not self.is_checked:
            return
        # What a return refunds is its amount, whatever its sign. A day's grace: many shops write the day of a return
        # without its hour.
        connection.execute(
            f"""
            create or replace temp table judged as
            select returned.*, {_name_filling(sources, self.table)} as told_of,
                sum(abs(returned.refund_amount)) over (
                    partition by returned.source, returned.order_id order by returned.returned_at, returned.return_id
                ) as refunded, ordered.total_amount as ordered_amount,
                refunded > greatest(ordered.total_amount, 0) as is_{REFUND_BEYOND_ORDER},
                returned.returned_at < ordered.ordered_at - interval 1 day as is_{RETURN_BEFORE_ORDER}
            from {_read(lake, self.table)} as returned
            join {_read(lake, orders)} as ordered using (source, order_id)"""
        )

    def find(self) -> Iterator[Finding]:
        if not self.is_checked:
            return
        for finding, column in ((REFUND_BEYOND_ORDER, "refund_amount"), (RETURN_BEFORE_ORDER, "returned_at")):
            for source, rows, found in self.connection.execute(
                f"select told_of, count(*), count(*) filter (where is_{finding}) from judged "
                "group by told_of order by told_of"
            ).fetchall():
                if found:
                    yield Finding(
                        source, self.table.path, column, finding, "ecommerce/orders", rows, found, True, 0, None,
                        self.sources.reference_limits.warn, None,
                    )  # fmt: skip

    def list_rows(self) -> Iterator[str]:
        if not self.is_checked:
            return
        beyond = (
            "'refunds of the order come to ' || refunded || ', its total is ' || ordered_amount",
            "'the return is dated before its order'",
        )
        for finding, column, reason in zip(
            (REFUND_BEYOND_ORDER, RETURN_BEFORE_ORDER), ("refund_amount", "returned_at"), beyond, strict=True
        ):
            yield (
                f"select told_of as source, {quote_text(self.table.path)} as table_name, null::varchar as file, "
                f"null::bigint as line, {quote_text(column)} as column_name, {reason} as reason, "
                f"{_raw(self.table, 'order_id', column)} as raw, 'implausible' as kind, true as is_kept "
                f"from (select * from judged where is_{finding} order by source, return_id limit {MOST_LISTED}) "
                "as listed"
            )


def _name_filling(sources: Sources, table: Table) -> str:
    """SQL of the name of the source that fills ``table``, of a row ``returned``."""
    names = {each.rows_of: each.name for each in sources.feeding(table)}
    told = " ".join(f"when {quote_text(rows_of)} then {quote_text(name)}" for rows_of, name in names.items())
    return f"case returned.source {told} end"


def _split(target: str) -> tuple[Table, str]:
    path, column = target.split(".")
    kind, name = path.split("/")
    return next(table for table in contracts.TABLES if table.path == path and kind and name), column


def _read(lake: Lake, table: Table) -> str:
    return _read_lake(lake, table.kind, table.name)


def _read_lake(lake: Lake, kind: str, name: str) -> str:
    lake.require_whole(kind, name)
    files = lake.parts(kind, name) or [lake.path(kind, name)]  # DuckDB says that it is missing.
    return f"read_parquet([{', '.join(quote_text(str(file)) for file in files)}])"


def _keys(table: Table) -> str:
    return ", ".join(f"listed.{quote_name(name)}" for name in table.key)


def _raw(table: Table, *columns: str) -> str:
    """The key of a row and the columns at fault, as JSON text."""
    names = dict.fromkeys((*table.key, *columns))
    return (
        f"cast(to_json({{{', '.join(f'{quote_text(name)}: listed.{quote_name(name)}' for name in names)}}}) as varchar)"
    )
