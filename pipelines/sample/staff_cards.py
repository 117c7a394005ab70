"""The staff's own card, given to members who forgot theirs and shown for passers-by: it is nobody's."""

import numpy as np
import polars as pl

from pipelines.sample.fault_list import Untouched, few, is_among, list_faults

CARD = "EMP001"
MEMBERS, LEAST_MEMBERS = 0.003, 7
TICKETS, LEAST_TICKETS = 0.003, 30


def lend_staff_card(
    rng: np.random.Generator, tables: dict[str, pl.DataFrame], untouched: Untouched
) -> list[pl.DataFrame]:
    """Puts the card on members and tickets that had none, in ``tables``; the faults."""
    faults = []
    has_none = {
        "pos/members": (pl.col("loyalty_card_id").is_null(), MEMBERS, LEAST_MEMBERS),
        "pos/tickets": (
            pl.all_horizontal(pl.col("loyalty_card_id", "receipt_email", "web_order_id").is_null()),
            TICKETS,
            LEAST_TICKETS,
        ),
    }
    for table, (condition, share, least) in has_none.items():
        frame = tables[table]
        rows = untouched.draw(rng, table, frame, condition, few(frame.height, share, least))
        lent = pl.when(is_among(table, rows)).then(pl.lit(CARD)).otherwise(pl.col("loyalty_card_id"))
        tables[table] = frame.with_columns(lent.alias("loyalty_card_id"))
        faults.append(list_faults("staff_card", table, rows, "loyalty_card_id", written=pl.lit(CARD)))
    return faults
