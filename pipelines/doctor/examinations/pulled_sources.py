"""Every system that is pulled from answers, lets us in, and has what `sources.yml` declares of it.

Whatever the connector, a row of each table is pulled as `parcours check` pulls some, into a folder that is gone
afterwards: a new connector takes part by itself.
"""

import atexit
import threading
from collections.abc import Sequence
from pathlib import Path

from pipelines import unexpected, unfinished
from pipelines.config.connectors import PulledSource
from pipelines.config.home import find_sources
from pipelines.config.sources import load_sources
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.lake.tables import Lake
from pipelines.name_lists import list_names
from pipelines.pulls.pull import Settings, list_messages, pull_source
from pipelines.pulls.web.client import reaching_once

SUBJECT = "systems"
PATIENCE_SECONDS = 20.0
"""For a system to answer: a person waits. A night waits longer, and tries again."""


def examine(case: Case) -> Examined:
    try:
        sources = load_sources(find_sources(case.sources, case.home))
    except ConfigurationError:
        return Examined(SUBJECT, "not asked: sources.yml is to be corrected first")
    pulled = [source for source in sources.sources if isinstance(source, PulledSource)]
    if not pulled:
        return Examined(SUBJECT, "no source is pulled")
    attempts = [_Attempt(source, sources.base) for source in pulled]
    findings = [finding for attempt in attempts for finding in attempt.await_findings(PATIENCE_SECONDS)]
    tables = sum(len(source.wanted) for source in pulled)
    told = f"{list_names([source.name for source in pulled])} answer, and have the {tables} tables that are declared"
    return Examined(SUBJECT, told, tuple(findings))


class _Attempt:
    """One system, asked in a thread of its own: one that never answers keeps nobody waiting, and all are asked at once.

    A thread that is given up ends with the process, and what it wrote is removed then.
    """

    def __init__(self, source: PulledSource, base: Path) -> None:
        self._source, self._base = source, base
        self._said: Sequence[str] = ()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        try:
            with unfinished.temporary_folder("parcours-doctor-") as folder, reaching_once():
                outcomes = pull_source(self._source, Lake(folder), Settings(self._base, most=1))
            self._said = list_messages(outcomes, "not taken", "kept")
        except ParcoursError as error:
            self._said = [f"source {self._source.name}: {error}"]
        except Exception as error:  # What a library says may hold a row, and a thread would print it.
            unexpected.note(error)
            self._said = [f"source {self._source.name}: {unexpected.describe(error)}"]

    def await_findings(self, seconds: float) -> list[Finding]:
        self._thread.join(seconds)
        if self._thread.is_alive():
            atexit.register(unfinished.remove_temporary)
            what = f"source {self._source.name}: its system did not answer within {seconds:.0f} seconds."
            fix = "See that it is up, and that this machine may reach it: a firewall lets such calls come to nothing."
            return [Finding(what, fix)]
        fix = "Mend what this says; `parcours check` then looks at its first rows."
        return [Finding(said, fix) for said in self._said]
