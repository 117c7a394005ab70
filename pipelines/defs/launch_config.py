"""What a launch may configure: the day, the language, how much is computed anew; not where it reads and writes.

Whoever launches a run, by the page, by Dagster's API, a schedule or a sensor, hands a configuration to it. Here the
code location leaves out what would let it read other exports, write to another folder or pass a guard, so that Dagster
refuses such a launch itself, whatever webserver it comes through. Commands of ``parcours`` say these things themselves.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipelines.defs.drift import drift_nobody_accepts
from pipelines.defs.resources import Night

_TYPES = {"as_of": dg.Noneable(str), "language": dg.Noneable(str), "full": bool, "wait_minutes": int}
"""Plain ones: Dagster's own would also take the name of an environment variable, and print what is in it."""
_PLACES = {"home": dg.Noneable(str), "sources": dg.Noneable(str)}


def guarded() -> dict[str, Any]:
    """What takes the place of the definitions that a launch could configure freely, for ``build_definitions``."""
    return {"resources": _resources(_TYPES), "assets": [drift_nobody_accepts]}


def unguarded() -> dict[str, Any]:
    """The same where the operator lets a launch say where it reads and writes, and accept its drift."""
    return {"resources": _resources({**_PLACES, **_TYPES})}


def _resources(types: Mapping[str, Any]) -> dict[str, dg.ResourceDefinition]:
    """The night as a launch may configure it, and what keeps the results of assets.

    No asset hands a value to another, so nothing is ever kept by the latter; left to Dagster, a launch could name its
    folder.
    """

    @dg.resource(config_schema={name: _field(name, types[name]) for name in types})
    def launched_night(context: dg.InitResourceContext) -> Iterator[Night]:
        with Night(**context.resource_config).yield_for_execution(context) as night:
            yield night

    return {
        "night": launched_night,
        "io_manager": dg.mem_io_manager.configured(lambda _: {}, config_schema={}),
    }


def _field(name: str, plain: Any) -> dg.Field:
    declared = Night.model_fields[name]
    return dg.Field(plain, is_required=False, default_value=declared.default, description=declared.description)
