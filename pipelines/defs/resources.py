"""What every asset of one run shares: the home folder, the sources and the day it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import Field, PrivateAttr

from pipelines.config.day_of_run import refuse_odd_day
from pipelines.config.home import Home, find_home, find_sources, is_attended
from pipelines.config.sources import Sources, load_sources
from pipelines.defs import orphaned_runs
from pipelines.defs.expected_errors import strip_causes
from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.identity.clustering.clusters import Clusters, index_clusters
from pipelines.identity.customer_ids.customer_numbers import CustomerNumbers, number_customers
from pipelines.identity.incremental.records import COMPARED_COLUMNS
from pipelines.identity.incremental.steps import read_pairs
from pipelines.identity.model.registry import ModelVersion, load_version, name_in_force
from pipelines.identity.scoring.linker import ENDS
from pipelines.identity.scoring.predict import ScoredPairs
from pipelines.identity.scoring.profiles import ProfiledRecords, profile_records
from pipelines.lake import run_lock
from pipelines.lake.owner_only import closed_to_others
from pipelines.lake.tables import Lake
from pipelines.nights import record
from pipelines.nights.settings import UNTOLD, Nights, find_nights, load_nights
from pipelines.nights.telling import Teller
from pipelines.segments.definitions import Definitions, find_segments, load_segments
from pipelines.texts.catalogue import list_languages
from pipelines.warehouse import kept_state, publish

NIGHTLY = "nightly"
"""The job whose runs are nights."""


class Night(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The settings of one run. What is left out is found as the command line finds it: environment, then default."""

    home: str | None = Field(default=None, description="Home folder of the lake and the warehouse.")
    sources: str | None = Field(default=None, description="The sources.yml that says where the exports lie.")
    as_of: str | None = Field(
        default=None,
        description="The day it is, as YYYY-MM-DD: everything is computed as of its end. Without it, what sources.yml "
        "says, else the day the run was launched.",
    )
    language: str | None = Field(
        default=None,
        description=f"The language of the report: {', '.join(list_languages())}. Without it, what sources.yml says, "
        "else en.",
    )
    full: bool = Field(default=False, description="Compute everything anew, also what could be reused.")
    wait_minutes: int = Field(
        default=0, ge=0, description="How long to wait while another run is at work on the home, before failing."
    )

    _folder: Home = PrivateAttr()
    _retailer: Sources = PrivateAttr()
    _segments: Definitions = PrivateAttr()
    _segments_file: Path = PrivateAttr()
    _nights: Nights = PrivateAttr()
    _day: date = PrivateAttr()
    _report_language: str = PrivateAttr()
    _run_id: str = PrivateAttr()

    @property
    def folder(self) -> Home:
        """The home folder: lake, build and published warehouse."""
        return self._folder

    @property
    def lake(self) -> Lake:
        """The Parquet tables of the home."""
        return Lake(self._folder.lake)

    @property
    def retailer(self) -> Sources:
        """What sources.yml says: the sources with their tables, and the retailer's settings."""
        return self._retailer

    @property
    def segments(self) -> Definitions:
        """The segments and traits that analysts define."""
        return self._segments

    @property
    def segments_file(self) -> Path:
        """The file that defines them."""
        return self._segments_file

    @property
    def nights(self) -> Nights:
        """What nights.yml says: who is told, and which sources are waited for."""
        return self._nights

    @property
    def day(self) -> date:
        """The day it is: everything is computed as of its end."""
        return self._day

    @property
    def report_language(self) -> str:
        """The language of the report."""
        return self._report_language

    @property
    def run_id(self) -> str:
        """Dagster's id of the run."""
        return self._run_id

    def read_people(self) -> ProfiledRecords:
        """``identity/records``, the columns that are compared and where each record is from, with their profiles."""
        records = self.lake.scan("identity", "records").select(COMPARED_COLUMNS)
        return profile_records(records.collect())

    def read_pairs(self, people: ProfiledRecords) -> ScoredPairs:
        """``identity/pairs`` without their levels, and the profile numbers of their ends."""
        return read_pairs(self.lake, people, [*ENDS, "match_weight", "match_probability"])

    def read_clusters(self) -> Clusters:
        """``identity/clusters``."""
        return index_clusters(self.lake.read("identity", "clusters"))

    def read_owners(self, people: ProfiledRecords) -> CustomerNumbers:
        """The customers that the records and profiles of ``people`` belong to, by ``identity/customer_ids``."""
        return number_customers(people, self.lake.read("identity", "customer_ids"))

    def find_model(self) -> ModelVersion | None:
        """The identity model in force; None before the first training. Raises ParcoursError where it cannot run."""
        in_force = name_in_force(self.lake)
        return None if in_force is None else load_version(in_force, self.lake)

    def load_model(self) -> ModelVersion:
        """The identity model in force. Raises ParcoursError where there is none yet, or it cannot run."""
        in_force = self.find_model()
        if in_force is None:
            raise ParcoursError("No identity model is in force. Materialise identity/model, or run `parcours train`.")
        return in_force

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Self]:
        """Resolves the settings and keeps other runs off this home until the run (or this step's process) ends."""
        fault: ParcoursError | None = None
        try:
            sources_file = self._resolve_settings(context)
        except Exception as error:
            fault = strip_causes(error)
        if fault is not None:
            raise fault
        with (
            closed_to_others(),
            run_lock.hold(
                self._folder.root,
                self._run_id,
                when_alone=self.lake.sweep,
                patience=self.wait_minutes * 60,
                say=context.log.info if context.log else str,
            ) as former,
        ):
            publish.finish_interrupted(self._folder)
            kept_state.check(self._folder, self._retailer, sources_file, self._segments_file)
            teller = Teller(self._folder, self._nights, context.log.warning if context.log else str, patiently=False)
            if context.instance and orphaned_runs.mark_former(context.instance, former) and former:
                teller.killed(former, datetime.now(UTC))
            assert context.run is not None
            is_night = context.run.job_name == NIGHTLY
            if is_night:
                teller.began(self._run_id, self._day.isoformat(), datetime.now(UTC))
            yield self
            if is_night:
                record.note_alive(self._folder)

    def _resolve_settings(self, context: dg.InitResourceContext) -> Path:
        """Reads what the run is to be made with; returns the file of sources."""
        assert context.run is not None
        self._run_id = context.run.run_id
        self._folder = find_home(Path(self.home) if self.home else None)
        sources_file = find_sources(Path(self.sources) if self.sources else None, self._folder)
        self._retailer = load_sources(sources_file)
        self._segments_file = find_segments(self._folder, self._retailer)
        self._segments = load_segments(self._segments_file)
        nights = load_nights(find_nights(self._folder, sources_file))
        self._nights = nights.model_copy(update=UNTOLD) if is_attended() else nights
        self._day = self._resolve_day(context)
        self._report_language = self._resolve_language()
        return sources_file

    def _resolve_day(self, context: dg.InitResourceContext) -> date:
        if self.as_of:
            try:
                return refuse_odd_day(date.fromisoformat(self.as_of))
            except ValueError as fault:
                raise ConfigurationError(f"as_of '{self.as_of[:40]}' is no day of a run: {fault}.") from None
        if self._retailer.as_of:
            return self._retailer.as_of
        # The launch of the run, not the clock: the steps of a run that crosses midnight agree on the day.
        record = context.instance.get_run_record_by_id(self._run_id) if context.instance else None
        launched = record.create_timestamp if record else datetime.now().astimezone()
        return launched.astimezone(ZoneInfo(self._retailer.timezone)).date()

    def _resolve_language(self) -> str:
        if self.language is None:
            return self._retailer.language
        languages = list_languages()
        if self.language not in languages:
            raise ConfigurationError(f"language '{self.language}' is not one of {', '.join(languages)}.")
        return self.language
