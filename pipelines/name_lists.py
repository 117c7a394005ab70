"""Names in messages: the first few of a list and how many more there are, each cut where it is overlong.

Columns, files and keys come from whoever writes the exports: a message that named all of them could have megabytes.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pipelines.visible_text import make_one_line

MOST_NAMED = 10  # As many as are read before a message becomes a list.
MOST_FAULTS = 100  # Lines of a fault each: more than anyone mends before looking again.
LONGEST_NAME = 80  # Characters; exports and people name things in far fewer.
MOST_COMPARED = 2_000  # Names that a mistyped one is compared with: two thousand take some hundredths of a second.


def shorten(name: str, longest: int = LONGEST_NAME) -> str:
    """``name`` on one line, cut with an ellipsis where it has more than ``longest`` characters."""
    return make_one_line(name if len(name) <= longest else name[: longest - 1] + "…")


def list_names(
    names: Iterable[str],
    *,
    otherwise: str = "none",
    most: int = MOST_NAMED,
    mark: str = ", ",
    longest: int = LONGEST_NAME,
) -> str:
    """``a, b and 7 more``: the first ``most`` of ``names``, in their order; ``otherwise`` where there are none."""
    listed = list(names)
    shown = mark.join(shorten(name, longest) for name in listed[:most])
    if len(listed) > most:
        return f"{shown} and {len(listed) - most:,} more"
    return shown or otherwise


def list_lines(lines: Sequence[str], *, most: int = MOST_FAULTS, indent: str = "  ") -> list[str]:
    """The first ``most`` of ``lines``, which are indented already, and a line that counts the others."""
    rest = len(lines) - most
    return list(lines) if rest <= 0 else [*lines[:most], f"{indent}and {rest:,} more"]


def find_close(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The one of ``known`` that ``word`` is likely to mean, if any; none for a word too long to be mistyped."""
    if len(word) > LONGEST_NAME:
        return None
    # Similarity is at most twice the shorter length over both, so that most names need not be compared at all.
    least, longest = len(word) * cutoff / (2 - cutoff), len(word) * (2 - cutoff) / cutoff
    fitting = (name for name in known if least <= len(name) <= longest)
    compared = [name for name, _ in zip(fitting, range(MOST_COMPARED), strict=False)]
    close = get_close_matches(word, compared, n=1, cutoff=cutoff)
    return close[0] if close else None
