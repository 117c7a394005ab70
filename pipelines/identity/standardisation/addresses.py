"""Street lines and cities: match keys to compare, and lines for display."""

import polars as pl

from pipelines.identity.standardisation.names import fold

# Abbreviations of La Poste's standard NF Z10-011 and those that tills and forms use; written out rather than shortened,
# so that a string distance compares whole words.
ABBREVIATIONS = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "boul": "boulevard",
    "r": "rue", "all": "allee", "allees": "allee", "ch": "chemin", "che": "chemin", "chem": "chemin", "imp": "impasse",
    "pl": "place", "rte": "route", "rt": "route", "sq": "square", "crs": "cours", "fg": "faubourg", "fbg": "faubourg",
    "qu": "quai", "lot": "lotissement", "res": "residence", "bat": "batiment", "apt": "appartement",
    "appt": "appartement", "app": "appartement", "esc": "escalier", "etg": "etage", "zac": "zone", "za": "zone",
    "st": "saint", "ste": "sainte", "gal": "general", "gen": "general", "mal": "marechal", "dr": "docteur",
    "pdt": "president", "pt": "petit", "gd": "grand", "gde": "grande", "cdt": "commandant", "cpt": "capitaine",
    "rd": "road", "str": "street", "ln": "lane", "ct": "court", "cct": "circuit", "cres": "crescent", "dve": "drive",
    "b": "bis", "t": "ter", "q": "quater",
}  # fmt: skip


def street_key(text: pl.Expr) -> pl.Expr:
    """The comparable street line: `12 bis avenue general leclerc` for `12B, Av. du Gal. Leclerc`."""
    folded = fold(text).str.replace_all(r"(\d)([a-z])", "${1} ${2}")
    padded = pl.concat_str(pl.lit(" "), folded.str.replace_all(" ", "  "), pl.lit(" "))
    opened = padded.str.replace_many(
        [f" {short} " for short in ABBREVIATIONS], [f" {long} " for long in ABBREVIATIONS.values()]
    )
    without_small_words = opened.str.replace_all(r"\s+", "  ").str.replace_all(r" (?:de|du|des|d|la|le|les|l) ", " ")
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
