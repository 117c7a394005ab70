"""A web API as a system whose tables know nothing of each other."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from pipelines.config.pulls import Pull


class IndependentTables:
    """What :class:`pipelines.pulls.system.System` asks beside its tables: any order does, and none harms another."""

    def arrange(self, pulls: Mapping[str, Pull]) -> list[str]:
        return list(pulls)

    def separate(self, number: int) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()
