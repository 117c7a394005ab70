"""How amounts name their currency: the signs, words and codes that stand beside a number."""

SIGNS: dict[str, tuple[str, ...]] = {
    "AED": ("Dhs", "د.إ"),
    "ARS": ("$", "AR$"),
    "AUD": ("$", "A$", "AU$"),
    "BGN": ("лв", "лв."),
    "BRL": ("R$",),
    "CAD": ("$", "C$", "CA$"),
    "CHF": ("Fr.", "Fr", "SFr.", "SFr"),
    "CLP": ("$", "CLP$"),
    "CNY": ("¥", "￥", "元", "RMB"),
    "COP": ("$", "COL$"),
    "CZK": ("Kč",),
    "DKK": ("kr", "kr."),
    "DZD": ("DA", "د.ج"),
    "EUR": ("€", "euro", "euros"),
    "GBP": ("£",),
    "HKD": ("$", "HK$"),
    "HUF": ("Ft",),
    "ILS": ("₪",),
    "INR": ("₹", "Rs", "Rs."),
    "ISK": ("kr", "kr."),
    "JPY": ("¥", "￥", "円"),
    "KRW": ("₩",),
    "MAD": ("DH", "Dhs", "د.م."),
    "MXN": ("$", "MX$"),
    "NGN": ("₦",),
    "NOK": ("kr", "kr."),
    "NZD": ("$", "NZ$"),
    "PHP": ("₱",),
    "PLN": ("zł", "zl"),
    "RON": ("lei", "leu"),
    "RUB": ("₽", "руб", "руб."),
    "SEK": ("kr", "kr.", ":-"),
    "SGD": ("$", "S$"),
    "THB": ("฿",),
    "TND": ("DT", "د.ت"),
    "TRY": ("₺", "TL"),
    "TWD": ("$", "NT$"),
    "UAH": ("₴", "грн", "грн."),
    "USD": ("$", "US$"),
    "VND": ("₫", "đ"),
    "XAF": ("FCFA", "CFA", "F CFA"),
    "XOF": ("FCFA", "CFA", "F CFA"),
    "XPF": ("FCFP", "CFP", "F"),
    "ZAR": ("R",),
}
"""Per currency, how it is written where its ISO 4217 code is not. One sign may be that of several currencies."""


def signs_of(currency: str) -> tuple[str, ...]:
    """The code of ``currency`` and its signs, the longest first, so that `US$` is not read as `$` after a stray US."""
    return tuple(sorted({currency, *SIGNS.get(currency, ())}, key=lambda sign: (-len(sign), sign)))
