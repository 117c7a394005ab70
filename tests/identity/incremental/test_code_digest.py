import ast
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pipelines.identity.incremental.code_digest import DECIDING, NOT_DECIDING, ROOT, digest_modules

STEPS = "identity.incremental.steps"


def find_file(name: str) -> Path | None:
    """The file of a module of ``pipelines``, or the ``__init__`` of a package of it."""
    path = ROOT.joinpath(*filter(None, name.split(".")))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def list_imports(tree: ast.Module) -> Iterator[str]:
    """The names, below ``pipelines``, that a module imports from, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (
            name.removeprefix("pipelines").removeprefix(".") for name in names if name.split(".")[0] == "pipelines"
        )


def reach(start: str) -> set[str]:
    """The modules of ``pipelines`` that are loaded with ``start``; packages only where they hold more than a text."""
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        file = find_file(name)
        if name in found or file is None:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        is_only_text = all(isinstance(node, ast.Expr) for node in tree.body)
        if not is_only_text:
            found.add(name)
        waiting += list_imports(tree)
        if name:
            waiting.append(name.rpartition(".")[0])
    return found


def is_named(name: str, declared: Iterable[str]) -> bool:
    """Whether ``declared`` has the module or a package that it is in (the root package stands for itself only)."""
    return any(name == each or (each != "" and name.startswith(f"{each}.")) for each in declared)


def test_every_module_that_the_steps_import_decides_or_is_excluded_with_a_reason():
    undeclared = {name for name in reach(STEPS) if not is_named(name, [*DECIDING, *NOT_DECIDING])}
    assert not undeclared, "name them in code_digest.py: DECIDING, or NOT_DECIDING with the reason"


def test_nothing_is_excluded_that_the_steps_do_not_import():
    assert set(NOT_DECIDING) <= reach(STEPS)
    assert not {name for name in NOT_DECIDING if is_named(name, DECIDING)}


def test_of_the_contracts_recognition_reads_no_more_than_the_reason_says():
    read = set()
    for name in reach(STEPS):
        file = find_file(name)
        assert file is not None
        if is_named(name, DECIDING):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipelines.contracts"):
                    read |= {alias.name for alias in node.names}
    assert read <= {"Kind"}, "a change of the contracts may now change results: name them in DECIDING"


@pytest.fixture
def copy(tmp_path):
    """The package as installed, to be changed."""
    root = tmp_path / "pipelines"
    for folder in ("frames", "identity", "lake"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize(
    ("path", "decides"),
    [
        ("lake/amendments.py", True),
        ("frames/nearly_sorted.py", True),
        ("identity/standardisation/names.py", True),
        ("identity/standardisation/attributes.yml", True),
        ("identity/model/specification.py", True),
        ("identity/explain/why.py", False),
        ("identity/evaluation/error_types.py", False),
        ("identity/training/default_model.json", False),
        ("identity/scoring/level_weights.py", False),
    ],
)
def test_a_change_of_what_decides_changes_the_digest_and_no_other_does(copy, path, decides):
    before = digest_modules(copy, DECIDING)
    with (copy / path).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert (digest_modules(copy, DECIDING) != before) == decides


def test_a_named_module_that_has_moved_is_missed_by_name(copy):
    (copy / "lake/amendments.py").rename(copy / "lake/changes.py")
    with pytest.raises(ModuleNotFoundError, match=r"pipelines\.lake\.amendments"):
        digest_modules(copy, DECIDING)


def test_the_order_of_names_does_not_matter():
    assert digest_modules(ROOT, DECIDING) == digest_modules(ROOT, DECIDING[::-1])
