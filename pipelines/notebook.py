"""The identity model in a notebook: a version opened as Splink's own linker, ready, over the people of a home.

For whoever knows Splink::

    from pipelines.notebook import open_model
    linker = open_model("data").linker  # Or open_model("data", "m0123456789ab"), as `parcours model list` names it.
    linker.visualisations.match_weights_chart()

The home is read and never written; what is computed stays in memory. Its records are personal data.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splink import Linker

from pipelines.config.home import find_home
from pipelines.frames.in_memory_sql import open_in_memory
from pipelines.identity.model.registry import find_version, load_version
from pipelines.identity.scoring.engine import DuckDBEngine
from pipelines.identity.scoring.linker import PROFILES, ProfileLinker
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.lake.tables import Lake


@dataclass(frozen=True)
class OpenModel:
    """A version of the identity model at work on the records of a home, for as long as ``linker`` is kept.

    ``linker`` is Splink's, over ``profiles`` distinct records with their blocking keys, and with the term frequencies
    and block limits that the version was trained with: it finds and weighs pairs as a run does, but for the household
    class. ``customers`` is a table of Splink's as it makes clusters, one row per distinct record: cluster_id is the
    customer_id of the last run, then record_id and what is compared. None before a run came so far.
    """

    version: str
    profiles: int
    linker: Linker
    customers: Any


def open_model(home: Path | str | None = None, version: str | None = None) -> OpenModel:
    """Opens ``version`` (default: the one in force) over the records of ``home`` (default: as the command finds it).

    Raises ConfigurationError where there is no such version, ParcoursError where it cannot run or there are no records.
    """
    lake = Lake(find_home(None if home is None else Path(home)).lake)
    model = load_version(find_version(version, lake), lake)
    profiles, _ = build_profiles(lake.read("identity", "records"))
    engine = DuckDBEngine(open_in_memory())
    engine.load(PROFILES, profiles)
    customers = None
    if lake.path("identity", "customer_ids").exists():
        engine.load("customer_ids", lake.read("identity", "customer_ids").select("record_id", "customer_id"))
        engine.connection.execute(
            f"create view customers as select customer_id as cluster_id, {PROFILES}.*"
            f" from {PROFILES} join customer_ids using (record_id)"
        )
        customers = engine.open_splink().register("customers")
    return OpenModel(model.version, profiles.height, ProfileLinker(engine, model).open_splink(), customers)
