"""What is mutated: small inputs that are read without a fault, one kind of file each.

Every row of an export holds a value that is like no word of the program, so that it is found where none may be told.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from tests.workbooks import make_workbook

NEEDLE = "Quenneville"
COLUMNS = ("id", "mail", "moment", "total", "note")
ROWS = tuple(
    (
        f"{number}",
        f"{NEEDLE}.{number}@exemple.fr",
        f"2026-0{number % 6 + 1}-1{number % 9} 10:0{number % 10}:00",
        f"{number}.50",
        ("", "one, two", 'an "inch"', "over\ntwo lines", "é")[number % 5],
    )
    for number in range(1, 21)
)


def _csv(delimiter: str = ",", end: str = "\n", encoding: str = "utf-8") -> bytes:
    def cell(text: str) -> str:
        needs_quotes = any(mark in text for mark in (delimiter, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if needs_quotes else text

    lines = [delimiter.join(map(cell, row)) for row in (COLUMNS, *ROWS)]
    return (end.join(lines) + end).encode(encoding)


def _objects() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def _parquet() -> bytes:
    written = io.BytesIO()
    columns = {name: [row[number] for row in ROWS] for number, name in enumerate(COLUMNS)}
    columns["moment"] = [datetime.fromisoformat(text) for text in columns["moment"]]  # type: ignore[misc]
    pq.write_table(pa.table(columns), written)
    return written.getvalue()


def _sheet() -> bytes:
    rows = [[row[0], row[1], date(2026, 1, 5), float(row[3]), row[4]] for row in ROWS]
    return make_workbook({"Sheet1": [list(COLUMNS), *rows]})


def _zip(name: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return written.getvalue()


EXPORTS: dict[str, Callable[[], Sequence[bytes]]] = {
    "csv": lambda: (_csv(), _csv(";", "\r\n"), _csv("\t"), _csv(encoding="utf-16"), _csv(end="\r")),
    "csv.gz": lambda: (gzip.compress(_csv(), mtime=0),),
    "jsonl": lambda: (b"".join(json.dumps(row).encode() + b"\n" for row in _objects()),),
    "json": lambda: (
        json.dumps(_objects()).encode(),
        json.dumps({"data": _objects(), "next": None}, indent=1).encode(),
    ),
    "parquet": lambda: (_parquet(),),
    "xlsx": lambda: (_sheet(),),
    "zip": lambda: (_zip("orders.csv", _csv()),),
}
"""Per ending of a file's name: exports of :data:`ROWS`."""

SOURCES = """timezone: Europe/Paris
country: FR
currency: EUR
exchange_rates:
  GBP: 1.17
  USD: [{rate: 0.9}, {rate: 0.92, from: 2026-03-01}]
reject_limit: 1
as_of: 2026-06-30
language: fr
placeholders:
  email: [nobody@exemple.fr]
sources:
  - name: shop
    kind: ecommerce
    connector: {type: files, root: exports}
    tables:
      orders:
        from: orders.csv
        options: {delimiter: ",", decimal: ".", encoding: utf-8, nulls: ["-"]}
        where: id <> '7'
        reject_limit: 1
        plausible: {total_amount: {min: 0, max: 1000}}
        bad_values: {total_amount: reject}
        columns:
          order_id: id
          channel: "'web'"
          fulfilment: "'delivery'"
          status: "'paid'"
          ordered_at: strptime(moment, '%Y-%m-%d %H:%M:%S')
          total_amount: total
          updated_at: moment
      customers:
        from: orders.csv
        with: {beside: {from: orders.csv, optional: true}}
        query: select source.id as account_id, source.mail as email, beside.moment as updated_at
          from source join beside using (id)
"""

SEGMENTS = """traits:
  - name: store_orders_90d
    description: Orders in stores in the last 90 days
    owner: store network
    from: orders
    aggregate: count
    where: channel = 'store' and is_revenue
    window_days: 90
  - name: refunded_12m
    description: What was refunded
    owner: service team
    from: returns
    aggregate: sum
    column: refund_amount
segments:
  - name: vip_about_to_leave
    description: Among the best customers
    owner: crm team
    condition: rfm_monetary = 5 and is_about_to_leave and store_orders_90d >= 1
    reason: Few people, much revenue
"""

DECISIONS = """verdict,record_a,record_b,author,reason,decided_on,expires_on
must_link,crm:contacts:1,ecommerce:customers:2,anne,"same card, same name",2026-01-05,
# taken back
cannot_link,crm:contacts:3,crm:contacts:4,anne,twins,2026-02-05,2026-12-31
must_link,crm:contacts:5,pos:members:6,paul,called,2026-02-06,
cannot_link,crm:contacts:1,pos:members:6,paul,called,2026-02-06,
"""
