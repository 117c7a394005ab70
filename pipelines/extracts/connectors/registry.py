"""Which connector reads a source: the module of this folder that is named like its `connector.type`."""

from importlib import import_module

from pipelines.config.connectors import SOURCE_MODELS
from pipelines.extracts.connectors.protocol import FindExports, OpenRows

_MODULES = {type_: import_module(f"pipelines.extracts.connectors.{type_}") for type_ in SOURCE_MODELS}

CONNECTORS: dict[str, OpenRows] = {type_: module.open_rows for type_, module in _MODULES.items()}
"""Per `connector.type`, what opens the rows of one table of a source that has it."""

FINDERS: dict[str, FindExports] = {
    type_: module.find_exports for type_, module in _MODULES.items() if hasattr(module, "find_exports")
}
"""The same, what finds the files that would be opened; a connector that reads none has no entry."""
