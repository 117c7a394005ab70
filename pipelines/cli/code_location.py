"""Where the runs of a command belong: to the code location that ``parcours ui`` serves.

Dagster's timeline leaves out a run that names no code location, a job's page too, and a run that is executed in the
command's own process names none.
"""

import json
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dagster as dg

MODULE = "pipelines.definitions"
"""What `parcours ui` and workspace.yaml serve; Dagster names the location after it."""

REPOSITORY = "__repository__"  # Dagster's name for the definitions of a module.
TAGS = {".dagster/repository": f"{REPOSITORY}@{MODULE}"}
"""What Dagster finds the runs of a location by."""


def place_run(instance: "dg.DagsterInstance", run_id: str) -> None:
    """Names the code location of a run that names none, as ``dagster run migrate-repository`` does for a former one.

    To be called where nobody else records events of the run meanwhile. The form of what is stored is Dagster's own: a
    version that has another costs the run its place in the timeline, and is told in the log.
    """
    run = instance.get_run_by_id(run_id)
    if run is None or run.remote_job_origin is not None:
        return
    try:
        origin = _origin_of(run.job_name)
    except Exception as error:  # Whatever it is, a night does not fail for its place in a picture.
        logging.getLogger(__name__).warning("Run %s is in no timeline: %s", run_id, type(error).__name__)
        return
    instance.add_run_tags(run_id, TAGS)
    tagged = instance.get_run_by_id(run_id)
    assert tagged is not None
    instance.run_storage.replace_job_origin(tagged, origin)


def _origin_of(job_name: str) -> Any:
    """The job as Dagster's records name it; written as it is stored, which later versions read too."""
    from dagster_shared.serdes import deserialize_value  # With it comes all of Dagster: only a run pays.

    location = {
        "__class__": "ManagedGrpcPythonEnvRepositoryLocationOrigin",
        "loadable_target_origin": {"__class__": "LoadableTargetOrigin", "module_name": MODULE},
        "location_name": MODULE,
    }
    repository = {
        "__class__": "ExternalRepositoryOrigin",
        "repository_location_origin": location,
        "repository_name": REPOSITORY,
    }
    job = {"__class__": "ExternalPipelineOrigin", "external_repository_origin": repository, "pipeline_name": job_name}
    return deserialize_value(json.dumps(job))
