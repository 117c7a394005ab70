"""Dates that cannot be: a system's zero, a slip of a century, what happens only after the day of the run.

Whole rows with such a date are further ones, with keys of their own, so that nothing else misses them.
"""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl

from pipelines.sample.fault_list import Untouched, is_among, list_faults

EARLY = datetime(1970, 1, 1, 1)  # noqa: DTZ001
OLD = datetime(1900, 1, 1, 12)  # noqa: DTZ001
LATE = datetime(2062, 3, 1, 10)  # noqa: DTZ001


@dataclass(frozen=True)
class Further:
    """A copy of some row, under a key of its own and with another time."""

    table: str
    key: str
    moment: datetime
    columns: tuple[str, ...]
    nulls: tuple[str, ...] = ()


FURTHER = (
    Further("pos/tickets", "T998000001", EARLY, ("sold_at", "updated_at"), ("web_order_id", "receipt_email")),
    Further("pos/tickets", "T998000002", LATE, ("sold_at", "updated_at"), ("web_order_id", "receipt_email")),
    Further("ecommerce/orders", "W98000001", EARLY, ("ordered_at",), ("session_id", "fulfilled_at")),
    Further("ecommerce/orders", "W98000002", LATE, ("ordered_at", "updated_at"), ("session_id", "fulfilled_at")),
    Further("crm/loyalty_movements", "L998000001", OLD, ("occurred_at",), ("order_id",)),
    Further("crm/loyalty_movements", "L998000002", LATE, ("occurred_at",), ("order_id",)),
    Further("crm/campaign_events", "N998000001", LATE, ("occurred_at",)),
    Further("crm/surveys", "Q98000001", EARLY, ("answered_at",)),
    Further("crm/contacts", "K9800001", LATE, ("created_at", "updated_at"), ("deleted_at",)),
)
BIRTHS = {
    "crm/contacts": date(2053, 5, 12),  # 12/05/53, read as of this century.
    "ecommerce/customers": date(1850, 1, 1),
}


def date_wrongly(rng: np.random.Generator, tables: dict[str, pl.DataFrame], untouched: Untouched) -> list[pl.DataFrame]:
    """Adds rows to ``tables`` and changes birth dates; the faults."""
    faults = []
    for further in FURTHER:
        frame = tables[further.table]
        wanted = pl.col("account_id").is_not_null() if further.table == "ecommerce/orders" else pl.lit(True)
        row = untouched.draw(rng, further.table, frame, wanted, 1).with_columns(
            pl.lit(further.key).alias(frame.columns[0]),
            *(pl.lit(further.moment, pl.Datetime("us")).alias(name) for name in further.columns),
            *(pl.lit(None, frame.schema[name]).alias(name) for name in further.nulls),
        )
        untouched.touch(further.table, row)
        tables[further.table] = pl.concat([frame, row]).sort(frame.columns[0])
        kind = "later_than_as_of" if further.moment == LATE else "implausible"
        faults.append(
            list_faults(kind, further.table, row, further.columns[0], written=pl.lit(further.moment.isoformat(" ")))
        )
    for table, born in BIRTHS.items():
        frame = tables[table]
        rows = untouched.draw(rng, table, frame, pl.col("birth_date").is_not_null(), 1)
        wrong = pl.when(is_among(table, rows)).then(pl.lit(born)).otherwise(pl.col("birth_date"))
        tables[table] = frame.with_columns(wrong.alias("birth_date"))
        faults.append(list_faults("implausible_value", table, rows, "birth_date", written=pl.lit(born.isoformat())))
    return faults
