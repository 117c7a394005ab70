"""Which marts a canonical column feeds, read from the SQL of the dbt project.

A column *feeds* a mart where its values end in one of the mart's columns: selected, summed, or told apart by a label.
It is *a condition of* a mart where it only decides which rows count there, or which of two values is taken. Rows are
joined on columns without their values ending anywhere; that is told apart, or everything would feed everything.

What Python makes between two layers of dbt is declared here. What stands nowhere before a night cannot be followed: the
conditions and traits of analysts; nor is what counts rows of every table, the field report and the quarantine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from pipelines.contracts import TABLES
from pipelines.identity.standardisation.spellings import CARDS_WRITTEN, MAILBOXES_WRITTEN
from pipelines.identity.standardisation.standardise import MATCH_COLUMNS, RECORD_COLUMNS

PERSONS = {"crm/contacts": "contact_id", "ecommerce/customers": "account_id", "pos/members": "member_id"}
"""The tables of persons, each with its key."""

GIVEN_WITH_ORDERS = ("first_name", "last_name", "email", "phone", "address", "postcode", "city", "country")
"""The contact fields of orders, `contact_<field>`."""

MATCHED_ON = {"email_key": "email", "card_key": "loyalty_card_id"}
"""The match columns that dbt reads, and the field each is made of."""


def _find_origins_of_records() -> dict[str, tuple[str, ...]]:
    """The canonical columns behind each column of `identity/records`."""
    columns = {table.path: {column.name for column in table.columns} for table in TABLES}
    origins: dict[str, list[str]] = {name: [] for name in (*RECORD_COLUMNS, *MATCH_COLUMNS)}
    for path, key in PERSONS.items():
        for name in RECORD_COLUMNS:
            if name in columns[path]:
                origins[name].append(f"{path}.{name}")
        for name in ("record_id", "source_key"):
            origins[name].append(f"{path}.{key}")
    for name in GIVEN_WITH_ORDERS:
        origins[name].append(f"ecommerce/orders.contact_{name}")
    for name in ("email", "phone", "mobile"):
        origins[name].append("crm/contact_points.value")
    origins["email"].append("pos/tickets.receipt_email")
    for key, name in MATCHED_ON.items():
        origins[key] = origins[name]
    return {name: tuple(found) for name, found in origins.items()}


RECORDS = _find_origins_of_records()
MADE_BY_PYTHON: dict[str, dict[str, tuple[str, ...]]] = {
    "identity/records": RECORDS,
    "identity/records_amendments": {**RECORDS, "is_gone": ()},
    "identity/loyalty_cards": {
        "written": (cards := tuple(f"{kind}/{name}.{column}" for kind, name, column in CARDS_WRITTEN)),
        "loyalty_card_id": cards,
        "is_shared": (),
    },
    "identity/mailboxes": {
        "written": (mails := tuple(f"{kind}/{name}.{column}" for kind, name, column in MAILBOXES_WRITTEN)),
        "mailbox": mails,
        "is_shared": (),
    },
    "identity/merged_records": {
        "record_id": ("crm/merges.old_contact_id",),
        "surviving_record_id": ("crm/merges.surviving_contact_id",),
        "source": (),
        "merged_at": ("crm/merges.merged_at",),
    },
}
"""Tables of the lake that Python makes column by column, and the canonical columns behind each of theirs."""

FITTED_TO = {
    "value/customer_values": "intermediate/int_purchase_histories_summed",
    "value/back_test": "intermediate/int_purchase_histories_summed",
}
"""Tables whose every number is fitted to all columns of a model."""

COMPARED = ("civility", "first_name", "last_name", "email", "phone", "mobile", "birth_date", "address", "postcode",
    "city", "country", "loyalty_card_id")  # fmt: skip
"""The fields of a record by which people are recognised."""

RECOGNISES = frozenset(
    {
        *(origin for name in COMPARED for origin in RECORDS[name]),
        *(f"{table.path}.{column.name}" for table in TABLES for column in table.columns
          if table.path in ("crm/merges", "crm/contact_points")),
    }
)  # fmt: skip
"""The canonical columns that say who is one person, and so stand behind every customer of every mart."""


@dataclass(frozen=True)
class Flow:
    """Canonical columns, `<kind>/<table>.<column>`: whose values a column holds, and which decide about them."""

    values: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()

    def __or__(self, other: "Flow") -> "Flow":
        return Flow(self.values | other.values, self.conditions | other.conditions)

    @property
    def decides(self) -> "Flow":
        """The same, where only the rows or the branch depend on it."""
        return Flow(conditions=self.values | self.conditions)


NOTHING = Flow()


@dataclass
class Relation:
    """What is known of a table, view or subquery: its columns, and what decides which rows it has.

    ``others`` is what is behind columns of any other name; None where there are none.
    """

    columns: dict[str, Flow]
    rows: frozenset[str] = frozenset()
    others: Flow | None = None

    def column(self, name: str) -> Flow:
        found = self.columns.get(name, self.others)
        if found is None:
            raise KeyError(name)
        return found | Flow(conditions=self.rows)

    @property
    def everything(self) -> Flow:
        return _union(self.columns.values())


@dataclass
class Fed:
    """Where one canonical column goes: marts that hold its values, marts of which it is only a condition.

    In the order of their names. ``is_joined_on``: rows of some model are joined on it.
    """

    values: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    is_joined_on: bool = False


def trace_columns(models: Mapping[str, str]) -> dict[str, Fed]:
    """Where each canonical column goes, by `<kind>/<table>.<column>`.

    ``models`` are compiled SELECTs by `<schema>/<name>`; a table of the lake is read as
    `'lake/<kind>/<table>.parquet'`, or with a `*` before the dot where it may lie in parts.
    Raises ValueError for a column that the table it is read of does not have.
    """
    known = _list_lake_relations()
    joined: set[str] = set()
    queries = {name: _read_query(sql) for name, sql in models.items()}
    made = {**dict.fromkeys(queries), **FITTED_TO}
    waits = {name: made.keys() & {table.name for table in query.find_all(exp.Table)} for name, query in queries.items()}
    waits |= {path: {model} & queries.keys() for path, model in FITTED_TO.items()}
    fed = {f"{table.path}.{column.name}": Fed() for table in TABLES for column in table.columns}
    for name in TopologicalSorter(waits).static_order():
        if name in FITTED_TO:
            known[name] = Relation({}, others=known[FITTED_TO[name]].everything if waits[name] else NOTHING)
            continue
        try:
            known[name] = _Tracer(known, joined).trace(queries[name])
        except (KeyError, SqlglotError) as fault:
            raise ValueError(f"{name} reads a column that cannot be followed: {fault}") from None
        if name.startswith("marts/"):
            whole = known[name].everything | Flow(conditions=known[name].rows)
            for column in whole.values & fed.keys():
                fed[column].values.append(name.removeprefix("marts/"))
            for column in (whole.conditions - whole.values) & fed.keys():
                fed[column].conditions.append(name.removeprefix("marts/"))
    for column, found in fed.items():
        found.values.sort()
        found.conditions.sort()
        found.is_joined_on = column in joined
    return fed


def _list_lake_relations() -> dict[str, Relation]:
    canonical = {
        table.path: Relation(
            {"source": NOTHING}
            | {column.name: Flow(frozenset({f"{table.path}.{column.name}"})) for column in table.columns}
        )
        for table in TABLES
    }
    made = {
        path: Relation({name: Flow(frozenset(origins)) for name, origins in columns.items()})
        for path, columns in MADE_BY_PYTHON.items()
    }
    return canonical | made


def _read_query(sql: str) -> exp.Query:
    """The query, with each table named `<folder>/<name>` in one identifier: no CTE of the same name hides it."""
    query = parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    for table in query.find_all(exp.Table):
        name = table.name
        if name.endswith(".parquet"):
            path = name.removeprefix("lake/").removesuffix(".parquet").removesuffix("*")
        elif table.db:
            path = f"{table.db}/{name}"
        else:  # A common table expression.
            continue
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(path.split("/")[1])))
        table.set("this", exp.to_identifier(path, quoted=True))
        table.set("db", None)
        table.set("catalog", None)
    return query


class _Tracer:
    """Follows one query, scope by scope, from the tables it names to its columns."""

    def __init__(self, known: Mapping[str, Relation], joined: set[str]) -> None:
        self.known = known
        self.joined = joined
        self.traced: dict[int, Relation] = {}

    def trace(self, query: exp.Query) -> Relation:
        read = {table.name for table in query.find_all(exp.Table)} & self.known.keys()
        columns = {name: dict.fromkeys(self.known[name].columns, "unknown") for name in sorted(read)}
        qualified = qualify(
            query,
            dialect="duckdb",
            schema={f'"{name}"': of_table for name, of_table in columns.items() if of_table},
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        relation = Relation({})
        for scope in traverse_scope(qualified):
            relation = self._trace_scope(scope)
            self.traced[id(scope.expression)] = relation
        return relation

    def _trace_scope(self, scope: Scope) -> Relation:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            left, right = (self.traced[id(each.unnest())] for each in (expression.left, expression.right))
            pairs = zip(left.columns.items(), right.columns.values(), strict=False)
            columns = {name: one | other for (name, one), other in pairs}
            return Relation(columns, left.rows | right.rows, others=left.others or right.others)
        if not isinstance(expression, exp.Select):  # UNNEST and the like: all that goes in comes out.
            whole = self._follow(expression, scope)
            return Relation({}, others=whole)
        rows = self._find_row_conditions(scope, expression)
        columns = {}
        for projection in expression.expressions:
            columns[projection.alias_or_name] = self._follow(projection, scope)
        has_others = any(each.is_star for each in expression.expressions)  # Of a table whose columns are unknown.
        return Relation(columns, rows, others=NOTHING if has_others else None)

    def _find_row_conditions(self, scope: Scope, select: exp.Select) -> frozenset[str]:
        found = NOTHING
        for clause in ("where", "having", "qualify"):
            if (condition := select.args.get(clause)) is not None:
                found |= self._follow(condition, scope).decides
        rows = found.conditions
        start = select.args.get("from_") or select.args.get("from")
        if start is not None:
            rows |= self._relation(start.this.alias_or_name, scope).rows
        for join in select.args.get("joins") or []:
            keys = self._read_join(join, scope)
            if join.side != "LEFT":
                rows |= keys | self._relation(join.this.alias_or_name, scope).rows
        return rows

    def _read_join(self, join: exp.Join, scope: Scope) -> frozenset[str]:
        """Notes the columns that rows are joined on; returns those that decide besides."""
        condition = join.args.get("on")
        besides = NOTHING
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition] if condition else []:
            followed = self._follow(part, scope)
            is_key = isinstance(part, exp.EQ) and all(side.find(exp.Column) for side in (part.left, part.right))
            if is_key:
                self.joined |= followed.values
            else:
                besides |= followed.decides
        return besides.conditions

    def _follow(self, expression: exp.Expr | None, scope: Scope) -> Flow:
        if expression is None:
            return NOTHING
        if isinstance(expression, exp.Column):
            return NOTHING if expression.is_star else self._relation(expression.table, scope).column(expression.name)
        if isinstance(expression, exp.Subquery | exp.Query) and id(expression.unnest()) in self.traced:
            return self.traced[id(expression.unnest())].everything
        if isinstance(expression, exp.Exists):
            return self._follow(expression.this, scope).decides
        if isinstance(expression, exp.Case):
            tests = [branch.this for branch in expression.args["ifs"]]
            results = [branch.args["true"] for branch in expression.args["ifs"]]
            return self._choose([expression.this, *tests], [*results, expression.args.get("default")], scope)
        if isinstance(expression, exp.If):
            return self._choose([expression.this], [expression.args["true"], expression.args.get("false")], scope)
        if isinstance(expression, exp.Filter):
            return self._choose([expression.expression], [expression.this], scope)
        if isinstance(expression, exp.ArgMax | exp.ArgMin):
            return self._follow(expression.this, scope) | self._follow(expression.expression, scope).decides
        if isinstance(expression, exp.Window):
            framed = [*expression.args.get("partition_by", []), expression.args.get("order")]
            return self._follow(expression.this, scope) | _union(self._follow(each, scope) for each in framed).decides
        return _union(self._follow(child, scope) for child in expression.iter_expressions())

    def _choose(self, tests: Iterable[exp.Expr | None], results: Iterable[exp.Expr | None], scope: Scope) -> Flow:
        """A choice among values is decided by its tests; among constants, what is tested is what it says."""
        chosen, tested = (_union(self._follow(each, scope) for each in group) for group in (results, tests))
        return chosen | (tested.decides if chosen.values else tested)

    def _relation(self, alias: str, scope: Scope) -> Relation:
        """What ``alias`` stands for in ``scope``; a column without one is of a table whose columns are unknown."""
        if not alias:
            read = [self._source(source) for _, source in scope.selected_sources.values()]
            unknown = [relation for relation in read if relation.others is not None]
            return unknown[0] if len(unknown) == 1 else Relation({}, others=NOTHING if unknown else None)
        within: Scope | None = scope
        while within is not None:
            if alias in within.sources:
                return self._source(within.sources[alias])
            within = within.parent
        return Relation({})

    def _source(self, source: exp.Expr | Scope) -> Relation:
        if isinstance(source, Scope):
            return self.traced[id(source.expression)]
        return self.known.get(source.name, Relation({}, others=NOTHING))


def _union(flows: Iterable[Flow]) -> Flow:
    whole = NOTHING
    for flow in flows:
        whole |= flow
    return whole
