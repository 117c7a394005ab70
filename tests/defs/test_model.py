"""The asset of the model: when a night learns one by itself, and what it says of that."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config.home import Home
from pipelines.identity.model.history import read_history
from pipelines.identity.training import retrain as retrain_module
from pipelines.identity.training import train as train_module
from pipelines.lake.tables import Lake

Materialise = Callable[..., dg.ExecuteInProcessResult]


def test_a_home_with_the_shipped_model_learns_by_itself_once_it_has_records_enough(
    materialise: Materialise, home: Home, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred and fifty people are too few, until a hundred records are declared to be enough."""
    lake = Lake(home.lake)
    assert [entry.reason for entry in read_history(lake)] == ["shipped"]

    def materialise_model() -> dict[str, dg.MetadataValue[object]]:
        result = materialise(home, exports / "sources.yml", "identity/model")
        assert result.success
        [event] = result.get_asset_materialization_events()
        return dict(event.step_materialization_data.materialization.metadata)

    unchanged = materialise_model()
    assert (unchanged["is_default"].value, unchanged["trained"].value) == (True, False)
    monkeypatch.setattr(train_module, "MIN_PAIRS", 100)
    for module in (train_module, retrain_module):
        monkeypatch.setattr(module, "MIN_PROFILES", 100)
    learned = materialise_model()
    assert (learned["is_default"].value, learned["trained"].value) == (False, True)
    training = learned["training"].value
    assert isinstance(training, dict)
    assert training["comparison"]["records"] > 300, "what moved of all that was published is told"
    assert [entry.reason for entry in read_history(lake)] == ["shipped", "first training"]
    again = materialise_model()
    assert (again["trained"].value, again["version"].value) == (False, learned["version"].value)
