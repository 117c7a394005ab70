"""Postcodes, each as its record's country writes them: match keys to compare, and what is shown."""

import polars as pl

from pipelines.identity.standardisation.names import fold

# Postcodes that are digits only, by their number, as the Universal Postal Union describes them (upu.int, "Postal
# addressing systems"). Spreadsheets remove leading zeros, which are restored to this length.
_COUNTRIES_BY_DIGITS = {
    3: "FO IS",
    4: "AL AM AR AT AU BD BE BG CH CY DK GL HU LI LU LV MD MK MZ NO NZ PH PY SI TN ZA",
    5: "AD AX BA BL CR CU CZ DE DO DZ EE EG ES FI FR GF GP GR GT HR HT IC IT JO KE KR KW LA LK LT MA MC ME MF MM MN"
    " MQ MX MY NC NP PE PF PK PL PM PR RE RS SA SE SK SM SN TH TR TW UA US UY VA VI VN WF XK YT",
    6: "BY CN CO EC ID IN KG KZ NG RO RU SG TJ TM UZ",
    7: "CL IL JP PT",
    8: "BR",
}  # fmt: skip
DIGITS = {country: digits for digits, countries in _COUNTRIES_BY_DIGITS.items() for country in countries.split()}
# Where two leading zeros occur: Rome is 00118, Helsinki 00100, Oslo 0010.
TWO_ZEROS = ("AX", "FI", "IT", "NO", "PL", "PR", "PT", "US", "VA", "ZA")
ZIP_PLUS_FOUR = ("US", "PR", "VI")


def postcode_key(text: pl.Expr, country: pl.Expr) -> pl.Expr:
    """Letters and digits only, as the ``country`` (ISO 3166, null for unknown) compares them.

    `01000` for the French `1000` that a spreadsheet left, `1000` for the Belgian one; the `CH-` in front of a number
    and the last four digits of a ZIP+4 do not count.
    """
    compact = fold(_as_text(text)).str.replace_all(r"\s", "").str.to_uppercase()
    length = country.replace_strict(DIGITS, default=None, return_dtype=pl.Int64)
    number = pl.when(length.is_not_null()).then(compact.str.replace(r"^[A-Z]{1,3}(\d+)$", "${1}")).otherwise(compact)
    is_long = country.is_in(ZIP_PLUS_FOUR) & number.str.contains(r"^\d{8,9}$")
    number = pl.when(is_long).then(number.str.zfill(9).str.slice(0, 5)).otherwise(number)
    missing = length - number.str.len_chars()
    is_number = number.str.contains(r"^\d+$")
    key = (
        pl.when(is_number & (missing == 1))
        .then("0" + number)
        .when(is_number & (missing == 2) & country.is_in(TWO_ZEROS))
        .then("00" + number)
        .otherwise(number)
    )
    return pl.when(key.str.len_chars() > 0).then(key)


def display_postcode(text: pl.Expr, key: pl.Expr) -> pl.Expr:
    """A postcode for display: in capitals, as written; a bare number as its key (:func:`postcode_key`)."""
    written = _as_text(text).str.replace_all(r"\s+", " ").str.strip_chars(" '’").str.to_uppercase()
    is_cut = written.str.contains(r"^\d+$") & (written.str.len_chars() < key.str.len_chars())
    shown = pl.when(is_cut.fill_null(False)).then(key).otherwise(written)
    return pl.when(shown.str.len_chars() > 0).then(shown)


def _as_text(text: pl.Expr) -> pl.Expr:
    """Without the decimals of a spreadsheet that took the postcode for a number: 75001.0."""
    return text.str.replace(r"^(\D?\d+)[.,]0+$", "${1}")
