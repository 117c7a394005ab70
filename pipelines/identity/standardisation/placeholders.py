"""The retailer's own values (`placeholders` of sources.yml): its switchboard, its stores' addresses, a till's default.

They say nothing about a customer, and are recognised in the form in which records are compared: a phone number however
it is written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from pipelines.identity.standardisation.addresses import city_key, street_key
from pipelines.identity.standardisation.attributes import Attribute
from pipelines.identity.standardisation.emails import clean_email, email_key
from pipelines.identity.standardisation.loyalty_cards import card_key
from pipelines.identity.standardisation.names import first_name_key, last_name_key
from pipelines.identity.standardisation.phones import read_phones
from pipelines.identity.standardisation.postcodes import postcode_key

_KEYS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "loyalty_card_id": card_key,
    "email": lambda text: email_key(clean_email(text)),
    "first_name": first_name_key,
    "last_name": last_name_key,
    "city": city_key,
}
EXPECTED: dict[str, str] = {
    "loyalty_card_id": "a card number",
    "birth_date": "a date, such as 1985-01-01",
    "email": "an e-mail address",
    "phone": "a phone number of the country, or one with its +code",
    "first_name": "a first name",
    "last_name": "a surname",
    "address": "a street line",
    "postcode": "a postcode",
    "city": "a city",
}
"""The attributes that may have values of the retailer's own, and what such a value must be."""


def comparable(attribute: str, written: str, country: str) -> str | None:
    """The value in the form in which records are compared; None where it is not what :data:`EXPECTED` says."""
    if attribute == "birth_date":
        try:
            return date.fromisoformat(written.strip()).isoformat()
        except ValueError:
            return None
    if attribute == "phone":
        return read_phones(pl.Series([written], dtype=pl.String), country)["e164"].item()  # type: ignore[no-any-return]
    text = pl.lit(written, dtype=pl.String)
    read = {"postcode": postcode_key(text, pl.lit(country)), "address": street_key(text, country)}
    return pl.select(read[attribute] if attribute in read else _KEYS[attribute](text)).item() or None


def with_own_values(
    attributes: Mapping[str, Attribute], placeholders: Mapping[str, Sequence[str]], country: str
) -> dict[str, Attribute]:
    """``attributes`` with the retailer's ``placeholders`` (attribute to values as written) as their own values."""
    extended = dict(attributes)
    for name, written in placeholders.items():
        values = {comparable(name, value, country) for value in written} - {None}
        extended[name] = replace(attributes[name], own_values=tuple(sorted(filter(None, values))))
    return extended
