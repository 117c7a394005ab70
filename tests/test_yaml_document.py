"""YAML that people write, and YAML that somebody wrote to do harm: what is read, and what is refused at its line."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import yaml_document
from pipelines.errors import ConfigurationError
from pipelines.yaml_document import DEEPEST, LARGEST_FILE, MOST_VALUES, Document
from tests.steps import count_steps


def read(folder: Path, text: str | bytes) -> Document:
    file = folder / "sources.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return yaml_document.read(file, "sources", "Write one.")


def told(folder: Path, text: str | bytes) -> str:
    try:
        document = read(folder, text)
    except ConfigurationError as error:
        return str(error)
    return yaml_document.format_faults(Path("sources.yml"), document.faults, "docs")


def double(levels: int) -> str:
    """Aliases of aliases: twice as many values on every line."""
    return "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, levels))


def double_merged(levels: int) -> str:
    """The same with keys that are merged into others."""
    return "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, levels))


def test_aliases_stand_for_what_they_name(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &a {x: 1, y: [2]}\nb: *a\nc: {<<: *a, x: 3}\n")
    assert document.data == {"a": {"x": 1, "y": [2]}, "b": {"x": 1, "y": [2]}, "c": {"x": 3, "y": [2]}}


@pytest.mark.parametrize("bomb", [double, double_merged])
def test_aliases_of_aliases_are_counted_before_anything_is_copied(bomb: Callable[[int], str], tmp_path: Path) -> None:
    def refuse(levels: int) -> int:
        return count_steps(lambda: told(tmp_path, bomb(levels)))

    said: list[str] = []
    count_steps(lambda: said.append(told(tmp_path, bomb(20))))  # A million values on fewer levels than may be.
    assert "once aliases are followed" in said[0]
    # It ends at the line that is too much: what follows is not even read.
    assert refuse(400) < 1.5 * refuse(200)


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a\n  <<: *a\n", "? &a [*a]\n: 1"])
def test_what_contains_itself_is_refused(text: str, tmp_path: Path) -> None:
    assert "contains itself" in told(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 300_000,
        "a: " + "{a: " * 100_000,
        "a:\n" + "- " * 200_000,
        "".join(" " * level + "a:\n" for level in range(500)),
        "a: " + "[" * 60 + "]" * 60,
    ],
)
def test_deep_nesting_is_refused_where_it_is_too_deep(text: str, tmp_path: Path) -> None:
    assert f"nests deeper than {DEEPEST} levels" in told(tmp_path, text)


def test_a_chain_of_aliases_nests_as_deep_as_what_it_stands_for(tmp_path: Path) -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
    assert told(tmp_path, text).startswith("sources.yml:50: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: " + "9" * 5_000, "1: holds a value of 5,000 characters"),
        ("a: " + ":".join(["1"] * 150_000), "1: holds a value of 299,999 characters"),
        ("a: 1\nb: '" + "x" * 200_000 + "'", "2: holds a value of 200,000 characters"),
        ("'" + "x" * 200_000 + "': 1", "1: holds a value of 200,000 characters"),
        ("a: 1\nb: [" + "x," * (MOST_VALUES + 1) + "]", f"has more than {MOST_VALUES:,} values"),
        ("a: !!int x", "1: a: is not of the kind that its tag says"),
        ("a: !!timestamp x", "1: a: has the tag '!!timestamp'"),
        ("a: 0b_", "1: a: is not of the kind that its tag says"),
        ("? [a, b]\n: 1", "1: has a list or keys where a key must be a word"),
        ("a: !!python/object/apply:os.system [id]", "1: has the tag tag:yaml.org,2002:python"),
        ("a: !!python/name:os.system ''", "1: a: has the tag '!!python/name:os.system'"),
        ("a: !!set {b}", "1: has the tag tag:yaml.org,2002:set"),
        ('a: "\\ud800"', "1: holds half of a character"),
        ("a: *" + "x" * 5_000, "1: this is not YAML: found undefined alias 'xxx"),
        ("a: 1\nb: \0", "2: this is not YAML: it holds the character U+0000"),
    ],
)
def test_what_no_configuration_holds_is_refused_with_its_line(text: str, why: str, tmp_path: Path) -> None:
    message = told(tmp_path, text)
    assert "sources.yml:" in message
    assert why in message
    assert len(message) < 500


def test_a_file_of_megabytes_is_refused_unread(tmp_path: Path) -> None:
    assert "is larger than 1 MB" in told(tmp_path, "#" * (LARGEST_FILE + 1))
    (tmp_path / "larger.yml").touch()
    os.truncate(tmp_path / "larger.yml", 64 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(ConfigurationError, match="is larger than 1 MB"):
            yaml_document.read(tmp_path / "larger.yml", "sources", "Write one.")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert read(tmp_path, "a: 1\n#" + "x" * (LARGEST_FILE - 10)).data == {"a": 1}


def test_a_folder_or_a_device_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(ConfigurationError, match="is no file"):
            yaml_document.read(path, "sources", "Write one.")


@pytest.mark.parametrize(
    "write",
    [
        lambda n: "a:\n" + "- {x: 1, y: two}\n" * n,
        lambda n: "".join(f"a{number}: &a{number} x\n" for number in range(n)),
        lambda n: "a: &a [x, y]\n" + "".join(f"b{number}: *a\n" for number in range(n)),
        lambda n: "".join("a: 1\n" for _ in range(n)),
    ],
)
def test_twice_the_values_is_twice_the_work(write: Callable[[int], str], tmp_path: Path) -> None:
    def work(count: int) -> int:
        text = write(count)
        return count_steps(lambda: read(tmp_path, text))

    assert work(800) < 2.2 * work(400)


def test_a_hundred_faults_are_told_and_the_others_counted(tmp_path: Path) -> None:
    document = read(tmp_path, "".join("a: 1\n" for _ in range(5_000)))
    message = yaml_document.format_faults(tmp_path / "sources.yml", document.faults, "docs")
    assert "has 4999 faults" in message
    assert message.endswith("\n  and 4,899 more")
