"""docs/segments.md: its examples are sound, and what it shows of a mistake is what is told of it."""

import re
from pathlib import Path

import pytest

from pipelines.errors import ConfigurationError
from pipelines.segments.definitions import Segment, Trait, load_segments

GUIDE = Path(__file__).parents[2] / "docs" / "segments.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_example_is_sound_and_the_mistake_is_told_as_shown(tmp_path: Path) -> None:
    example, mistake = blocks("yaml")
    file = tmp_path / "segments.yml"
    file.write_text(example, encoding="utf-8")
    assert load_segments(file).segments
    file.write_text(mistake, encoding="utf-8")
    [shown] = blocks("text")
    with pytest.raises(ConfigurationError) as raised:
        load_segments(file)
    assert str(raised.value).removeprefix(f"{tmp_path}/") == shown.rstrip("\n")


def test_every_key_is_explained() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for model in (Segment, Trait):
        for name, info in model.model_fields.items():
            assert f"`{info.alias or name}`" in text
