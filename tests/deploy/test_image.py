"""The image: its steps can be carried out here too, by hand, where no container engine runs."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.config.repository import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
HADOLINT = shutil.which("hadolint", path=sysconfig.get_path("scripts")) or shutil.which("hadolint")


def read_instructions() -> Iterator[tuple[str, str]]:
    """Each instruction with its arguments, continued lines put together."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, rest.strip()


def copies() -> list[tuple[list[str], str]]:
    """What is copied from the repository, and to where."""
    found = [rest.split() for word, rest in read_instructions() if word == "COPY" and "--from" not in rest]
    return [(parts[:-1], parts[-1]) for parts in found]


@pytest.mark.skipif(HADOLINT is None, reason="needs hadolint")
def test_the_dockerfile_parses_and_has_no_fault_that_its_linter_knows() -> None:
    assert HADOLINT is not None
    told = subprocess.run([HADOLINT, str(DOCKERFILE)], check=False, capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "")


def test_what_is_copied_is_there_and_nothing_else_is_sent_to_the_builder() -> None:
    sources = [source for parts, _ in copies() for source in parts]
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    admitted = {line[1:] for line in ignored if line.startswith("!")}
    assert admitted == set(sources)


def test_the_image_runs_as_nobody_who_may_do_more_than_its_work() -> None:
    instructions = list(read_instructions())
    last = dict(instructions)
    assert last["USER"] == "10001:10001"
    words = [word for word, _ in instructions]
    assert words.index("USER") < words.index("CMD")
    assert all(word != "RUN" for word in words[words.index("USER") :])
    assert not re.search(r"(?i)\b(password|token|secret)\s*=", DOCKERFILE.read_text())


def test_the_image_runs_a_whole_command_line_as_dagsters_chart_gives_one_as_arguments() -> None:
    instructions = dict(read_instructions())
    assert "ENTRYPOINT" not in instructions
    assert json.loads(instructions["CMD"]) == ["parcours", "--help"]


def test_every_package_of_the_image_is_pinned_with_digests_as_it_is_here() -> None:
    pin = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]+\])?==([^\s;\\]+)", re.MULTILINE)
    text = (DEPLOY / "requirements.lock").read_text()
    image, here = (dict(pin.findall(each)) for each in (text, (REPOSITORY / "requirements.lock").read_text()))
    different = {name: (version, here[name]) for name, version in image.items() if here.get(name, version) != version}
    assert different == {}, "make deploy/requirements.lock anew (CONTRIBUTING.md)"
    blocks = re.split(r"^(?=[A-Za-z0-9._\[\]-]+==)", text, flags=re.MULTILINE)[1:]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    declared = re.search(r"^dependencies = \[(.*?)^\]", (REPOSITORY / "pyproject.toml").read_text(), re.S | re.M)
    assert declared is not None
    names = {name.lower().replace("_", "-") for name in re.findall(r'^\s*"([A-Za-z0-9._-]+)', declared[1], re.M)}
    assert names - {name.lower() for name in image} == set(), "make deploy/requirements.lock anew (CONTRIBUTING.md)"
    assert "dagster-postgres" in image
    assert {"pytest", "ruff", "mypy"} & set(image) == set(), "what only develops is not in the image"
    assert "http" not in re.sub(r"http[a-z0-9-]*==|via .*|#.*", "", text).replace("httpx", ""), "no address of an index"


@pytest.mark.run
def test_its_command_starts_from_what_is_copied_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "image"
    for sources, target in copies():
        for source in sources:
            place = root / target.lstrip("/") if target.startswith("/") else root / "opt/parcours" / target
            if target.endswith("/"):
                place /= Path(source).name
            place.parent.mkdir(parents=True, exist_ok=True)
            if (REPOSITORY / source).is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "target", "logs", "dbt_packages")
                shutil.copytree(REPOSITORY / source, place, ignore=ignore)
            else:
                shutil.copy(REPOSITORY / source, place)
    variables = dict(re.findall(r"(\w+)=(\S+)", " ".join(rest for word, rest in read_instructions() if word == "ENV")))
    home, within = tmp_path / "home", str(root / "opt/parcours")
    environment = {
        **variables, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": within,
        "PARCOURS_HOME": str(home), "DAGSTER_HOME": str(home / "dagster"), "TMPDIR": str(tmp_path),
    }  # fmt: skip
    script = root / "usr/local/bin/parcours"
    assert script.stat().st_mode & stat.S_IXUSR

    def start(*command: str) -> str:
        told = subprocess.run(command, check=False, env=environment, cwd=within, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        return told.stdout

    assert "recognise the customers" in start(str(script), "--help")
    [parse] = [rest for word, rest in read_instructions() if word == "RUN" and "prepare()" in rest]
    start(sys.executable, "-c", re.findall(r"python -c '([^']*)'", parse)[0])
    assert (Path(within) / "dbt_project" / "target" / "manifest.json").exists()
