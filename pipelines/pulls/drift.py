"""What has changed of a table's columns since they were landed, and whether its rows may be taken all the same."""

from collections.abc import Mapping, Sequence

from pipelines.config.pulls import Drift
from pipelines.name_lists import list_names
from pipelines.pulls.changes import Changes
from pipelines.pulls.errors import TableError
from pipelines.pulls.system import SourceColumn

_ANEW = (
    "`parcours run --full` pulls the table anew with the columns that it has now; correct what sources.yml says of it."
)


def compare(landed: Mapping[str, str], columns: Sequence[SourceColumn]) -> Changes:
    """What of ``columns`` differs from those that were ``landed``."""
    kinds = {column.name: column.kind for column in columns}
    return Changes(
        added=tuple(name for name in kinds if name not in landed),
        missing=tuple(name for name in landed if name not in kinds),
        retyped=tuple(
            (name, kind, kinds[name]) for name, kind in landed.items() if name in kinds and kinds[name] != kind
        ),
    )


def refuse(changes: Changes, shown: str, drift: Drift) -> None:
    """Raises TableError where what changed does not let the rows be taken."""
    if changes.missing or changes.retyped:
        told = [f"{list_names(list(changes.missing))} no longer there"] if changes.missing else []
        told += [f"{name} was {before} and is {now}" for name, before, now in changes.retyped]
        raise TableError(f"the columns of {shown} have changed: {'; '.join(told)}. {_ANEW}", changes=changes)
    if changes.added and drift == "freeze":
        raise TableError(
            f"{shown} has new columns, {list_names(list(changes.added))}, and `drift: freeze` lets none in. {_ANEW}",
            changes=changes,
        )


def leave_out(changes: Changes, drift: Drift, needed: Sequence[str]) -> list[str]:
    """The new columns that do not come: all but those that are ``needed``, where that is declared."""
    return [name for name in changes.added if name not in needed] if drift == "discard" else []


def tell(changes: Changes, left_out: Sequence[str]) -> list[str]:
    """What there is to say of columns that are new."""
    kept = [name for name in changes.added if name not in left_out]
    return [
        *([f"new columns: {list_names(kept)}"] if kept else []),
        *([f"new columns, left out: {list_names(list(left_out))}"] if left_out else []),
    ]
