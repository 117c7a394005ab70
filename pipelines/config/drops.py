"""What `sources.yml` says of files on another machine: when one is complete, what proves it, what becomes of it."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pipelines.config.field_types import Share
from pipelines.yaml_document import ConfigModel

Completeness = Literal["stable", "marker"]
"""How a file is known to be whole: it stands still, or another file beside it says so."""

Deletes = Literal["keep", "follow"]
"""What becomes of a file that is no longer there: what was taken of it stays, or goes too."""

Duplicates = Literal["once", "each"]
"""Whether a file of the same content as another is read."""

_PLACEHOLDERS = ("{name}", "{stem}")


def _file_beside(written: str) -> str:
    """A name beside a file, such as ``{name}.done``; below its folder at most."""
    plain = written
    for placeholder in _PLACEHOLDERS:
        plain = plain.replace(placeholder, "x")
    if "{" in plain or "}" in plain:
        raise ValueError("has braces of another kind: {name} is the file's name, {stem} the same without its suffix")
    if plain.startswith("/") or any(part in ("", ".", "..") for part in plain.split("/")):
        raise ValueError("must be a name, or a path below the file's folder, such as {name}.done or done/{name}")
    return written


def _one_group(written: str) -> str:
    try:
        groups = re.compile(written, re.MULTILINE).groups
    except re.error as fault:
        raise ValueError(f"is no regular expression ({fault})") from None
    if groups != 1:
        raise ValueError(f"has {groups} groups: put the number, and nothing else, into one pair of parentheses")
    return written


FileBeside = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_file_beside)]
"""The name of a file that belongs to another, with ``{name}`` and ``{stem}`` for that other's."""

Found = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_group)]
"""A regular expression whose one group is what is looked for."""


class Control(ConfigModel):
    """What the sender says of a file, to prove that all of it came.

    It stands in ``file`` beside it, else in its own name. ``rows``, ``sha256`` and ``md5`` find the number of rows and
    the digest there, ``amounts`` the sums of columns, by the names that the file has them under. ``tolerance`` is the
    share of rows and sums that may differ.
    """

    file: FileBeside | None = None
    rows: Found | None = None
    amounts: Annotated[dict[str, Found], Field(default_factory=dict)]
    sha256: Found | None = None
    md5: Found | None = None
    tolerance: Share = 0

    @model_validator(mode="after")
    def _says_something(self) -> "Control":
        if not (self.rows or self.amounts or self.sha256 or self.md5):
            raise ValueError("proves nothing: say how to find 'rows', 'amounts', 'sha256' or 'md5'")
        return self

    @property
    def counts(self) -> bool:
        """Whether the file has to be read for it."""
        return bool(self.rows or self.amounts)


def name_beside(written: str, name: str) -> str:
    """The name of the file that ``written`` calls so for the file ``name``, both below the same root."""
    folder, slash, base = name.rpartition("/")
    stem = base.rpartition(".")[0] or base
    return folder + slash + written.replace("{name}", base).replace("{stem}", stem)
