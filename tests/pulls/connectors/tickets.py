"""What tickets and their lines must add up to, whichever till they come from."""

import polars as pl

from tests.pulls.connectors.conftest import Crm


def check_identities(tills: Crm) -> None:
    """Those of the contract, of every ticket."""
    tickets, lines = tills.extract("tickets"), tills.extract("ticket_lines")
    summed = lines.group_by("ticket_id").agg(pl.col("line_amount").sum().alias("of_lines"))
    for row in tickets.join(summed, on="ticket_id", how="left").iter_rows(named=True):
        beside = (row["tip_amount"] or 0) + row["gift_card_amount"]
        assert row["total_amount"] == row["gross_amount"] - row["discount_amount"] + beside, row
        assert (row["of_lines"] or 0) == row["total_amount"] + row["discount_amount"] - beside, row
