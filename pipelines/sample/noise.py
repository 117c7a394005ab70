"""What happens to a value as it is entered into a system: typing errors, capitals, lost accents, other habits."""

from collections.abc import Callable

import numpy as np
import polars as pl

from pipelines.sample.columns import Bools, Ints, choose
from pipelines.sample.names import nicknames

_NEIGHBOURS = {  # An azerty keyboard.
    "a": "zq", "z": "ae", "e": "zr", "r": "et", "t": "ry", "y": "tu", "u": "yi", "i": "uo", "o": "ip", "p": "om",
    "q": "as", "s": "qd", "d": "sf", "f": "dg", "g": "fh", "h": "gj", "j": "hk", "k": "jl", "l": "km", "m": "lp",
    "w": "xq", "x": "wc", "c": "xv", "v": "cb", "b": "vn", "n": "b",
}  # fmt: skip
_BY_EAR = (  # As heard at the till or on the phone.
    ("eau", "o"), ("aud", "ot"), ("ault", "eau"), ("ph", "f"), ("th", "t"), ("ll", "l"), ("nn", "n"), ("tt", "t"),
    ("ss", "s"), ("y", "i"), ("ai", "è"), ("qu", "k"), ("ck", "k"), ("au", "o"), ("ie", "i"), ("ç", "s"), ("ez", "é"),
    ("an", "en"), ("in", "ain"), ("c", "k"), ("l", "ll"), ("n", "nn"), ("t", "th"), ("s", "z"),
)  # fmt: skip


Change = Callable[[str, int], str]


def altered(values: pl.Series, chosen: Bools, draws: Ints, change: Change) -> pl.Series:
    """``change`` applied to the chosen values that are not null; ``draws`` are large random integers, one per row."""
    rows = np.flatnonzero(chosen & values.is_not_null().to_numpy())
    if not len(rows):
        return values
    before = values.gather(rows).to_list()
    after = [change(value, draw) for value, draw in zip(before, draws[rows].tolist(), strict=True)]
    whole = pl.Series(after, dtype=pl.String)
    place = np.zeros(len(values), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    is_changed = np.zeros(len(values), dtype=bool)
    is_changed[rows] = True
    return choose(is_changed, whole.gather(place), values)


def mistype(text: str, draw: int) -> str:
    """One typing error: a neighbouring key, two letters swapped, one lost, one doubled, or a phonetic spelling."""
    if len(text) < 3:
        return text
    kind, draw = draw % 5, draw // 5
    place = 1 + draw % (len(text) - 1)
    letter = text[place]
    if kind == 0 and letter.lower() in _NEIGHBOURS:
        near = _NEIGHBOURS[letter.lower()]
        swap = near[draw // 7 % len(near)]
        return text[:place] + (swap.upper() if letter.isupper() else swap) + text[place + 1 :]
    if kind == 1 and place + 1 < len(text):
        return text[:place] + text[place + 1] + letter + text[place + 2 :]
    if kind == 2 and len(text) > 4:
        return text[:place] + text[place + 1 :]
    if kind == 3:
        return text[:place] + letter + text[place:]
    return mishear(text, draw)


def mishear(text: str, draw: int) -> str:
    """The first phonetic spelling that applies, from a random place in the list; else a doubled letter."""
    lowered = text.lower()
    for step in range(len(_BY_EAR)):
        heard, written = _BY_EAR[(draw + step) % len(_BY_EAR)]
        place = lowered.find(heard, 1)
        if place > 0:
            shout = text.isupper()
            return text[:place] + (written.upper() if shout else written) + text[place + len(heard) :]
    return text + text[-1]


def mistype_email(text: str, draw: int) -> str:
    """A typing error in the local part, or a misspelt provider."""
    local, _, provider = text.partition("@")
    if draw % 4 == 0 and provider in ("gmail.com", "hotmail.fr", "orange.fr", "yahoo.fr"):
        slips = {"gmail.com": "gmial.com", "hotmail.fr": "hotmal.fr", "orange.fr": "ornage.fr", "yahoo.fr": "yaho.fr"}
        return f"{local}@{slips[provider]}"
    place = 1 + draw // 4 % max(len(local) - 1, 1)
    kind = draw // 97 % 3
    if kind == 0 and place + 1 < len(local):
        return local[:place] + local[place + 1] + local[place] + local[place + 2 :] + "@" + provider
    if kind == 1 and len(local) > 4:
        return local[:place] + local[place + 1 :] + "@" + provider
    return local[:place] + local[place : place + 1] + local[place:] + "@" + provider


def misdial(digits: str, draw: int) -> str:
    """One wrong digit among the last six."""
    place = len(digits) - 1 - draw % 6
    wrong = str((int(digits[place]) + 1 + draw // 6 % 9) % 10)
    return digits[:place] + wrong + digits[place + 1 :]


def shorten_compound(name: str, draw: int) -> str:
    """Jean-Pierre as Jean Pierre, J-Pierre, JP, Jean or JeanPierre; a name that is not compound stays."""
    first, mark, second = name.partition("-")
    if not mark:
        return name
    return (f"{first} {second}", f"{first} {second}", f"{first[0]}-{second}", first[0] + second[0], first)[draw % 5]


def call_familiarly(name: str, _: int) -> str:
    """Frédéric as Fred."""
    return nicknames().get(name, name)


def without_accents(text: pl.Series) -> pl.Series:
    return (
        text.str.replace_all("œ", "oe").str.replace_all("Œ", "OE").str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    )


def shout(text: pl.Series) -> pl.Series:
    """Capitals without accents, as tills print."""
    return without_accents(text.str.to_uppercase())
