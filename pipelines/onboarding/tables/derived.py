"""Products and stores as far as tickets and orders name them, where the folder has no list of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.contracts import table as find_table
from pipelines.headers.vocabulary import Vocabulary
from pipelines.onboarding.draft import Remark, SourceDraft, TableDraft
from pipelines.onboarding.tables import sql
from pipelines.onboarding.tables.matching import assign

LINES = ("ecommerce/order_lines", "pos/ticket_lines")


def add_products(sources: Sequence[SourceDraft], vocabulary: Vocabulary) -> list[SourceDraft]:
    """The sources, with products out of lines: in a source of the shop itself, in one beside it for a till."""
    if any(table.table.name == "products" for source in sources for table in source.tables):
        return list(sources)
    added: list[SourceDraft] = []
    for source in sources:
        products = next(filter(None, (_list_products(table, vocabulary) for table in source.tables)), None)
        if products is None:
            added.append(source)
        elif source.kind == "ecommerce":
            added.append(replace(source, tables=(*source.tables, products)))
        else:
            added += [source, SourceDraft(f"{source.name}_products", "ecommerce", None, source.folder, (products,))]
    return added


def _list_products(lines: TableDraft, vocabulary: Vocabulary) -> TableDraft | None:
    if lines.table.path not in LINES or lines.preset:
        return None
    table = find_table("ecommerce", "products")
    assigned = assign(lines.export.shapes, table, vocabulary)
    used = {line.column: line.value for line in lines.lines}
    product, name = used.get("product_id"), assigned.get("name")
    if product not in lines.export.columns or name is None or not name.is_sure:
        return None
    further = [
        (column, each.source)
        for column in ("category", "subcategory", "brand")
        if (each := assigned.get(column)) and each.is_sure and each.source not in used.values()
    ]
    selected = [f"{sql.name(product)} as product_id", f"max({sql.name(name.source)}) as name"]
    selected += [f"max({sql.name(source)}) as {column}" for column, source in further]
    if "category" not in dict(further):
        selected.append("'other' as category")
    query = f"select {', '.join(selected)}\nfrom source where {sql.name(product)} is not null group by all"
    return TableDraft(
        table, lines.export, lines.from_, lines.options, query=query, remarks=(Remark("products_of_lines"),)
    )


def add_stores(sources: Iterable[SourceDraft]) -> list[SourceDraft]:
    """The sources, with the stores that tickets name, if their names are no mere numbers."""
    listed = list(sources)
    if any(table.table.name == "stores" for source in listed for table in source.tables):
        return listed
    return [_add_stores(source) for source in listed]


def _add_stores(source: SourceDraft) -> SourceDraft:
    tickets = next((each for each in source.tables if each.table.path == "pos/tickets" and not each.preset), None)
    if tickets is None:
        return source
    value = next((line.value for line in (*tickets.selected, *tickets.lines) if line.column == "store_id"), "")
    store = next((name for name in tickets.export.columns if value in (name, f"any_value({sql.name(name)})")), None)
    if store is None or tickets.export.shapes[store].are_numbers:
        return source
    own = sql.name(store)
    query = f"select distinct {own} as store_id, {own} as name\nfrom source where {own} is not null"
    stores = TableDraft(
        find_table("pos", "stores"),
        tickets.export,
        tickets.from_,
        tickets.options,
        query=query,
        remarks=(Remark("stores_of_tickets"),),
    )
    return replace(source, tables=(*source.tables, stores))
