"""Which connector reads a source: the module of this folder that is named like its `connector.type`.

What systems are pulled from lies in the lake by then, and is read by one module, ``landed``.
"""

from importlib import import_module

from pipelines.config.connectors import SOURCE_MODELS, PulledSource, Source
from pipelines.extracts.connectors import landed
from pipelines.extracts.connectors.protocol import OpenRows


def _find(type_: str, model: type[Source]) -> OpenRows:
    if issubclass(model, PulledSource):
        return landed.open_rows
    open_rows: OpenRows = import_module(f"pipelines.extracts.connectors.{type_}").open_rows
    return open_rows


CONNECTORS: dict[str, OpenRows] = {type_: _find(type_, model) for type_, model in SOURCE_MODELS.items()}
"""Per `connector.type`, what opens the rows of one table of a source that has it."""
