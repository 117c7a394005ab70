"""An address that stands in one line or several of one field, taken apart into street, postcode, city and country.

By the shape of a country's postcode and where it stands, which is nearly always the end: no dictionary of places, no
guess. What is not sure to be a postcode or a city stays in the street line.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

import polars as pl

from pipelines.identity.standardisation.addresses import city_key
from pipelines.identity.standardisation.countries import read_country_names
from pipelines.identity.standardisation.postcodes import DIGITS, postcode_key


@dataclass(frozen=True)
class Place:
    """What a line says: the street that is left of it; postcode, city and country (ISO 3166) where it names them."""

    street: str | None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None


# A line that may hold more than a street: several lines, a number as long as a postcode, or a postcode of letters.
WORTH_READING = r"[\n\r;|]|\d{4}|\b\d{3} \d{2}\b|(?i)\b[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b|\b[a-z]\d[a-z] ?\d[a-z]\d\b"
COUNTRY_PART = 2  # Parts of a line from which on the last one may be the country.
UNMISTAKABLE = ("US", "CA", "GB")
LONG = 5  # Digits from which on a number at the end of a street is a postcode; with four it may be a house or a year.

LONGEST = 200  # Characters; an address has eighty, and reading one apart takes the square of its length.
# A line comes with one blank between its words, and one behind each comma.
_CITY = r"[^\W\d_][^\d,]*?(?: (?:cedex|\d{1,2}(?:er|e|[eè]me)?)\b[^,]*)?"
_AROUND = r"(?:, | )"
# Numbers behind these words are boxes and distances, not postcodes.
_NO_POSTCODE = re.compile(
    r"(?:\b(?:bp|b\.p\.?|cs|tsa|po box|p\.o\. box|box|postfach|postbus|case postale|cp|apartado|casella postale|km|pk"
    r"|lot|no|n°|nr|num[eé]ro|number)\.?)\s*$",
    re.IGNORECASE,
)
_DIGIT_SHAPES = {
    "SE": r"\d{3} ?\d{2}", "CZ": r"\d{3} ?\d{2}", "SK": r"\d{3} ?\d{2}", "GR": r"\d{3} ?\d{2}", "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}", "NL": r"\d{4} ?[A-Za-z]{2}", "BR": r"\d{5}-\d{3}",
}  # fmt: skip
"""Shapes of postcodes in front of the city, where they are not just digits."""
_BEFORE_CITY = (
    "AD", "AT", "AX", "BE", "BG", "BL", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FO", "FR", "GF", "GL", "GP",
    "GR", "HR", "HU", "IS", "IT", "LI", "LT", "LU", "LV", "MA", "MC", "ME", "MF", "MK", "MQ", "NC", "NL", "NO", "PF",
    "PL", "PM", "PT", "RE", "RO", "RS", "SE", "SI", "SK", "SM", "SN", "TN", "TR", "VA", "WF", "YT",
)  # fmt: skip
"""Countries whose postcode stands in front of the city (Universal Postal Union, "Postal addressing systems")."""
_BEHIND_CITY = {
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", "GG": r"GY\d{1,2} ?\d[A-Z]{2}", "JE": r"JE\d ?\d[A-Z]{2}",
    "IM": r"IM\d{1,2} ?\d[A-Z]{2}", "IE": r"[A-Z]\d[\dW] ?[A-Z\d]{4}",
}  # fmt: skip
_BRITISH_COUNTIES = (
    r"(?:.*shire|kent|surrey|essex|sussex|(?:east|west) sussex|norfolk|suffolk|devon|cornwall|dorset|somerset|cumbria"
    r"|merseyside|tyne (?:and|&) wear|west midlands|county durham|(?:south|west|north) yorkshire|(?:co\.?|county) .*)"
)
_STATES = {
    "US": r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT"
    r"|V[AIT]|W[AIVY]",
    "CA": r"AB|BC|MB|N[BLST]|NU|ON|PE|QC|SK|YT",
    "AU": r"ACT|NSW|NT|QLD|SA|TAS|VIC|WA",
}
_STATE_POSTCODES = {"US": r"\d{5}(?:-\d{4})?", "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d", "AU": r"\d{4}"}
# Where an American line has no comma, the city begins behind the word for the kind of street.
_STREET_KIND = re.compile(
    r"^(?P<street>\d\S* .*?\b(?:st|street|ave|avenue|rd|road|ln|lane|dr|drive|blvd|boulevard|ct|court|way|pl|place|ter"
    r"|terrace|cir|circle|pkwy|parkway|hwy|highway|sq|square|trl|trail)\b\.?(?: (?:[ns][ew]?|[ew])\b\.?)?"
    r"(?: (?:apt|unit|ste|suite|no|#)\.? ?\S+)?) (?P<city>(?!of\b)[a-z][a-z .'-]*)$",
    re.IGNORECASE,
)


def read_places(lines: Collection[tuple[str, str | None, bool]]) -> dict[tuple[str, str | None, bool], Place]:
    """What lines say: by line, country (ISO 3166; null for unknown), and whether that is only the retailer's.

    A country in words at the end of a line decides how the rest is read, and has to agree with one that the record
    names. Lines that say no more than a street are left out.
    """
    apart = {line: _split_parts(line) for line, *_ in lines}
    named = read_country_names({parts[-1] for parts in apart.values() if len(parts) >= COUNTRY_PART})
    places = {}
    for line, country, is_assumed in lines:
        parts = apart[line]
        place = _read_line(parts, country, is_assumed, named.get(parts[-1]) if parts else None)
        if place is not None:
            places[line, country, is_assumed] = place
    return places


def _split_parts(line: str) -> list[str]:
    parts = re.split(r"\s*[\n\r;|,]\s*", line)
    return [re.sub(r"\s+", " ", part).strip() for part in parts if part.strip()]


def _read_line(parts: list[str], country: str | None, is_assumed: bool, named: str | None) -> Place | None:
    """The place, or None where the line is a street and no more."""
    if named is not None and len(parts) >= COUNTRY_PART and (is_assumed or named == country):
        place = _read_parts(parts[:-1], named)
        if place is not None and place.city is not None:
            return replace(place, country=named)
    # Where the record names no country, a shape of letters does: IL 62701, SW1A 2AA.
    for other in UNMISTAKABLE if is_assumed else ():
        place = _read_parts(parts, other)
        if place is not None and place.city is not None:
            return place
    return _read_parts(parts, country) if country is not None else None


def _read_parts(parts: list[str], country: str) -> Place | None:
    if country in _STATES:
        return _read_with_state(parts, country)
    if country in _BEHIND_CITY:
        return _read_postcode_last(parts, _BEHIND_CITY[country])
    if country in _BEFORE_CITY:
        return _read_postcode_first(", ".join(parts), country)
    return None


def _read_postcode_first(text: str, country: str) -> Place | None:
    """`12 rue de la Paix, 75002 Paris`; also `..., Paris 75002` and `..., 75002` where commas say so."""
    digits = DIGITS.get(country, LONG)  # Dutch postcodes end in letters.
    shape = _DIGIT_SHAPES.get(country, rf"\d{{{digits}}}")
    code = rf"(?P<sign>[A-Z]{{1,3}}-)?(?P<postcode>{shape})"
    for pattern in (
        rf"^(?:(?P<street>.*?\S){_AROUND})?{code}{_AROUND}(?P<city>{_CITY})$",
        rf"^(?P<street>.*\S), (?P<city>[^\W\d_][^\d,]*?){_AROUND}{code}$",
        rf"^(?P<street>.*[^\s,]){_AROUND}{code}$",
    ):
        found = re.match(pattern, text, re.IGNORECASE)
        if found is not None and _is_postcode(found, digits):
            city = found.groupdict().get("city")
            return Place(found["street"], found["postcode"], _tidy_city(city, country) if city else None)
    return None


def _is_postcode(found: re.Match[str], digits: int) -> bool:
    """Whether the number is a postcode: not of a box, nor perhaps that of the house or of a year."""
    before = found.string[: found.start("sign") if found["sign"] else found.start("postcode")]
    if not before:
        return True
    if _NO_POSTCODE.search(before) or not re.search(r"[^\W\d_]", before):
        return False
    if digits >= LONG or found["sign"] or before.rstrip().endswith(","):
        return True
    return bool(found.groupdict().get("city") and re.search(r"\d[a-z]?\s*$", before, re.IGNORECASE))


def _tidy_city(city: str, country: str) -> str:
    """Without the province that Italians and Spaniards put behind it: `Roma (RM)`, `Roma RM`."""
    if country in ("IT", "ES"):
        city = re.sub(r"\s*\([^)]*\)$", "", city)
    if country == "IT":
        city = re.sub(r"(?<=\w)\s+[A-Z]{2}$", "", city)
    return city.strip()


def _read_postcode_last(parts: list[str], shape: str) -> Place | None:
    """`10 Downing Street, London SW1A 2AA`. The city is known where a comma stands before it."""
    found = re.match(rf"^(?:(?P<rest>.*\S)\s+)?(?P<postcode>{shape})$", parts[-1], re.IGNORECASE) if parts else None
    if found is None:
        return None
    before = [*parts[:-1], *([found["rest"]] if found["rest"] else [])]
    if len(before) > COUNTRY_PART and re.fullmatch(_BRITISH_COUNTIES, before[-1], re.IGNORECASE):
        before.pop()
    has_city = len(before) > 1 and not re.search(r"\d", before[-1])
    street = before[:-1] if has_city else before
    return Place(", ".join(street) or None, found["postcode"].upper(), before[-1] if has_city else None)


def _read_with_state(parts: list[str], country: str) -> Place | None:
    """`123 Main St, Springfield, IL 62701`, without the state, which is no field here."""
    text = ", ".join(parts)
    code = rf"(?P<state>{_STATES[country]})\.?{_AROUND}(?P<postcode>{_STATE_POSTCODES[country]})"
    found = re.match(rf"^(?P<rest>.*\S){_AROUND}{code}$", text, re.IGNORECASE)
    if found is None:
        return None
    rest = found["rest"].rstrip(", ")
    street, comma, city = rest.rpartition(",")
    if comma and re.fullmatch(r"[^\W\d_][^\d]*", city.strip()):
        return Place(street.strip(), found["postcode"].upper(), city.strip())
    by_kind = _STREET_KIND.match(rest)
    if by_kind is not None:
        return Place(by_kind["street"], found["postcode"].upper(), by_kind["city"])
    return Place(rest, found["postcode"].upper())


def split_addresses(records: pl.DataFrame) -> pl.DataFrame:
    """``records`` with their addresses taken apart: address, postcode, city; country and region where a line names one.

    ``region`` is the country by which a record is read (ISO 3166), ``is_assumed`` where the record itself names none.
    Each part fills an empty column or agrees with what stands there; a line that contradicts a column stays as it is.
    """
    lines = records.filter(
        (pl.col("address").str.len_chars() <= LONGEST) & pl.col("address").str.contains(WORTH_READING)
    )
    asked = lines.select("address", "region", "is_assumed").unique()
    places = read_places(asked.rows())
    if not places:
        return records
    found = pl.DataFrame(
        [(*line, place.street, place.postcode, place.city, place.country) for line, place in places.items()],
        schema={
            "address": pl.String, "region": pl.String, "is_assumed": pl.Boolean, "street_found": pl.String,
            "postcode_found": pl.String, "city_found": pl.String, "country_found": pl.String,
        },
        orient="row",
    )  # fmt: skip
    joined = records.join(
        found, on=["address", "region", "is_assumed"], how="left", nulls_equal=True, maintain_order="left"
    )
    read_as = pl.coalesce("country_found", "region")
    fits = (
        pl.col("postcode_found").is_not_null()
        & _agrees(postcode_key(pl.col("postcode"), read_as), postcode_key(pl.col("postcode_found"), read_as))
        & _agrees(city_key(pl.col("city")), city_key(pl.col("city_found")))
    )
    return joined.with_columns(
        pl.when(fits).then(pl.col("street_found")).otherwise(pl.col("address")).alias("address"),
        *(
            pl.when(fits & (pl.col(name).fill_null("") == ""))
            .then(pl.col(f"{name}_found"))
            .otherwise(pl.col(name))
            .alias(name)
            for name in ("postcode", "city")
        ),
        *(
            pl.when(fits).then(pl.coalesce("country_found", name)).otherwise(pl.col(name)).alias(name)
            for name in ("country", "region")
        ),
    ).select(records.columns)


def _agrees(told: pl.Expr, found: pl.Expr) -> pl.Expr:
    return told.is_null() | found.is_null() | (told == found)
