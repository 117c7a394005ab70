"""Everything that comes into the lake in one night, one source after another, and the tables that tell of it."""

from pipelines.config.connectors import DropSource, PulledSource, RemoteSource
from pipelines.config.sources import Sources
from pipelines.lake.tables import Lake
from pipelines.pulls.drops.mirror import mirror_source
from pipelines.pulls.pull import Outcome, Settings, note_outcomes, pull_source


def pull_sources(sources: Sources, lake: Lake, settings: Settings) -> list[Outcome]:
    """Takes what every system has, and writes ``landed/pulls`` and ``landed/reconciliation`` of what became of it."""
    outcomes: list[Outcome] = []
    remote = (each for each in sources.sources if isinstance(each, RemoteSource))
    for source in sorted(remote, key=lambda one: one.name):
        if isinstance(source, DropSource):
            outcomes += mirror_source(source, lake, settings)
        elif isinstance(source, PulledSource):
            outcomes += pull_source(source, lake, settings)
    note_outcomes(outcomes, lake)
    return outcomes
