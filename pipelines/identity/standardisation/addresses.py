"""Street lines and cities: match keys to compare, and lines for display."""

import polars as pl

from pipelines.identity.standardisation.names import fold
from pipelines.identity.standardisation.street_words import (
    ENGLISH,
    ENGLISH_BEHIND,
    ENGLISH_ENDINGS,
    FRENCH,
    JOINED,
    WORDS,
)


def street_key(text: pl.Expr, country: str | None = None) -> pl.Expr:
    """The comparable street line: `12 bis avenue general leclerc` for `12B, Av. du Gal. Leclerc`.

    ``country`` (ISO 3166) is whose words for streets are written out; without one, the French.
    """
    words = WORDS.get(country or "", FRENCH)
    folded = fold(text).str.replace_all(r"(\d)([a-z])", "${1} ${2}")
    if country in JOINED:
        folded = folded.str.replace_all(rf"(\p{{L}}{{2,}}) ?(?:str|{JOINED[country]})\b", f"${{1}}{JOINED[country]}")
    padded = pl.concat_str(pl.lit(" "), folded.str.replace_all(" ", "  "), pl.lit(" "))
    opened = padded.str.replace_many(
        [f" {short.replace(' ', '  ')} " for short in words], [f" {long} " for long in words.values()], leftmost=True
    )
    single = opened.str.replace_all(r"\s+", " ").str.strip_chars()
    if words is ENGLISH:
        for short, long in ENGLISH_ENDINGS.items():
            single = single.str.replace(rf"(\w) {short}( {ENGLISH_BEHIND})?$", f"${{1}} {long}${{2}}")
        single = single.str.replace_all(r"\bst\b", "saint")
    spaced = pl.concat_str(pl.lit(" "), single.str.replace_all(" ", "  "), pl.lit(" "))
    without_small_words = spaced.str.replace_all(r" (?:de|du|des|d|la|le|les|l) ", " ")
    key = without_small_words.str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(key.str.len_chars() > 0).then(key)


def city_key(text: pl.Expr) -> pl.Expr:
    """The comparable city: no CEDEX, no district number, saint in full: `saint etienne`, `lyon`."""
    folded = fold(text).str.replace_all(r"\bcedex\b.*$", "").str.replace_all(r"\b\d+(?:er?|e|eme|nd|st|th)?\b", "")
    opened = folded.str.replace_all(r"\bste\b", "sainte").str.replace_all(r"\bst\b", "saint")
    key = opened.str.replace_all(r"\s+", " ").str.replace_all(r"\barrondissement\b", "").str.strip_chars()
    return pl.when(key.str.len_chars() > 0).then(key)


def display_line(text: pl.Expr) -> pl.Expr:
    """A street line or a city for display: single spaces, and proper case where it was all upper or all lower case."""
    trimmed = text.str.replace_all(r"\s+", " ").str.strip_chars().str.strip_chars(",;")
    shouted = (trimmed == trimmed.str.to_uppercase()) | (trimmed == trimmed.str.to_lowercase())
    lowered = trimmed.str.to_titlecase().str.replace_many(
        [" De ", " Du ", " Des ", " La ", " Le ", " Les ", " D'", " L'", "-De-", "-Du-", "-La-", "-Le-", "-Les-",
         "-Sur-", "-En-", "-Sous-", " Bis ", " Ter ", " Rue ", " Avenue ", " Boulevard ", " Place ",
         " Chemin ", " Impasse "],
        [" de ", " du ", " des ", " la ", " le ", " les ", " d'", " l'", "-de-", "-du-", "-la-", "-le-", "-les-",
         "-sur-", "-en-", "-sous-", " bis ", " ter ", " rue ", " avenue ", " boulevard ", " place ",
         " chemin ", " impasse "],
    )  # fmt: skip
    printed = pl.when(shouted).then(lowered).otherwise(trimmed)
    return pl.when(printed.str.len_chars() > 0).then(printed)
