"""`exchange_rates` of sources.yml: one rate, or rates from days on."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config.exchange_rates import list_rates
from pipelines.config.sources import Sources, load_sources
from pipelines.errors import ConfigurationError

SOURCES = """
sources:
  - {name: shop, kind: ecommerce, connector: {type: files, root: exports}, tables: {orders: {from: orders.csv}}}
"""


def load(folder: Path, declared: str) -> Sources:
    path = folder / "sources.yml"
    path.write_text(f"exchange_rates:\n{declared}{SOURCES}", encoding="utf-8")
    return load_sources(path)


def test_a_rate_is_the_digits_that_were_written(tmp_path: Path) -> None:
    sources = load(tmp_path, "  USD: 0.92\n  JPY: '0.00612'\n  KWD: 3\n")
    assert {code: [rate.rate for rate in rates] for code, rates in sources.exchange_rates.items()} == {
        "USD": [Decimal("0.92")],
        "JPY": [Decimal("0.00612")],
        "KWD": [Decimal(3)],
    }


def test_dated_rates_are_handed_to_the_models_in_order(tmp_path: Path) -> None:
    declared = "  SEK:\n    - {from: 2026-02-01, rate: 0.088}\n    - {rate: 0.09}\n  CHF: 1.05\n"
    sources = load(tmp_path, declared)
    assert sources.exchange_rates["SEK"][1].from_ == date(2026, 2, 1)
    assert list_rates(sources.exchange_rates) == [
        {"currency": "CHF", "from": "", "rate": "1.05"},
        {"currency": "SEK", "from": "", "rate": "0.09"},
        {"currency": "SEK", "from": "2026-02-01", "rate": "0.088"},
    ]


@pytest.mark.parametrize(
    ("declared", "line", "said"),
    [
        ("  usd: 0.92\n", 2, "did you mean 'USD'"),
        ("  USD: 0\n", 2, "greater than 0"),
        ("  USD: -1.2\n", 2, "greater than 0"),
        ("  USD: plenty\n", 2, "decimal"),
        ("  USD: []\n", 2, "name at least one"),
        ("  USD:\n    - {from: 2026-01-01, rate: 0.9}\n    - {from: 2026-01-01, rate: 0.8}\n", 2, "two rates"),
        ("  USD:\n    - {since: 2026-01-01, rate: 0.9}\n", 3, "known: rate, from"),
        ("  USD:\n    - {from: soon, rate: 0.9}\n", 3, "is not a date"),
        ("  USD: 0.123456789\n", 2, "8 decimal places"),
        ("  EUR: 1.05\n", 2, "is the retailer's own currency"),
    ],
)
def test_a_rate_that_is_none_is_a_fault_of_its_line(tmp_path: Path, declared: str, line: int, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, declared)
    told = str(raised.value)
    assert f"sources.yml:{line}:" in told
    assert said in told


def test_there_need_be_no_rates(tmp_path: Path) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(SOURCES, encoding="utf-8")
    assert load_sources(path).exchange_rates == {}
