"""Everything that comes into the lake in one night, one source after another, and the tables that tell of it."""

from collections.abc import Iterable

from pipelines.config.connectors import PulledSource, RemoteSource
from pipelines.config.drop_sources import DropSource
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


def join_again(earlier: Iterable[Outcome], later: Iterable[Outcome]) -> list[Outcome]:
    """What became of the tables of a night of which some were pulled again; what was taken before stays taken."""
    joined = {(each.source, each.name): each for each in earlier}
    for each in later:
        before = joined.get((each.source, each.name))
        if before is None or before.state != "taken" or each.state == "taken":
            joined[each.source, each.name] = each
    return sorted(joined.values(), key=lambda each: each.source)
