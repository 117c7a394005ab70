"""The columns of an export under the names that SQL calls them by, whatever the file at hand calls them.

An export differs with the language of who made it, with the version of the system, with what was ticked. A header says
all names of a column, and whether an export may lack it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from pipelines.yaml_document import ConfigModel

_UNSEEN = re.compile("[\ufeff\u200b\u200e\u200f\u2060\u00ad]")


class Header(ConfigModel):
    """What a column may be called besides its own name, and whether it may be missing.

    ``only``: its name in the user's own export, in place of every other; nothing: that export has no such column.
    """

    also: tuple[str, ...] = ()
    optional: bool = False
    only: tuple[str, ...] | None = None

    def names(self, own: str) -> tuple[str, ...]:
        """All names that the column goes by, the likeliest first."""
        return (own, *self.also) if self.only is None else self.only

    @property
    def is_optional(self) -> bool:
        return self.optional or self.only == ()


def _as_header(written: object) -> object:
    """``Name: "Order no."`` is the one name in the user's export; ``Name: null`` says that it has none."""
    if written is None:
        return {"only": ()}
    return {"only": (written,)} if isinstance(written, str) else written


Headers = dict[str, Annotated[Header, BeforeValidator(_as_header)]]
"""Per column, by the name that SQL calls it."""


@dataclass(frozen=True)
class Found:
    """Which columns of a file are which headers.

    ``columns`` are by header; the second and further ones stand for files that lack the first. ``missing`` are headers
    that are not there at all.
    """

    columns: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]


def fold_name(name: str) -> str:
    """``name`` as headers are compared: whatever its capitals, invisible marks, blanks and apostrophes."""
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", name)).replace("’", "'")
    return " ".join(plain.casefold().split())


def fold_names(names: Iterable[str]) -> dict[str, str]:
    """The first of ``names`` of each that headers take for the same, by its folded name."""
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(fold_name(name), name)
    return folded


def find_columns(headers: Mapping[str, Header], columns: Iterable[str], partial: Mapping[str, object]) -> Found:
    """Which of the file's ``columns`` is which header; each is one header's only.

    ``partial``: the columns that some of the files lack, so that another name may stand for them there.
    """
    return find_folded(headers, fold_names(columns), partial)


def find_folded(headers: Mapping[str, Header], columns: Mapping[str, str], partial: Mapping[str, object]) -> Found:
    """:func:`find_columns` of ``columns`` that were folded once (:func:`fold_names`), for many sets of headers."""
    left = dict(columns)
    found: dict[str, list[str]] = {name: [] for name in headers}
    most = max((len(header.names(name)) for name, header in headers.items()), default=0)
    for rank in range(most):  # A column's own name goes before what another column is also called.
        for name, header in headers.items():
            names = header.names(name)
            is_settled = bool(found[name]) and not all(column in partial for column in found[name])
            if rank < len(names) and not is_settled and fold_name(names[rank]) in left:
                found[name].append(left.pop(fold_name(names[rank])))
    there = {name: tuple(of) for name, of in found.items() if of}
    return Found(there, tuple(name for name in headers if name not in there))
