"""Classifies the errors of a clustering by what the records show; works with any truth.

An error is one split or one merge that is missing to get from the predicted customers to the true people. A customer
that holds four people is three people too many (over-merged); a person found as three customers is two parts too many
(missed): the splits and merges of Menestrina, Whang and Garcia-Molina, "Evaluating entity resolution results", VLDB
2010. Each error is classified by the part it is closest to: the one with the strongest scored pair, else with most in
common. For two people taken for one that is the likely cause; for two parts of one person it is the nearest miss.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.frames.in_memory_sql import connect_in_memory
from pipelines.identity.clustering.cluster import LINK_THRESHOLD_BITS
from pipelines.identity.scoring.profiles import build_profiles

OVER_MERGED, MISSED = "over_merged", "missed"

# What two parts are compared on: the values that their records have, under the names used in the conditions below.
_VALUES = {
    "first": ("first_key", "first_root"), "last": ("last_key",), "birth": ("birth_key",), "email": ("email_key",),
    "mobile": ("mobile_key",), "landline": ("landline_key",), "street": ("street_key",), "card": ("card_key",),
    "postcode": ("postcode_key",),
}  # fmt: skip
_COLUMNS = tuple(dict.fromkeys(column for columns in _VALUES.values() for column in columns))

MAX_VALUES = 20  # Values of a field that one part is compared by: more belong to a till, not to a person.
COMPARED_WITH = 10  # Largest parts that each part is compared with, besides those it has a scored pair with.
CHUNK = 100_000  # Parts classified at a time, so that memory stays flat where everybody was taken for one person.


def _common(*fields: str) -> str:
    return "(" + " or ".join(f"list_has_any(one_{field}, other_{field})" for field in fields) + ")"


def _differ(field: str) -> str:
    return f"(len(one_{field}) > 0 and len(other_{field}) > 0 and not list_has_any(one_{field}, other_{field}))"


def _close(field: str, test: str) -> str:
    """Whether some value of one part passes ``test`` with some value of the other."""
    return (
        f"(len(list_filter(one_{field}, lambda a: len(list_filter(other_{field}, lambda b: {test})) > 0)) > 0"
        f" and not list_has_any(one_{field}, other_{field}))"
    )


_ONE_LETTER = "damerau_levenshtein(a, b) = 1"
_ALIKE = f"(jaro_winkler_similarity(a, b) >= 0.9 or {_ONE_LETTER})"
_NAMES = f"({_common('first')} and {_common('last')})"
_CONTACT = _common("email", "mobile", "landline", "card")
_TYPED_WRONG = (
    "("
    + " or ".join(
        (
            _close("first", _ALIKE),
            _close("last", _ALIKE),
            *(_close(name, _ONE_LETTER) for name in ("birth", "email", "mobile", "landline", "card")),
        )
    )
    + ")"
)
_TELLING = _common("last", "birth", "email", "mobile", "landline", "card", "street")


@dataclass(frozen=True)
class ErrorType:
    """One type of error. ``condition`` is SQL over two parts' values; the first that holds gives the error its type.

    ``one_<field>`` and ``other_<field>`` are the parts' values, ``match_weight`` that of their strongest scored pair.
    """

    name: str
    meaning: str
    condition: str


TYPES: dict[str, tuple[ErrorType, ...]] = {
    OVER_MERGED: (
        ErrorType(
            "same_names_and_birth_date",
            "same names, same birth date: the records show no difference (or the truth is wrong)",
            f"{_NAMES} and {_common('birth')}",
        ),
        ErrorType(
            "namesakes_of_a_household",
            "same names and an address or a contact in common: father and son",
            f"{_NAMES} and ({_CONTACT} or {_common('street')})",
        ),
        ErrorType("homonyms", "same names and nothing else in common", _NAMES),
        ErrorType(
            "twins",
            "same surname and birth date, different first names",
            f"{_common('last')} and {_common('birth')} and {_differ('first')}",
        ),
        ErrorType(
            "household_members",
            "different first names, and one address, landline, or surname with a contact in common",
            f"{_differ('first')} and ({_common('street', 'landline')} or ({_common('last')} and {_CONTACT}))",
        ),
        ErrorType("shared_contact", "an e-mail, phone or card of two people who have little else in common", _CONTACT),
        ErrorType("joined_through_others", "nothing telling in common: other records tie them", f"not {_TELLING}"),
        ErrorType("other", "none of these", "true"),
    ),
    MISSED: (
        ErrorType(
            "divided_though_linked",
            "a pair of records speaks for one person, the customer was divided all the same",
            f"match_weight >= {LINK_THRESHOLD_BITS}",
        ),
        ErrorType(
            "swapped_names",
            "first name and surname exchanged",
            "list_has_any(one_first, other_last) and list_has_any(one_last, other_first)",
        ),
        ErrorType(
            "nothing_in_common",
            "no surname, birth date, contact or address in common: cannot be linked",
            f"not {_TELLING} and not {_TYPED_WRONG}",
        ),
        ErrorType(
            "moved",
            "same names, another address",
            f"{_NAMES} and not {_common('street')} and ({_differ('street')} or {_differ('postcode')})",
        ),
        ErrorType(
            "changed_surname",
            "same first name, another surname",
            f"{_common('first')} and {_differ('last')} and not {_close('last', _ALIKE)}",
        ),
        ErrorType(
            "only_a_contact",
            "an e-mail, phone or card in common, and no name, birth date or address",
            f"{_CONTACT} and not {_common('first', 'last', 'birth', 'street')} and not {_close('last', _ALIKE)}",
        ),
        ErrorType("typing_errors", "a name, date or contact that is a slip away from the other's", _TYPED_WRONG),
        ErrorType(
            "only_the_names",
            "same names, no birth date, contact or address in common",
            f"{_NAMES} and not {_CONTACT} and not {_common('birth', 'street')}",
        ),
        ErrorType("other", "none of these", "true"),
    ),
}
"""The types of each side, in the order tried."""

ERROR_SCHEMA: dict[str, pl.DataType] = {
    "side": pl.String(), "error_type": pl.String(), "record_pairs": pl.Int64(), "record_id_l": pl.String(),
    "record_id_r": pl.String(), "match_weight": pl.Float64(),
}  # fmt: skip


def find_errors(
    records: pl.DataFrame, pairs: pl.DataFrame, predicted: pl.DataFrame, truth: pl.DataFrame
) -> pl.DataFrame:
    """One row per error: side, error_type, record_pairs, record_id_l, record_id_r, match_weight.

    ``records`` is ``identity/records``, ``pairs`` ``identity/pairs``; ``predicted`` has record_id and customer_id,
    ``truth`` record_id and person_id. Records that only one of these two has are left out. ``record_pairs`` are the
    pairs of records wrongly joined or separated by the error: their sum is exact, as ``evaluate`` counts them. The
    two record ids (l < r) are of the pair with the strongest weight (bits), or of each part's fullest record where no
    pair was scored. Ordered by side, type as declared, record pairs (most first) and ids.
    """
    both = predicted.select("record_id", "customer_id").join(truth.select("record_id", "person_id"), on="record_id")
    sides = (
        (OVER_MERGED, both.rename({"customer_id": "whole", "person_id": "part"})),
        (MISSED, both.rename({"person_id": "whole", "customer_id": "part"})),
    )
    found = [_find_on_side(side, placed, records, pairs) for side, placed in sides]
    return pl.concat([pl.DataFrame(schema=ERROR_SCHEMA), *found])


def count_errors(errors: pl.DataFrame, examples: int) -> dict[str, list[dict[str, Any]]]:
    """For each side, its types: type, meaning, errors, record_pairs, and up to ``examples`` pairs of record ids."""
    counted: dict[str, list[dict[str, Any]]] = {}
    for side, types in TYPES.items():
        counted[side] = []
        for declared in types:
            those = errors.filter((pl.col("side") == side) & (pl.col("error_type") == declared.name))
            counted[side].append(
                {
                    "type": declared.name,
                    "meaning": declared.meaning,
                    "errors": those.height,
                    "record_pairs": int(those["record_pairs"].sum()),
                    "examples": [list(row) for row in those.head(examples).select("record_id_l", "record_id_r").rows()],
                }
            )
    return counted


def _find_on_side(side: str, placed: pl.DataFrame, records: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The errors of one side; ``placed`` has record_id, whole and part: a whole with several parts is an error."""
    parts = _list_parts(placed)
    inside = (
        placed.join(parts.select("whole", "part", "part_no"), on=["whole", "part"])
        .join(records.select("record_id", *_COLUMNS), on="record_id", how="left")
        .with_columns(pl.sum_horizontal(pl.col(column).is_not_null() for column in _COLUMNS).alias("filled"))
        .sort("part_no", "filled", "record_id", descending=[False, True, False])
    )
    fullest = inside.group_by("part_no", maintain_order=True).agg(pl.col("record_id").first().alias("fullest"))
    linked = _list_linked(inside, records, pairs)
    described = inside.group_by("part_no").agg(
        pl.concat_list(columns).explode().drop_nulls().unique().sort().head(MAX_VALUES).alias(name)
        for name, columns in _VALUES.items()
    )
    later = parts.filter(pl.col("rank") > 0)
    classified = [_classify_parts(side, chunk, parts, linked, described) for chunk in later.iter_slices(CHUNK)]
    if not classified:
        return pl.DataFrame(schema=ERROR_SCHEMA)
    order = pl.Enum([declared.name for declared in TYPES[side]])
    names = {number: fullest.rename({"part_no": number, "fullest": f"{number}_fullest"}) for number in ("one", "other")}
    return (
        pl.concat(classified)
        .join(later.select(pl.col("part_no").alias("other"), "record_pairs"), on="other")
        .join(names["one"], on="one")
        .join(names["other"], on="other")
        .with_columns(
            pl.lit(side).alias("side"),
            pl.col("error_type").cast(order),
            pl.coalesce("one_record", "one_fullest").alias("one_record"),
            pl.coalesce("other_record", "other_fullest").alias("other_record"),
        )
        .with_columns(
            pl.min_horizontal("one_record", "other_record").alias("record_id_l"),
            pl.max_horizontal("one_record", "other_record").alias("record_id_r"),
        )
        .sort("error_type", "record_pairs", "record_id_l", "record_id_r", descending=[False, True, False, False])
        .select(pl.col(name).cast(dtype) for name, dtype in ERROR_SCHEMA.items())
    )


def _list_parts(placed: pl.DataFrame) -> pl.DataFrame:
    """One row per part of a whole at fault, largest first within it: whole, part, rank (from 0), record_pairs, part_no.

    ``record_pairs``: pairs of a record of the part with one of a larger part (or one of equal size and lower id).
    """
    sized = placed.group_by("whole", "part").agg(pl.len().cast(pl.Int64).alias("size"))
    return (
        sized.filter(pl.len().over("whole") > 1)
        .sort("whole", "size", "part", descending=[False, True, False])
        .with_columns(
            pl.int_range(pl.len()).over("whole").alias("rank"),
            (pl.col("size") * (pl.col("size").cum_sum().over("whole") - pl.col("size"))).alias("record_pairs"),
        )
        .with_row_index("part_no")
        .with_columns(pl.col("part_no").cast(pl.Int64))
    )


def _list_linked(inside: pl.DataFrame, records: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The strongest scored pair between two parts of a whole: one, other (part numbers, one < other), match_weight,
    one_record, other_record."""
    profiles, members = build_profiles(records)
    standing_for = members.join(profiles.select("profile_no", pl.col("record_id").alias("profile")), on="profile_no")
    shown = (
        inside.join(standing_for.select("record_id", "profile"), on="record_id")
        .group_by("profile", "whole", "part_no")
        .agg(pl.col("record_id").min().alias("record"))
    )
    return (
        pairs.select("record_id_l", "record_id_r", "match_weight")
        .join(shown.rename({"profile": "record_id_l", "part_no": "l", "record": "l_record"}), on="record_id_l")
        .join(
            shown.rename({"profile": "record_id_r", "part_no": "r", "record": "r_record"}), on=["record_id_r", "whole"]
        )
        .filter(pl.col("l") != pl.col("r"))
        .select(
            pl.min_horizontal("l", "r").alias("one"),
            pl.max_horizontal("l", "r").alias("other"),
            "match_weight",
            pl.when(pl.col("l") < pl.col("r")).then("l_record").otherwise("r_record").alias("one_record"),
            pl.when(pl.col("l") < pl.col("r")).then("r_record").otherwise("l_record").alias("other_record"),
        )
        .sort("match_weight", "one_record", "other_record", descending=[True, False, False])
        .unique(["one", "other"], keep="first", maintain_order=True)
    )


def _classify_parts(
    side: str, later: pl.DataFrame, parts: pl.DataFrame, linked: pl.DataFrame, described: pl.DataFrame
) -> pl.DataFrame:
    """For each part of ``later``: other (its part_no), one (that of the closest larger part), and the error's type."""
    largest = parts.filter(pl.col("rank") < COMPARED_WITH).select(pl.col("part_no").alias("one"), "whole")
    with_largest = (
        later.select(pl.col("part_no").alias("other"), "whole")
        .join(largest, on="whole")
        .filter(pl.col("one") < pl.col("other"))
        .select("one", "other")
    )
    scored = linked.join(later.select(pl.col("part_no").alias("other")), on="other", how="semi")
    candidates = pl.concat([with_largest, scored.select("one", "other")]).unique()
    candidates = candidates.join(scored, on=["one", "other"], how="left")
    sides = ", ".join(f"{end}.{name} as {end}_{name}" for end in ("one", "other") for name in _VALUES)
    in_common = " + ".join(f"{_common(name)}::integer" for name in _VALUES)
    branches = " ".join(f"when {declared.condition} then '{declared.name}'" for declared in TYPES[side])
    with connect_in_memory("The evaluation") as connection:
        connection.register("candidates", candidates.to_arrow())
        connection.register("described", described.to_arrow())
        closest: pl.DataFrame = connection.sql(
            f"""
            with both_sides as (
                select candidates.one, candidates.other, match_weight, one_record, other_record, {sides}
                from candidates
                inner join described as one on one.part_no = candidates.one
                inner join described as other on other.part_no = candidates.other
            ),
            closest as (
                select * from both_sides
                qualify row_number() over (
                    partition by other order by match_weight desc nulls last, {in_common} desc, one
                ) = 1
            )
            select one, other, match_weight, one_record, other_record, case {branches} end as error_type from closest
            """
        ).pl()
        return closest
