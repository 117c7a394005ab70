"""Whatever a step of Dagster stumbles over: its database, its log and its records hold no word of what it said."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl
import pytest

from pipelines import unexpected
from pipelines.cli import main as command
from pipelines.defs.asset import asset_of
from pipelines.defs.expected_errors import strip_causes
from pipelines.errors import ExtractError
from tests.needles.conftest import Needles, find_marks, list_leaks

pytestmark = pytest.mark.run


def cast_by_duckdb(n: Needles) -> None:
    duckdb.execute("select cast(? as integer)", [n.values["email"]])


def cast_by_polars(n: Needles) -> None:
    pl.Series([n.values["nom"]]).cast(pl.Int64)


def slip_in_a_handler(n: Needles) -> None:
    try:
        cast_by_duckdb(n)
    except duckdb.Error:
        raise ValueError(n.values["note"])  # noqa: B904  # as a slip would have it


def tell_of_a_library(n: Needles) -> None:
    try:
        cast_by_duckdb(n)
    except duckdb.Error as error:
        raise ExtractError("rows.csv cannot be read") from error


def look_up(n: Needles) -> None:
    raise KeyError(n.values["email"])


def parse(n: Needles) -> None:
    int(n.values["telephone"] + "x")


def read(n: Needles) -> None:
    raise OSError(f"cannot parse {n.values['adresse']}")


def decode(n: Needles) -> None:
    (n.values["carte"].encode() + b"\xff").decode()


FAULTS = [cast_by_duckdb, cast_by_polars, slip_in_a_handler, tell_of_a_library, look_up, parse, read, decode]
CASES = [(number, fault, as_generator) for number, fault in enumerate(FAULTS) for as_generator in (False, True)]


def declare(number: int, fault: Callable[[Needles], None], as_generator: bool) -> dg.AssetsDefinition:
    def call() -> None:
        fault(Needles(number))

    def generate() -> Iterator[Any]:
        fault(Needles(number))
        yield dg.MaterializeResult()

    name = f"needles/{fault.__name__}_{'generator' if as_generator else 'function'}"
    return asset_of("extracts", name, description="One that fails.")(generate if as_generator else call)


@pytest.fixture(scope="module")
def of_steps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Dagster's folder after each fault in a function and in a generator, and what was said of each step."""
    folder = tmp_path_factory.mktemp("dagster")
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        done = dg.materialize([declare(*case) for case in CASES], instance=instance, raise_on_error=False)
        said = {
            str(event.step_key): event.step_failure_data.user_failure_data.description
            for event in done.all_events
            if event.event_type_value == "STEP_FAILURE"
        }
    return folder, said


@pytest.mark.parametrize(("number", "fault", "as_generator"), CASES)
def test_dagster_keeps_no_word_of_what_a_step_stumbled_over(
    of_steps: tuple[Path, dict[str, str]], number: int, fault: Callable[[Needles], None], as_generator: bool
) -> None:
    folder, said = of_steps
    step = f"needles__{fault.__name__}_{'generator' if as_generator else 'function'}"
    assert list_leaks(Needles(number), said[step], folder) == []
    if fault is tell_of_a_library:
        assert said[step] == "rows.csv cannot be read"
    else:
        assert "unexpected " in said[step]
        assert "--debug" in said[step]


def test_an_unexpected_error_is_told_by_its_kinds_and_our_line(needles: Needles) -> None:
    with pytest.raises(ValueError, match=needles.word) as raised:
        slip_in_a_handler(needles)
    told = unexpected.describe(raised.value)
    assert told.startswith("unexpected ValueError from ")
    assert "ConversionException" in told
    assert find_marks(told.encode(), needles) == []


def test_what_dagster_writes_of_a_resource_has_no_causes(needles: Needles) -> None:
    with pytest.raises(ExtractError) as raised:
        tell_of_a_library(needles)
    stripped = strip_causes(raised.value)
    assert stripped.__cause__ is None
    assert stripped.__context__ is None
    with pytest.raises(ValueError, match=needles.word) as slipped:
        slip_in_a_handler(needles)
    assert find_marks(str(strip_causes(slipped.value)).encode(), needles) == []


def test_a_command_that_stumbles_tells_no_value_but_on_a_terminal_that_asks(
    needles: Needles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "COMMANDS", (_Stumbling(lambda _: cast_by_duckdb(needles)),))
    assert command.main(["stumble"]) == 1
    said = capsys.readouterr()
    assert "unexpected " in said.err
    assert list_leaks(needles, said.out + said.err, tmp_path) == []
    with pytest.raises(duckdb.ConversionException, match=needles.word):
        command.main(["stumble", "--debug"])


class _Stumbling:
    """A command that fails as it is told."""

    def __init__(self, fault: Callable[[Any], Any]) -> None:
        self.fault = fault

    def add(self, commands: Any) -> None:
        commands.add_parser("stumble").set_defaults(command=self.fault)
