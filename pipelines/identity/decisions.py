"""What people decided about records: the same person, or not. A decision outranks every rule and every model."""

import polars as pl

DECISION_SCHEMA: dict[str, pl.DataType] = {
    "verdict": pl.String(), "record_id_l": pl.String(), "record_id_r": pl.String(), "author": pl.String(),
    "reason": pl.String(), "decided_on": pl.Date(), "expires_on": pl.Date(),
}  # fmt: skip
"""One row per decision. ``verdict`` is must_link or cannot_link; record_id_l < record_id_r; it holds from
``decided_on`` to the end of ``expires_on`` (null: for ever)."""


def no_decisions() -> pl.DataFrame:
    """The frame of a retailer whose people decided nothing yet."""
    return pl.DataFrame(schema=DECISION_SCHEMA)
