"""The sources of which days are asked for: those whose systems can be asked for some."""

from collections.abc import Callable, Iterable

from pipelines.config.connectors import PulledSource
from pipelines.config.sources import Sources
from pipelines.config.web import WebSource
from pipelines.pulls.days import choose_sources


def choose_dated(sources: Sources, names: Iterable[str] | None, say: Callable[[str], object]) -> list[PulledSource]:
    """Those with ``names``, or all; of all, web APIs are left out beside a database, and ``say`` is told.

    Raises ConfigurationError as :func:`pipelines.pulls.days.choose_sources`.
    """
    chosen = choose_sources(sources, names)
    databases = [source for source in chosen if not isinstance(source, WebSource)]
    if names or not databases:
        return chosen
    for source in chosen:
        if source not in databases:
            say(
                f"source {source.name} is left out: its system cannot be asked for some days. `parcours run --full` "
                "pulls all of it."
            )
    return databases
