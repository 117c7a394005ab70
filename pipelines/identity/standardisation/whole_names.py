"""First name and surname in one field: match keys for each, where something tells that there are both.

Two surnames, or a firm's name, are not taken apart: a first name that is none would speak against every record of the
person. What tells a first name is, in this order: a comma; capitals for the surname only; a word that is a first name
and hardly ever a surname (``known_first_names``); an initial; a mailbox that is made of both words. Where nothing does,
the field stays a surname, and is counted (``count_unsplit``).
"""

import polars as pl

from pipelines.identity.standardisation.firms import is_firm
from pipelines.identity.standardisation.known_first_names import list_first_names
from pipelines.identity.standardisation.names import PARTICLES, first_name_key, fold, last_name_key

# There two surnames are as usual as one, so that two words in the field of surnames say no first name.
TWO_SURNAMES = (
    "AD", "AO", "AR", "BO", "BR", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GQ", "GT", "HN", "MX", "MZ", "NI", "PA",
    "PE", "PH", "PR", "PT", "PY", "SV", "UY", "VE",
)  # fmt: skip
OF_A_MARRIAGE = r"\b(?:nee?|geb|geborene|epouse|epse|ep|veuve|vve|usage)\b"
_SEVERAL = r"\S[\s,]+\S"
_PARTICLE = rf"(?i)\b({PARTICLES}|de)\s+"
_TIE = "~"  # Between a particle and its name, so that no blank parts them.


def split_whole_names(records: pl.DataFrame) -> pl.DataFrame:
    """``records`` with first_key and last_key taken from a ``last_name`` that holds both names.

    That is where there is no other first name, or the field of first names says the same. Expected besides: ``region``
    (ISO 3166), ``email``, and ``of_household``, whether the name has a couple's or a family's title. What is shown
    stays as it is. Where both fields say one thing that is not taken apart, there is no first_key.
    """
    is_whole = (
        pl.col("last_key").is_not_null()
        & (pl.col("first_key").is_null() | (pl.col("first_name") == pl.col("last_name")).fill_null(False))
        & ~pl.col("region").is_in(TWO_SURNAMES).fill_null(False)
        & ~pl.col("of_household").fill_null(False)
        & pl.col("last_name").str.contains(_SEVERAL)
    )
    marked = records.with_row_index("row")
    found = marked.filter(is_whole.fill_null(False)).filter(~fold(pl.col("last_name")).str.contains(OF_A_MARRIAGE))
    if found.is_empty():
        return records
    told = found.select("row", own_first=pl.lit(None, pl.String), own_last=pl.lit(None, pl.String), is_whole=True)
    people = found.filter(~is_firm(pl.col("last_name")))
    if not people.is_empty():
        apart = _tell_apart(people.select(*_tie(pl.col("last_name")), fold(pl.col("email")).alias("email"), "row"))
        split = apart.select(
            "row", first_name_key(pl.col("first")).alias("own_first"), last_name_key(pl.col("last")).alias("own_last")
        )
        told = told.select("row", "is_whole").join(split.drop_nulls(), on="row", how="left")
    is_split = pl.col("own_first").is_not_null()
    return (
        marked.join(told, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.when(is_split).then("own_first").when(pl.col("is_whole").is_null()).then("first_key").alias("first_key"),
            pl.coalesce("own_last", "last_key").alias("last_key"),
        )
        .drop("row", "own_first", "own_last", "is_whole")
    )


def count_unsplit(records: pl.DataFrame) -> int:
    """The ``records`` without a first name and with several words of surname: firms, and what nothing told apart."""
    unsplit = pl.col("first_key").is_null() & pl.col("last_key").str.contains(r"\S \S")
    return int(records.select(unsplit.fill_null(False).sum()).item())


def _tie(name: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The name with its particles tied to the words behind them, as written and folded word by word."""
    tied = name.str.replace_all(_PARTICLE, "${1}" + _TIE).str.replace_all(_PARTICLE, "${1}" + _TIE)
    words = tied.str.extract_all(r"[^\s,]+")
    return tied.alias("tied"), words.list.eval(fold(pl.element())).alias("folded")


def _tell_apart(people: pl.DataFrame) -> pl.DataFrame:
    """``row``, and ``first`` and ``last``, as written: the first names and the surnames; null where nothing tells.

    ``people`` have row, and the columns of :func:`_tie` and ``email``, folded.
    """
    known = list_first_names()
    found: dict[tuple[str, str | None], tuple[str, str] | None] = {}
    names = []
    for tied, folded, email in people.select("tied", "folded", "email").iter_rows():
        if (tied, email) not in found:
            found[tied, email] = _divide(tied, folded, email, known)
        first, last = found[tied, email] or (None, None)
        names.append((first, last))
    columns = pl.DataFrame(names, schema={"first": pl.String, "last": pl.String}, orient="row")
    return people.select("row").hstack(columns.with_columns(pl.all().str.replace_all(_TIE, " ", literal=True)))


def _divide(tied: str, folded: list[str], email: str | None, known: frozenset[str]) -> tuple[str, str] | None:
    """First names and surnames of one name; None where nothing tells. ``folded`` are its words."""
    before, comma, behind = (part.strip() for part in tied.partition(","))
    if comma and before and behind and "," not in behind:
        return behind, before
    words = tied.replace(",", " ").split()
    if len(words) < 2 or len(folded) != len(words):
        return None
    shouted = [_is_shouted(word) for word in words]
    for side in (shouted, shouted[::-1]):
        start = side.index(False) if False in side else 0
        if start and not any(side[start:]):
            cut = start if side is shouted else len(words) - start
            parts = " ".join(words[:cut]), " ".join(words[cut:])
            return (parts[1], parts[0]) if side is shouted else parts
    at_start, at_end = (words[0], " ".join(words[1:])), (words[-1], " ".join(words[:-1]))
    # "Jean-Pierre" is known by its first part; what has a particle is a surname, and no initial either.
    is_first = [_TIE not in word and key.partition(" ")[0] in known for word, key in zip(words, folded, strict=True)]
    is_initial = [_TIE not in word and _is_initial(key) for word, key in zip(words, folded, strict=True)]
    for tells in (is_first, is_initial):
        if tells[0] or tells[-1]:
            return at_start if tells[0] else at_end
    return _read_mailbox(folded, email, at_start, at_end) if len(words) == 2 and email else None


def _read_mailbox(
    folded: list[str], email: str, at_start: tuple[str, str], at_end: tuple[str, str]
) -> tuple[str, str] | None:
    """By a mailbox of both words (`anna.muster`), or of an initial and a surname (`amuster`)."""
    one, other = (word.replace(" ", "") for word in folded)
    parts = email.split()
    if {one, other} <= set(parts) or one + other in parts or other + one in parts:
        return at_start
    if one[0] + other in parts:
        return at_start
    return at_end if other[0] + one in parts else None


def _is_shouted(word: str) -> bool:
    """Whether it is written in capitals, its particles aside: an initial is not."""
    name = word.rpartition(_TIE)[2]
    return sum(letter.isalpha() for letter in name) > 1 and name == name.upper() != name.lower()


def _is_initial(folded: str) -> bool:
    return bool(folded) and all(len(word) == 1 for word in folded.split())
