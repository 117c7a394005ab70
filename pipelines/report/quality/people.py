"""Who was recognised: the records of each table, the customers they make, and how many records a customer has."""

from pipelines.config.home import Home
from pipelines.report.figures import Bar, Bars, Card, Cards, Column, Columns, Segment, percent_of
from pipelines.report.published_marts import Marts, Row
from pipelines.report.section_contract import Section, say_empty, share, tell_day
from pipelines.report.small_groups import NOBODY
from pipelines.report.tables import label_columns, tabulate
from pipelines.texts.texts import Texts

MARTS = ("customer_id_map",)
MOST_RECORDS = 10
"""Customers of so many records and more are one column."""

SIZES = """
with sized as (select customer_id, count(*) as records from marts.customer_id_map group by customer_id)

select records, count(*) as customers from sized group by records order by records
"""
BY_TABLE = """
select source, table_name, count(*) as records, count(distinct customer_id) as customers
from marts.customer_id_map
group by source, table_name
order by source, table_name
"""


def draw(_home: Home, marts: Marts, texts: Texts) -> Section:
    sizes = marts.ask(SIZES, NOBODY)
    if not sizes:
        return say_empty("people", MARTS, texts, ())
    tables = [row | {"origin": row["source"]} for row in marts.ask(BY_TABLE, NOBODY)]
    customers = sum(row["customers"] for row in sizes)
    records = sum(row["records"] * row["customers"] for row in sizes)
    alone = sum(row["customers"] for row in sizes if row["records"] == 1)
    cards = [
        Card(texts.say("column.records"), texts.write("count", records)),
        Card(texts.say("column.customers"), texts.write("count", customers)),
        Card(texts.say("people.mean"), texts.write("decimal", share(records, customers))),
        Card(texts.say("people.alone"), texts.write("share", share(alone, customers))),
    ]
    return Section(
        "people",
        texts.say(
            "people.title",
            records=texts.write("count", records),
            customers=texts.write("count", customers),
        ),
        lead=[texts.say("people.lead")],
        figures=[
            Cards(texts.say("people.figure"), cards),
            _draw_sizes(sizes, texts),
            _draw_tables(tables, texts),
        ],
        tables=[
            tabulate(
                "people_sizes",
                texts.say("people.sizes"),
                label_columns(texts, records="count", customers="count"),
                sizes,
                texts,
            ),
            tabulate(
                "people_tables",
                texts.say("people.tables"),
                label_columns(texts, origin="text", table_name="text", records="count", customers="count"),
                tables,
                texts,
            ),
        ],
        marts=MARTS,
        nav=texts.say("people.nav"),
        scope=tell_day(marts, texts),
        is_wide=True,
    )


def _draw_sizes(sizes: list[Row], texts: Texts) -> Columns:
    binned = dict.fromkeys(range(1, MOST_RECORDS + 1), 0)
    for row in sizes:
        binned[min(row["records"], MOST_RECORDS)] += row["customers"]
    most = max(binned.values())
    columns = [
        Column(
            f"{size}+" if size == MOST_RECORDS else str(size),
            percent_of(count, most),
            f"{texts.count('people.records', size)}: {texts.count('page.customers', count)}",
        )
        for size, count in binned.items()
    ]
    return Columns(texts.say("people.sizes"), texts.say("people.description"), columns, texts.write("count", most))


def _draw_tables(tables: list[Row], texts: Texts) -> Bars:
    most = max(row["records"] for row in tables)
    return Bars(
        texts.say("people.tables"),
        [
            Bar(
                row["table_name"],
                texts.write("count", row["records"]),
                [Segment(0, percent_of(row["records"], most))],
                f"{row['source']} · {texts.count('page.customers', row['customers'])}",
            )
            for row in tables
        ],
    )
