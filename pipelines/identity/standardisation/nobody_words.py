"""Patterns of what is written over people who were erased or never named: "Client supprimé", deleted-4711@shop.fr.

A list of such phrases is never complete. So a value means nobody where all of it is made up of words of two lists:
those that say so, of which there is at least one, and those that may stand beside them; numbers and digests count for
nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.identity.standardisation.names import fold

_NUMBER = r"\d+|[0-9a-f]{8,}"  # The number, or a part of the digest, of the record that was erased.
_ID = r"[a-z]{1,3}\d+|[0-9a-f]*\d[0-9a-f]*"  # Such a number with letters; only behind the words, where shops put it.
# Somebody's own domain may be called after the law (a consultancy's rgpd.fr); a subdomain is not.
_LAWS = frozenset({"ccpa", "dsgvo", "gdpr", "kvkk", "lgpd", "rgpd"})


@dataclass(frozen=True)
class NobodyWords:
    """Words as :func:`fold` writes them: those that say nobody, and those that may stand beside them."""

    says: tuple[str, ...]
    about: tuple[str, ...]


def read_words(declared: Mapping[str, Mapping[str, Sequence[str]]]) -> NobodyWords:
    """The words of `nobody` in attributes.yml, of all languages."""
    return NobodyWords(*(_fold_all(declared.get(name, {})) for name in ("says", "about")))


def _fold_all(languages: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    words = pl.Series([word for words in languages.values() for word in words], dtype=pl.String)
    # The longest first: an alternation takes the first that fits.
    folded = set(pl.select(fold(pl.lit(words))).to_series())
    return tuple(sorted(folded, key=lambda word: (-len(word), word)))


def text_pattern(words: NobodyWords) -> str:
    """Over a folded text (`client supprime 12`): whether it is nobody's name, street or city."""
    says = "|".join(words.says)
    token = rf"(?:(?:{says}|{'|'.join(words.about)})\d*|{_NUMBER})"
    return rf"^(?:{token} )*(?:{says})\d*(?: (?:{token}|{_ID}))*$"


def mailbox_pattern(words: NobodyWords) -> str:
    """Over an e-mail address in lower case: whether its user or its domain says nobody.

    Only words of the alphabet of addresses count, and beside them no short ones: anonyma@ is a woman's.
    """
    says = [word for word in words.says if _fits(word)]
    token = rf"(?:{'|'.join([*says, *(word for word in words.about if _fits(word))])}|{_NUMBER})"
    user = rf"^(?:{token}[-_.+]?)*(?:{'|'.join(says)})(?:[-_.+]?{token}|[-_.+](?:{_ID}))*(?:\+[^@]*)?@"
    label = rf"(?:{token}-?)*(?:{'|'.join(word for word in says if word not in _LAWS)})(?:-?{token})*"
    domain = rf"@(?:[^@]+[.])?{label}(?:[.][^@]+)?[.][a-z]+$"
    subdomain = rf"@(?:[^@]+[.])?(?:{'|'.join(sorted(_LAWS))})(?:[.][^@]+)?[.][^@.]+[.][a-z]+$"
    return f"{user}|{domain}|{subdomain}"


def _fits(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) >= 4
