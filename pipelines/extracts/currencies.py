"""Which currency an amount is in, as sources write it, and which have a rate to be exchanged at; in DuckDB SQL."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pipelines.config.field_types import CURRENCIES
from pipelines.config.sources import Sources
from pipelines.extracts.currency_signs import SIGNS
from pipelines.extracts.sql_quoting import quote_text

# ISO 4217 has numbers too, which terminals for payment cards write.
NUMBERS = {
    "208": "DKK",
    "578": "NOK",
    "752": "SEK",
    "756": "CHF",
    "826": "GBP",
    "840": "USD",
    "978": "EUR",
    "985": "PLN",
}


def _written() -> dict[str, tuple[str, ...]]:
    meant: dict[str, tuple[str, ...]] = {number: (code,) for number, code in NUMBERS.items()}
    for code, signs in SIGNS.items():
        for sign in dict.fromkeys(sign.upper() for sign in signs):
            meant[sign] = (*meant.get(sign, ()), code)
    return meant


WRITTEN: Mapping[str, tuple[str, ...]] = MappingProxyType(_written())
"""What stands for a currency beside its code, in capitals, and the currencies that it may stand for."""


def _mean_surely(own: str) -> dict[str, str]:
    """Per text that is no code and stands for one currency only, or for the retailer's ``own``, the code."""
    return {
        sign: own if own in codes else codes[0] for sign, codes in WRITTEN.items() if own in codes or len(codes) == 1
    }


def code_of(value: str, own: str) -> str:
    """SQL of the code of ISO 4217 that the SQL ``value`` means; as it is, in capitals, where that is not sure.

    A sign of several currencies is the retailer's ``own``, if that is one of them.
    """
    sure = _mean_surely(own)
    cases = " ".join(f"when {quote_text(sign)} then {quote_text(code)}" for sign, code in sure.items())
    written = f"upper(trim({value}))"
    return f"case {written} {cases} else {written} end"


def list_refusals(
    value: str, placed_at: str, sources: Sources, begin_of_day: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The conditions under which amounts cannot be exchanged, as SQL, each with the reason.

    ``value`` is SQL of the currency and ``placed_at`` of the instant of the order; ``begin_of_day`` gives, by currency,
    SQL of the instant from which on a rate is declared, where that is not from ever.
    """
    own = sources.currency
    # By the texts that stand for each currency: there are so many that reading the code first, for each of them anew,
    # took nine tenths of the time of a table.
    texts = {currency: [currency] for currency in sorted(CURRENCIES)}
    for sign, code in _mean_surely(own).items():
        texts[code].append(sign)
    written = f"upper(trim({value}))"
    known = ", ".join(quote_text(text) for each in texts.values() for text in each)
    yield f"{written} not in ({known})", "is no currency: write its code of ISO 4217, such as EUR"
    for currency in sorted(CURRENCIES - {own}):
        is_it = f"{written} in ({', '.join(map(quote_text, texts[currency]))})"
        declare = f"declare under exchange_rates what one {currency} is in {own}"
        if currency not in sources.exchange_rates:
            yield is_it, f"is {currency}, not {own}: {declare}"
        elif currency in begin_of_day:
            since = sources.exchange_rates[currency][0].from_
            yield (
                f"{is_it} and {placed_at} < {begin_of_day[currency]}",
                f"is {currency} of before {since}: {declare} then",
            )
