"""What stands in the home when a command is stopped, compared with what stood there when the command began."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pipelines.config.home import Home

Identity: TypeAlias = tuple[int, int, int] | None
"""Device, inode and modification time of a file: another after it was replaced. None where there is none."""


@dataclass(frozen=True)
class Standing:
    """The published files of ``home`` as they were."""

    home: Home
    warehouse: Identity
    report: Identity

    def tell_after_run(self) -> str:
        """What a run leaves that is stopped now."""
        again = "Run again when you like."
        if identify(self.home.warehouse) == self.warehouse:
            return f"Nothing was published. {as_it_was(self.home)} {again}"
        if identify(self.home.report) == self.report:
            return (
                f"The new warehouse {near(self.home.warehouse)} was already published, but its report was not drawn: "
                "`parcours report` draws it."
            )
        return f"The new warehouse {near(self.home.warehouse)} and its report were already published."

    def tell_after_rollback(self) -> str:
        """What a rollback leaves that is stopped now."""
        if identify(self.home.warehouse) == self.warehouse:
            return f"Nothing was rolled back. {as_it_was(self.home)}"
        return f"{near(self.home.warehouse)} is the previous warehouse again; a second rollback undoes this one."


def note_standing(home: Home) -> Standing:
    return Standing(home, identify(home.warehouse), identify(home.report))


def identify(file: Path) -> Identity:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def as_it_was(home: Home) -> str:
    """Of a command that published nothing."""
    if home.warehouse.exists():
        return f"The published warehouse {near(home.warehouse)} is as it was."
    return "There is no published warehouse yet."


def near(path: Path) -> str:
    """The path as you would type it in the current folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
