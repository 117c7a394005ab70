"""A system outside that does not answer is asked again; nothing else is tried twice."""

import dagster as dg
import pytest

from pipelines.defs import asset
from pipelines.defs.asset import asset_of
from pipelines.errors import ParcoursError


class PassingError(ParcoursError):
    is_passing = True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = asset.RETRIES["extracts"]
    assert (policy.max_retries, policy.delay, policy.backoff) == (3, 30, dg.Backoff.EXPONENTIAL)
    monkeypatch.setitem(asset.RETRIES, "extracts", policy._replace(delay=0))


def attempts_of(group: asset.Group, error: Exception, failures: int) -> tuple[int, bool]:
    """How often a step of ``group`` was tried that fails so often, and whether it succeeded in the end."""
    tried: list[int] = []

    @asset_of(group, "crm/contacts", description="Of a test.")
    def step() -> None:
        tried.append(1)
        if len(tried) <= failures:
            raise error

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([step], instance=instance, raise_on_error=False)
    return len(tried), result.success


def test_a_read_that_fails_for_now_is_tried_again_but_not_for_ever() -> None:
    assert attempts_of("extracts", PassingError("The shop does not answer."), 2) == (3, True)
    assert attempts_of("extracts", PassingError("The shop does not answer."), 99) == (4, False)


@pytest.mark.parametrize(
    ("group", "error"),
    [
        ("extracts", ParcoursError("The export is damaged.")),
        ("extracts", ConnectionError("of nobody knows what")),
        ("identity", PassingError("The shop does not answer.")),
    ],
)
def test_nothing_else_is_tried_twice(group: asset.Group, error: Exception) -> None:
    assert attempts_of(group, error, 1) == (1, False)
