"""One spelling for what a country writes in several: in its own script and in Latin letters, with marks and without.

Who is Γεώργιος Χατζής in the CRM registers at the shop as Georgios Chatzis or Giorgos Hatzis, and Jürgen Müller as
Juergen Mueller. Only values of records of these countries are rewritten, all of them, so that each meets its like;
elsewhere what is written in two scripts is not compared (``scripts``). Keys only: what is shown stays as written.
"""

import polars as pl

WRITINGS = {
    country: writing
    for writing, countries in {
        "german": "AT CH DE LI LU",
        "nordic": "AX DK FI FO GL IS NO SE",
        "greek": "CY GR",
        "cyrillic": "BG BY KG KZ ME MK RS RU UA",
    }.items()
    for country in countries.split()
}
"""By country (ISO 3166), how it writes; the others write one way."""

# ELOT 743, the Greek standard of transliteration, by which passports are written.
_GREEK = {
    "ου": "ou", "αυ": "av", "ευ": "ev", "ηυ": "iv", "γγ": "ng", "γξ": "nx", "γχ": "nch", "α": "a", "β": "v", "γ": "g",
    "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x",
    "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
# As one hears it: what the standard, the ear and a keyboard without Greek letters write for one sound.
_GREEK_SOUNDS = {
    "you": "giu", "yia": "gia", "yio": "gio", "ya": "gia", "ye": "gie", "yo": "gio", "yu": "giu", "ou": "u", "ai": "e",
    "ei": "i", "oi": "i", "yi": "i", "av": "af", "au": "af", "ev": "ef", "eu": "ef", "mp": "b", "nt": "d", "nd": "d",
    "gk": "g", "gg": "g", "ng": "g", "ch": "x", "ks": "x", "ph": "f", "th": "þ", "ck": "k", "c": "k", "q": "k",
    "w": "o", "y": "i", "u": "i",
}  # fmt: skip
# An eta looks like an h, and is written so behind consonants and at the end; elsewhere h is chi: Dhmhtrhs, Zwh, Hatzis.
_ETA, _ETA_AT_THE_END, _CHI = r"([bdfgklmnprstvxzþ])h", r"h\b", "h"

# ISO 9 and ICAO 9303 without their marks; Serbian and Macedonian letters among them.
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh", "з": "z", "и": "i",
    "і": "i", "ј": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "ь": "", "э": "e",
    "ю": "iu", "я": "ia", "ђ": "di", "љ": "li", "њ": "ni", "ћ": "ch", "џ": "dz", "ѕ": "dz",
}  # fmt: skip
# As English, French and German write Slavic sounds in Latin letters.
_SLAVIC_SOUNDS = {
    "schtsch": "sh", "shch": "sh", "tsch": "ch", "tch": "ch", "sch": "sh", "kh": "h", "zh": "zh", "ch": "ch",
    "sh": "sh", "ya": "ia", "ja": "ia", "yu": "iu", "ju": "iu", "yo": "e", "ye": "e", "je": "e", "ie": "e", "ou": "u",
    "ph": "f", "ck": "k", "tz": "ts", "ts": "ts", "c": "ts", "x": "ks", "w": "v", "y": "i", "j": "i",
}  # fmt: skip
_DOUBLED = {letter * 2: letter for letter in "abcdefghijklmnopqrstuvwxyz"}


def write_alike(records: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """``records`` with the folded ``columns`` in one spelling, each as its ``region`` (ISO 3166) writes."""
    written = records.select(
        pl.col("region").replace_strict(WRITINGS, default=None, return_dtype=pl.String)
    ).to_series()
    if written.null_count() == records.height:
        return records
    alike = records.with_columns(written.alias("writing"))
    for column in columns:
        values = alike.select("writing", column).drop_nulls().unique()
        one_spelling = pl.concat(
            [
                values.filter(pl.col("writing") == writing).with_columns(spell(pl.col(column), writing).alias("spelt"))
                for writing in values["writing"].unique().sort()
            ]
            or [values.with_columns(pl.col(column).alias("spelt"))]
        )
        alike = (
            alike.join(one_spelling, on=["writing", column], how="left", maintain_order="left")
            .with_columns(pl.coalesce("spelt", column).alias(column))
            .drop("spelt")
        )
    return alike.drop("writing")


def spell(text: pl.Expr, writing: str) -> pl.Expr:
    """Folded text in the one spelling of a writing: `giorgos xatzis` (greek), `muller` (german), `andreev` (cyrillic).

    Never empty where the text is not.
    """
    spelt = {"german": _spell_german, "nordic": _spell_nordic, "greek": _spell_greek, "cyrillic": _spell_cyrillic}[
        writing
    ](text)
    return pl.when(spelt != "").then(spelt).otherwise(text)


def _spell_german(text: pl.Expr) -> pl.Expr:
    """`ae`, `oe` and `ue` are ä, ö and ü, but not in Michael, Joel and Manuela, nor in Bauer, Neuer and Quelle."""
    own_e = text.str.replace_all(r"([aou])el([ae]?)\b", "${1}þl${2}").str.replace_all(r"([aeoq]u)e", "${1}þ")
    return _replace(own_e, {"ae": "a", "oe": "o", "ue": "u"}).str.replace_all("þ", "e", literal=True)


def _spell_nordic(text: pl.Expr) -> pl.Expr:
    return _replace(text, {"aa": "a", "ae": "a", "oe": "o"})


def _spell_greek(text: pl.Expr) -> pl.Expr:
    sounds = _replace(_replace(text, _GREEK), _GREEK_SOUNDS)
    with_eta = sounds.str.replace_all(_ETA, "${1}i").str.replace_all(_ETA_AT_THE_END, "i")
    heard = with_eta.str.replace_all(_CHI, "x", literal=True)
    return _replace(heard, {"oi": "i", "ei": "i", "ai": "e"} | _DOUBLED).str.replace_all("þ", "th", literal=True)


def _spell_cyrillic(text: pl.Expr) -> pl.Expr:
    return _replace(_replace(_replace(text, _CYRILLIC), _SLAVIC_SOUNDS), _DOUBLED)


def _replace(text: pl.Expr, written: dict[str, str]) -> pl.Expr:
    """Each of the texts in ``written`` by its other, from the left, the one that is listed first."""
    return text.str.replace_many(list(written), list(written.values()), leftmost=True)
