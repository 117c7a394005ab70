"""Columns of a source that no SQL of its mapping can see: what they hold need not be made fit for it.

An export of four hundred columns, of which a mapping reads thirty, is otherwise cleaned four hundred times over.
"""

import re
from collections.abc import Iterable

_SKIPPED = re.compile(
    r"--[^\n]*|/\*(?:.*?\*/|.*)|'(?:[^']|'')*'|\"((?:[^\"]|\"\")*)\"", re.DOTALL
)  # Comments, texts and quoted names.
# `e'...'` has quotes within that are not followed here; `$a$...$a$` is a text, and `x$a$` a name.
_NOT_FOLLOWED = re.compile(r"\be'|\$\w*\$")
# What reads columns that it does not name, or may do so.
_READS_UNNAMED = re.compile(
    r"\*|\b(?:columns|unpivot|pivot|natural|summarize|describe|table)\b|(?:^|\(|;|\b(?:union|except|intersect|all))\s*from\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_BEFORE = {"from", "join"}
_AFTER = {
    "", ")", ",", ";", ".", "where", "group", "order", "having", "qualify", "window", "limit", "offset", "sample",
    "union", "except", "intersect", "join", "inner", "left", "right", "full", "cross", "semi", "anti", "asof", "on",
    "using",
}  # fmt: skip
"""What follows a relation that gets no other name, by which a row could be read as a whole."""


def find_unseen(
    columns: Iterable[str], sql: Iterable[str], canonical: Iterable[str], relations: Iterable[str]
) -> set[str]:
    """Those of ``columns`` that none of the texts ``sql`` can read; none wherever one may read what it does not name.

    Each text is SQL or the name of a column. A column called as one of ``canonical`` is read without being named.
    ``relations`` are the names by which the SQL knows the files.
    """
    texts = [text.lower() for text in sql]
    names = {name.lower() for name in relations}
    if any(_may_read_all(text, names) for text in texts):
        return set()
    taken = {name.lower() for name in canonical}
    texts += [text.replace('""', '"') for text in texts]
    # Whether a name stands anywhere in the SQL is more than whether it is read, and never less.
    return {name for name in columns if name.lower() not in taken and not any(name.lower() in text for text in texts)}


def _may_read_all(text: str, relations: set[str]) -> bool:
    if _NOT_FOLLOWED.search(text):
        return True
    bare = _SKIPPED.sub(lambda found: _blank(found, relations), text)
    if _READS_UNNAMED.search(bare.strip()):
        return True
    tokens = ["", *_TOKEN.findall(bare), ""]
    return any(
        token in relations
        and tokens[number + 1] != "."
        and not (tokens[number - 1] in _BEFORE and tokens[number + 1] in _AFTER)
        for number, token in enumerate(tokens)
        if token
    )


def _blank(found: re.Match[str], relations: set[str]) -> str:
    """What stands in place of a comment, a text or a quoted name, which is a name still where it is a relation's."""
    if found[0].startswith("/*") and not found[0].endswith("*/", len("/*")):
        return "*"  # Nothing ends it; what SQL it stands in, and what that reads, is not told by this text.
    if found[0].startswith(("--", "/*")):
        return " "
    return f" {found[1]} " if found[1] in relations else " _ "
