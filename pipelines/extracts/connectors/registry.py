"""Which connector reads a source: the module of this folder that is named like its `connector.type`.

What systems are pulled from lies in the lake by then, and is read by one module, ``landed``.
"""

from importlib import import_module
from types import ModuleType

from pipelines.config.connectors import PulledSource, Source
from pipelines.config.source_models import SOURCE_MODELS
from pipelines.extracts.connectors import landed
from pipelines.extracts.connectors.protocol import FindExports, OpenRows


def _find(type_: str, model: type[Source]) -> ModuleType:
    return landed if issubclass(model, PulledSource) else import_module(f"pipelines.extracts.connectors.{type_}")


_MODULES = {type_: _find(type_, model) for type_, model in SOURCE_MODELS.items()}

CONNECTORS: dict[str, OpenRows] = {type_: module.open_rows for type_, module in _MODULES.items()}
"""Per `connector.type`, what opens the rows of one table of a source that has it."""

FINDERS: dict[str, FindExports] = {
    type_: module.find_exports for type_, module in _MODULES.items() if hasattr(module, "find_exports")
}
"""The same, what finds the files that would be opened; a connector that reads none has no entry."""
