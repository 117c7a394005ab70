"""Writing systems: a name in Cyrillic letters and the same in Latin ones cannot be compared letter by letter."""

import polars as pl

SCRIPTS = (
    "Cyrillic", "Greek", "Arabic", "Hebrew", "Han", "Hiragana", "Katakana", "Hangul", "Devanagari", "Bengali", "Tamil",
    "Thai", "Georgian", "Armenian", "Ethiopic",
)  # fmt: skip
"""Those told apart besides Latin, by their Unicode names."""


def read_scripts(keys: pl.Series) -> pl.Series:
    """The script of each folded value: `Latin`, one of :data:`SCRIPTS`, `other`; null for one without letters.

    Of a value with letters of several, the first of these.
    """
    scripts = pl.Series(["Latin"], dtype=pl.String).new_from_index(0, len(keys))
    rows = (~keys.str.contains("[a-z]").fill_null(False)).arg_true()  # Few, where names are European.
    patterns = {**{name: rf"\p{{{name}}}" for name in SCRIPTS}, "other": r"\p{L}"}
    key = pl.col("key")
    found = (
        keys.gather(rows)
        .to_frame("key")
        .select(
            pl.coalesce(pl.when(key.str.contains(pattern)).then(pl.lit(name)) for name, pattern in patterns.items())
        )
    )
    return scripts.scatter(rows, found.to_series())
