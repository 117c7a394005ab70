"""What a day changes in a lake: some records are new, some are edited, some are gone. Seeded."""

from datetime import date

import polars as pl

from pipelines.identity.standardisation.standardise import gather_records
from pipelines.lake.tables import Lake

TABLES = {
    "contacts": ("crm", "contact_id"), "customers": ("ecommerce", "account_id"), "orders": ("ecommerce", "order_id"),
    "members": ("pos", "member_id"), "tickets": ("pos", "ticket_id"),
}  # fmt: skip
"""The tables whose rows say who somebody is: their kind and key."""

KINDS = ("new", "edited", "deleted")
HOME = ("address", "postcode", "city")


def change_lake(lake: Lake, as_of: date, share: float, seed: int) -> dict[str, int]:
    """Changes ``share`` of the identity-bearing rows of the extracts, a third each of KINDS; returns how many of each.

    Half of the new rows are one more record of somebody known, half are somebody new.
    """
    gathered = gather_records(lake, as_of).select("table_name", "source_key").sort("table_name", "source_key")
    each = max(1, round(gathered.height * share / len(KINDS)))
    chosen = gathered.sample(each * len(KINDS), shuffle=True, seed=seed).with_columns(
        (pl.int_range(pl.len()) % len(KINDS)).replace_strict(dict(enumerate(KINDS)), return_dtype=pl.String).alias("is")
    )
    for table, (kind, key) in TABLES.items():
        keys = {what: chosen.filter(table_name=table).filter(pl.col("is") == what)["source_key"] for what in KINDS}
        rows = lake.read(kind, table)
        untouched = rows.filter(~pl.col(key).is_in(pl.concat([keys["edited"], keys["deleted"]]).implode()))
        edited = _edit(rows.filter(pl.col(key).is_in(keys["edited"].implode())).sort(key))
        new = _arrive(rows.filter(pl.col(key).is_in(keys["new"].implode())).sort(key), key)
        lake.write(kind, table, pl.concat([untouched, edited, new]))
    return dict.fromkeys(KINDS, each)


def _edit(rows: pl.DataFrame) -> pl.DataFrame:
    """Each row with one change, by turns: a new e-mail, a move, a new surname, a first name cut short, no phone."""
    found = _find_columns(rows)
    turn = pl.int_range(pl.len()) % 5
    email = pl.concat_str(pl.lit("changed."), pl.int_range(pl.len()), pl.lit("@free.fr"))
    changes = {"email": (0, email), "last_name": (2, _of_another("last_name", found, 1))}
    changes |= {name: (1, _of_another(name, found, 1)) for name in HOME}
    if "first_name" in found:
        changes["first_name"] = (3, pl.col(found["first_name"]).str.head(3))
    changes |= {name: (4, pl.lit(None, dtype=pl.String)) for name in ("phone", "mobile")}
    # A receipt has nothing but its e-mail.
    only_email = set(found) <= {"email"}
    return rows.with_columns(
        pl.when(pl.lit(only_email) | (turn == number)).then(value).otherwise(pl.col(found[name])).alias(found[name])
        for name, (number, value) in changes.items()
        if name in found
    )


def _arrive(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """New rows after the pattern of ``rows``: by turns somebody known, and somebody with the traits of several."""
    found = _find_columns(rows)
    is_somebody_new = pl.int_range(pl.len()) % 2 == 1
    email = pl.concat_str(pl.lit("new."), pl.int_range(pl.len()), pl.lit("@free.fr"))
    traits = {"email": email, "phone": pl.lit(None, dtype=pl.String), "mobile": pl.lit(None, dtype=pl.String)}
    shifts = {"first_name": 1, "last_name": 2, "birth_date": 3, **dict.fromkeys(HOME, 4)}
    traits |= {name: _of_another(name, found, by) for name, by in shifts.items() if name in found}
    card = [pl.when(~is_somebody_new).then("loyalty_card_id").alias("loyalty_card_id")] if "mobile" in found else []
    return rows.with_columns(
        (pl.lit("N") + pl.col(key)).alias(key),
        *card,
        *(
            pl.when(is_somebody_new).then(value).otherwise(pl.col(found[name])).alias(found[name])
            for name, value in traits.items()
            if name in found
        ),
    )


def _find_columns(rows: pl.DataFrame) -> dict[str, str]:
    """The contact fields that the table has, and what it calls them."""
    fields = ("first_name", "last_name", "birth_date", "email", "phone", "mobile", *HOME)
    names = {name: (name, f"contact_{name}", f"receipt_{name}") for name in fields}
    return {
        name: next(one for one in spellings if one in rows.columns)
        for name, spellings in names.items()
        if set(spellings) & set(rows.columns)
    }


def _of_another(name: str, found: dict[str, str], by: int) -> pl.Expr:
    """The value of the row ``by`` places before, and its own in the first rows."""
    column = pl.col(found.get(name, name))
    return pl.coalesce(column.shift(by), column)
