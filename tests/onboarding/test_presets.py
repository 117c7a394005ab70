"""Exports of well-known systems: each is known by its columns, whatever the file is called, in each language."""

from typing import Any

import pytest

from pipelines.presets.preset import Preset, list_presets, load_preset

NAMES = list_presets()


def write_export(onboarding: Any, name: str, headers: list[str], mark: str = ";") -> None:
    """A file of one row, its header as a spreadsheet writes it."""
    quoted = mark.join('"' + header.replace('"', '""') + '"' for header in headers)
    onboarding.write(name, f"{quoted}\n{mark.join(['x'] * len(headers))}\n", "cp1252")


def translated(preset: Preset) -> list[str]:
    """The headers, each by the last of its other names."""
    return [header.also[-1] if header.also else name for name, header in preset.headers.items()]


@pytest.mark.parametrize("name", NAMES)
def test_a_renamed_export_in_another_language_is_known(onboarding: Any, name: str) -> None:
    preset = load_preset(name)
    headers = [each for each in translated(preset) if each.encode("cp1252", "ignore").decode("cp1252") == each]
    write_export(onboarding, "données/fichier 12.csv", headers)
    text = onboarding.init()
    assert f"preset: {name}" in text
    tables = {table for source in onboarding.load().sources for table in source.tables}
    assert tables == set(preset.tables)


@pytest.mark.parametrize("name", NAMES)
def test_an_export_with_needed_columns_only_is_known(onboarding: Any, name: str) -> None:
    preset = load_preset(name)
    write_export(onboarding, "a.csv", [own for own, header in preset.headers.items() if not header.is_optional], ",")
    assert f"preset: {name}" in onboarding.init()
