"""The units of systemd are valid, closed, and leave the night to one of the two that could start it."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.cli.main import build_parser
from pipelines.config.repository import REPOSITORY

UNITS = REPOSITORY / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))


def read_unit(file: Path) -> dict[str, list[str]]:
    """The settings of the unit's own section, each with all its values."""
    settings: dict[str, list[str]] = {}
    for line in file.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            settings.setdefault(name, []).append(value)
    return settings


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for file in UNITS.iterdir():
        text = file.read_text().replace("/opt/parcours/.venv/bin/parcours", "/bin/true")
        (tmp_path / file.name).write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        check=False,
        capture_output=True,
        text=True,
    )
    complaints = [line for line in told.stderr.splitlines() if "parcours-" in line]
    assert (told.returncode, complaints) == (0, []), told.stderr


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.stem)
def test_every_service_runs_a_command_that_there_is_as_a_user_of_its_own(file: Path) -> None:
    unit = read_unit(file)
    assert unit["User"] == ["parcours"]
    assert unit["UMask"] == ["0077"]
    assert unit["ProtectSystem"] == ["strict"]
    [command] = unit["ExecStart"]
    program, *arguments = command.split()
    assert program == "/opt/parcours/.venv/bin/parcours"
    build_parser().parse_args(arguments)


def test_no_secret_stands_in_a_unit() -> None:
    for file in UNITS.iterdir():
        assert not re.search(r"(?i)(password|token|secret)=(?!.*(%d|\$))\S", file.read_text()), file.name


def test_every_timer_has_its_service_and_the_night_its_time_zone() -> None:
    timers = sorted(UNITS.glob("*.timer"))
    assert [file.stem for file in timers] == ["parcours-night", "parcours-watch"]
    for timer in timers:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(timer)
        assert timer.with_suffix(".service").exists()
        assert parser["Timer"]["Persistent"] == "true"
    assert read_unit(UNITS / "parcours-night.timer")["OnCalendar"] == ["*-*-* 02:00:00 Europe/Paris"]
