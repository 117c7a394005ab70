"""Which connector reads a source: the module of this folder that is named like its `connector.type`."""

from importlib import import_module

from pipelines.config.connectors import SOURCE_MODELS
from pipelines.extracts.connectors.protocol import OpenRows

CONNECTORS: dict[str, OpenRows] = {
    type_: import_module(f"pipelines.extracts.connectors.{type_}").open_rows for type_ in SOURCE_MODELS
}
"""Per `connector.type`, what opens the rows of one table of a source that has it."""
