"""What other currencies are worth in the retailer's, as `sources.yml` declares it under `exchange_rates`."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.config.field_types import Currency
from pipelines.yaml_document import ConfigModel


def _as_written(number: object) -> object:
    """YAML reads 0.92 as a binary fraction; the digits that were written are meant."""
    return str(number) if isinstance(number, float) else number


Rate = Annotated[Decimal, BeforeValidator(_as_written), Field(gt=0, lt=10**8, decimal_places=8)]


class DatedRate(ConfigModel):
    """How many units of the retailer's currency one unit of another is worth, from a day on; None: from ever."""

    rate: Rate
    from_: Annotated[date | None, Field(alias="from")] = None


def _as_rates(declared: object) -> object:
    """``USD: 0.92`` is one rate, of every day."""
    return declared if isinstance(declared, list | tuple) else [{"rate": declared}]


def _in_order(rates: tuple[DatedRate, ...]) -> tuple[DatedRate, ...]:
    """By day, each day once."""
    ordered = tuple(sorted(rates, key=lambda rate: rate.from_ or date.min))
    for earlier, later in pairwise(ordered):
        if earlier.from_ == later.from_:
            since = f"from {later.from_}" if later.from_ else "without a day"
            raise ValueError(f"has two rates {since}: keep one")
    return ordered


Rates = Annotated[tuple[DatedRate, ...], BeforeValidator(_as_rates), Field(min_length=1), AfterValidator(_in_order)]
ExchangeRates = dict[Currency, Rates]


def list_rates(declared: Mapping[str, Iterable[DatedRate]]) -> list[dict[str, str]]:
    """Every rate as the models take it: `currency`, `from` (ISO, empty for ever) and `rate` (digits)."""
    return [
        {"currency": currency, "from": rate.from_.isoformat() if rate.from_ else "", "rate": f"{rate.rate:f}"}
        for currency, rates in sorted(declared.items())
        for rate in rates
    ]
