"""What differs between the columns of a table as they were landed and as its system has them."""

from dataclasses import dataclass

KINDS = ("added", "missing", "retyped")


@dataclass(frozen=True)
class Changes:
    """Columns that are new, that are missing, and that are of another kind, with both kinds."""

    added: tuple[str, ...]
    missing: tuple[str, ...]
    retyped: tuple[tuple[str, str, str], ...]

    def describe(self) -> dict[str, list[str]]:
        """The names, and of what is of another kind both kinds; nothing of what is empty."""
        retyped = [f"{name} ({before}, now {now})" for name, before, now in self.retyped]
        told = zip(KINDS, (list(self.added), list(self.missing), retyped), strict=True)
        return {kind: names for kind, names in told if names}


NONE = Changes((), (), ())
