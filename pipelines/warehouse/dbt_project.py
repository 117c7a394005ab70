"""How dbt is run for a home: its variables, where it writes, and the manifest, which a fresh clone lacks.

dbt itself lives in ``dbt_project/``. It runs inside this process, so that importing it is paid once.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines.config.environment import set_environment
from pipelines.config.exchange_rates import list_rates
from pipelines.config.home import Home
from pipelines.config.repository import DBT_PROJECT
from pipelines.config.sources import Sources
from pipelines.errors import ParcoursError
from pipelines.frames import memory_limit
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import Lake
from pipelines.segments.definitions import NONE, Definitions
from pipelines.unfinished import temporary_folder
from pipelines.value.customer_values import fit_customer_values
from pipelines.warehouse import data_tests, dbt_failures
from pipelines.warehouse.purchase_histories import MODEL as FITTED_TO
from pipelines.warehouse.purchase_histories import leave_histories
from pipelines.warehouse.spark_tables import spark_folder

COMPILED_AS_OF = "2026-01-01"  # Any day: what the models read does not hang on it.
PARSED = DBT_PROJECT / "target" / "partial_parse.msgpack"
PARSED_WITH = {"PARCOURS_BUILD_DATABASE": "warehouse.duckdb", "DO_NOT_TRACK": "1"}
"""The same environment for every home, or dbt takes what was parsed for another one as outdated. Parsing opens no
database."""
NOT_PARSED = frozenset({"target", "logs", "dbt_packages", ".user.yml", "__pycache__"})


class WarehouseError(ParcoursError):
    """dbt could not build, or a check of it failed; nothing is published."""


@dataclass(frozen=True)
class Built:
    """What one dbt build did: how many nodes ended in each status, and where they can be looked up."""

    statuses: dict[str, int]
    seconds: float
    artifacts: Path

    def __add__(self, later: "Built") -> "Built":
        statuses = dict(Counter(self.statuses) + Counter(later.statuses))
        return Built(statuses, self.seconds + later.seconds, later.artifacts)


def dbt_vars(home: Home, sources: Sources, as_of: date, segments: Definitions = NONE) -> dict[str, Any]:
    """The variables of the models: the day, the lake, the retailer's settings and the analysts' definitions."""
    return {
        "as_of": as_of.isoformat(),
        "lake": _unrendered(str((home.root / "lake").resolve())),
        "timezone": sources.timezone,
        "currency": sources.currency,
        "exchange_rates": list_rates(sources.exchange_rates),
        "segments": [segment.model_dump(include={"name", "condition"}) for segment in segments.segments],
        "traits": [trait.model_dump(by_alias=True, exclude={"description", "owner"}) for trait in segments.traits],
    }


def _unrendered(text: str) -> str:
    """What dbt, which renders a variable that is a text, makes ``text`` of."""
    return text.replace("{", "{{ '{' }}")


def dbt_environment(home: Home, target: str = "duckdb") -> dict[str, str]:
    """The environment variables that profiles.yml reads. Creates the folders they name.

    Raises ConfigurationError where one that the user set is not understood.
    """
    allowed = memory_limit.allowance()
    build = home.build_database.resolve().parent
    make_folder(build)
    return {
        "PARCOURS_BUILD_DATABASE": str(build / home.build_database.name),
        "PARCOURS_TEMP_DIRECTORY": str(build / "spill"),
        memory_limit.VARIABLE: memory_limit.memory_limit(),
        "PARCOURS_DUCKDB_THREADS": str(allowed.threads),
        "PARCOURS_DBT_THREADS": os.environ.get("PARCOURS_DBT_THREADS", str(allowed.models_at_once)),
        "PARCOURS_SPARK_WAREHOUSE": str(spark_folder(home)),
        "PARCOURS_DBT_TARGET": target,
        "DO_NOT_TRACK": "1",
    }


def prepare() -> Path:
    """Parses the project where its manifest is missing or of other content; returns the manifest's path.

    Several processes may call it at once. Raises WarehouseError where the project does not parse.
    """
    target = DBT_PROJECT / "target"
    manifest, stamp = target / "manifest.json", target / "manifest.of"
    content = _digest_project()
    if manifest.exists() and stamp.exists() and stamp.read_text() == content:
        return manifest
    if not target.exists():
        make_folder(target)
        _share_as(DBT_PROJECT, target)
    with temporary_folder("parse-", target) as scratch:
        _parse("duckdb", scratch, "--no-partial-parse")
        stamp.unlink(missing_ok=True)
        for name in (PARSED.name, "manifest.json"):
            if (scratch / name).exists():
                _share_as(DBT_PROJECT / "dbt_project.yml", scratch / name)
                (scratch / name).replace(target / name)
        fresh = scratch / "manifest.of"
        fresh.write_text(content)
        _share_as(DBT_PROJECT / "dbt_project.yml", fresh)
        fresh.replace(stamp)
    return manifest


def _share_as(original: Path, made: Path) -> None:
    """Lets those read ``made`` who may read what it was parsed from: of one installation, several users may run."""
    made.chmod(made.stat().st_mode & 0o700 | original.stat().st_mode & 0o055)


def build(
    home: Home,
    sources: Sources,
    as_of: date,
    target: str = "duckdb",
    *,
    segments: Definitions = NONE,
    select: Sequence[str] = (),
    tests: bool = True,
    unit_tests: bool = False,
    listeners: Sequence[Callable[[Any], None]] = (),
    passed: Callable[[str, float], object] = lambda _test, _seconds: None,
    fit: Callable[[Lake], object] = fit_customer_values,
) -> Built:
    """Runs ``dbt build`` for ``home``: seeds, models and, with ``tests``, the tests of their data.

    In two passes: what :data:`FITTED_TO` is made of, then, after ``fit`` has read it from the lake and written there,
    everything else. With ``select`` dbt builds what it names, in one pass, on what was fitted last. ``segments`` are
    those that analysts define. The lake holds what the models read, written by whoever calls this: the extracts, the
    tables of identity, and, of the analysts' segments, what ``write_dbt_inputs`` writes. Where the purchase histories
    are among what was built, they are left in the lake.

    The ``unit_tests`` of the rules look at no data of the home: `make test` runs them, a night need not. On
    ``spark`` the tables are made anew, as Parquet files under :func:`spark_folder`. ``listeners`` are called with
    each of dbt's events, from its worker threads; ``passed`` with the id and the seconds of each test that was tried
    together with others (:mod:`pipelines.warehouse.data_tests`) after a pass, and found nothing. Raises WarehouseError
    that names what failed and where the compiled SQL lies.
    """
    artifacts = home.build_database.resolve().parent / "dbt"
    if target == "spark":
        shutil.rmtree(spark_folder(home), ignore_errors=True)  # Its catalog lives in memory; left-over files block it.
    wanted = {"test": tests, "unit_test": unit_tests, "exposure": False}  # An exposure is documented, not built.
    # Cautious: of what a test compares with, nothing may be there but what is selected; a test that needs tables of
    # both passes is made in the second.
    settings = [*_path_options(artifacts), "--target", target, "--no-write-json", "--indirect-selection", "cautious"]
    settings += ["--vars", json.dumps(dbt_vars(home, sources, as_of, segments))]
    settings += [word for kind in wanted if not wanted[kind] for word in ("--exclude-resource-type", kind)]
    project = _read_project(target, artifacts)
    made: set[str] = set()

    def run(command: str, *selection: str) -> Built:
        ran = _invoke([command, *settings, *selection], dbt_environment(home, target), artifacts, listeners, project)
        made.update(str(node.node.unique_id) for node in ran.results)
        return Built(dict(Counter(str(node.status) for node in ran.results)), float(ran.elapsed_time), artifacts)

    together = tests and target == "duckdb" and not select
    nodes = json.loads(prepare().read_text())["nodes"] if together else {}

    def run_pass(select: Sequence[str], exclude: Sequence[str] = ()) -> Built:
        apart = [*exclude, *(f"test_name:{kind}" for kind in data_tests.KINDS)] if together else exclude
        built = run("build", *_choose(select, apart))
        if together:
            built += try_tests()
        return built

    def try_tests() -> Built:
        """The tests of all that has been made so far, but those that were made before."""
        tried = data_tests.try_together(home, nodes, made)
        for test, seconds in tried.passed.items():
            passed(test, seconds)
        made.update(tried.passed)
        found = Built({"pass": len(tried.passed)}, sum(tried.passed.values()), artifacts)
        return found + run("test", *_choose(tried.dbt)) if tried.dbt else found

    if select:
        built = run("build", *_choose(select))
        if f"model.parcours.{FITTED_TO}" in made:
            leave_histories(home, target)
        return built
    built = run_pass([f"+{FITTED_TO}"])
    leave_histories(home, target)
    fit(Lake(home.lake))
    return built + run_pass([], exclude=[f"+{FITTED_TO}"])


def _choose(select: Sequence[str], exclude: Sequence[str] = ()) -> list[str]:
    """dbt's options for what is selected (everything, where nothing is) and not excluded."""
    return [*(("--select", *select) if select else ()), *(("--exclude", *exclude) if exclude else ())]


def compile_models() -> dict[str, str]:
    """The SELECT of each model by `<schema>/<name>`, each after those it reads; nothing is built, no data is read.

    As they stand on the day :data:`COMPILED_AS_OF`, of a retailer whose analysts define nothing and who exchanges one
    currency, with the lake in a folder `lake`.
    """
    variables = {"as_of": COMPILED_AS_OF, "lake": "lake", "timezone": "UTC", "currency": "EUR"}
    rates = [{"currency": "USD", "from": "", "rate": "1"}]
    declared: dict[str, Any] = {"exchange_rates": rates, "segments": [], "traits": []}
    with temporary_folder("compile-") as artifacts:
        how = ["--target", "duckdb", "--no-introspect", "--no-populate-cache", "--no-write-json"]
        how += ["--select", "resource_type:model", "--indirect-selection", "empty"]
        arguments = ["compile", *_path_options(artifacts), *how, "--vars", json.dumps(variables | declared)]
        project = _read_project("duckdb", artifacts)
        compiled = _invoke(arguments, dbt_environment(Home(artifacts)), artifacts, manifest=project)
    nodes = {str(each.node.unique_id): each.node for each in compiled.results}
    models = {name: node for name, node in nodes.items() if node.resource_type == "model"}
    reads = {name: sorted(models.keys() & set(models[name].depends_on.nodes)) for name in sorted(models)}
    ordered = (models[name] for name in TopologicalSorter(reads).static_order())
    return {f"{node.schema}/{node.name}": str(node.compiled_code) for node in ordered}


def document(home: Home) -> str:
    """dbt's site about the project and the published warehouse, as one self-contained page.

    dbt opens databases for writing, so it gets copies. Raises WarehouseError where it fails.
    """
    manifest = prepare()
    with temporary_folder("docs-", home.root) as folder:
        copies = Home(folder)
        settings = dbt_environment(copies)
        shutil.copyfile(home.warehouse, copies.build_database)
        shape = home.workshop if home.workshop.exists() else home.workshop_shape
        if shape.exists():
            shutil.copyfile(shape, copies.workshop)
        shutil.copyfile(manifest, folder / "manifest.json")
        project = _read_project("duckdb", folder)
        how = ["--target", "duckdb", "--no-compile", "--static"]
        _invoke(["docs", "generate", *_path_options(folder), *how], settings, manifest=project)
        page = (folder / "static_index.html").read_text(encoding="utf-8")
    return page.replace(str(DBT_PROJECT), DBT_PROJECT.name)  # A page travels; where the project lies does not.


def add_inputs(names: Iterable[str]) -> list[str]:
    """The models, seeds and tests called ``names``, and what of the workshop they are made from, down to the lake.

    Of a mart it is the mart itself that is read: it stands in the build.
    """
    manifest = json.loads(prepare().read_text())
    parents, nodes = manifest["parent_map"], manifest["nodes"]
    wanted = {node for node in parents if node.split(".")[2] in set(names)}
    waiting = list(wanted)
    while waiting:
        for parent in parents[waiting.pop()]:
            if parent not in wanted and parent in nodes and nodes[parent]["schema"] != "marts":
                wanted.add(parent)
                waiting.append(parent)
    return sorted(node.split(".")[2] for node in wanted)


def split_at_fit(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those of the models, seeds and tests called ``names`` that come before the fit, and those that come after."""
    manifest = json.loads(prepare().read_text())
    parents: dict[str, list[str]] = manifest["parent_map"]
    before: set[str] = set()
    waiting = [f"model.parcours.{FITTED_TO}"]
    while waiting:
        node = waiting.pop()
        before.add(node)
        waiting += [parent for parent in parents[node] if parent not in before]
    before |= {node for node in parents if node.startswith("test.") and before.issuperset(parents[node])}
    of_first = {node.split(".")[2] for node in before}
    every = list(names)
    return [name for name in every if name in of_first], [name for name in every if name not in of_first]


def _read_project(target: str, artifacts: Path) -> Any:
    """dbt's manifest of the project, which holds for every home, day and retailer.

    What :func:`prepare` parsed is read and not parsed again, but for another target, which has other macros.
    """
    prepare()
    return _parse(target, artifacts, "--partial-parse", "--partial-parse-file-path", str(PARSED), "--no-write-json")


def _parse(target: str, artifacts: Path, *how: str) -> Any:
    return _invoke(["parse", *_path_options(artifacts), "--target", target, *how], PARSED_WITH)


def _path_options(artifacts: Path) -> list[str]:
    project = str(DBT_PROJECT)
    return [
        *("--project-dir", project, "--profiles-dir", project),
        *("--target-path", str(artifacts), "--log-path", str(artifacts)),
    ]


def _invoke(
    arguments: list[str],
    settings: dict[str, str],
    artifacts: Path | None = None,
    listeners: Sequence[Callable[[Any], None]] = (),
    manifest: Any = None,
) -> Any:
    """What dbt's command returns: the nodes it ran with their times, or the manifest that it parsed."""
    from dbt.cli.main import dbtRunner  # Importing dbt takes seconds: only who runs it pays.

    # dbt takes them in no other way; what is parsed with other variables than these is parsed anew.
    with set_environment(settings, "PARCOURS_" if manifest is None else None):
        try:
            done = dbtRunner(manifest, list(listeners)).invoke(
                ["--log-level", "none", "--log-level-file", "none", "--no-use-colors", *arguments]
            )
        finally:
            _close_databases()
    if done.exception is not None and not isinstance(done.exception, Exception):
        raise done.exception  # Somebody stopped the run: dbt did not fail.
    if done.exception is not None and memory_limit.is_shortage(str(done.exception)):
        raise WarehouseError(memory_limit.explain_shortage("The build of the warehouse", str(done.exception)))
    if done.exception is not None:
        raise WarehouseError(
            f"dbt {arguments[0]} stopped: {_tell_stop(arguments[0], done.exception)}"
        ) from done.exception
    failed = [
        node for node in getattr(done.result, "results", []) if str(node.status) in ("error", "fail", "runtime error")
    ]
    short = _tell_shortage(failed)
    if short is not None:
        raise WarehouseError(short)
    if failed or not done.success:
        raise WarehouseError(dbt_failures.describe_failures(failed, artifacts)) from dbt_failures.repeat(failed)
    return done.result


def _tell_stop(command: str, error: Exception) -> str:
    """dbt's own words where it read the project alone, else what kind of fault it is: they might name a value."""
    return str(error) if command in ("parse", "compile") else dbt_failures.tell_stop(error)


def _tell_shortage(failed: list[Any]) -> str | None:
    """What is said where nodes failed for want of memory or of room on the disk: they come first to mend."""
    short = [node for node in failed if memory_limit.is_shortage(node.message or "")]
    if not short:
        return None
    first = "" if len(short) == 1 else f" and {len(short) - 1} more"
    work = "The check" if str(short[0].node.resource_type) in ("test", "unit_test") else "The build of"
    told = memory_limit.explain_shortage(f"{work} {short[0].node.name}{first}", short[0].message)
    return f"{told} Nothing is published."


def _close_databases() -> None:
    """Frees DuckDB's files for their next owner; dbt keeps them open until its process ends."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    with suppress(Exception):  # There is none to close where dbt stopped early or ran on Spark.
        DuckDBConnectionManager.env().close()  # type: ignore[no-untyped-call]
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _digest_project() -> str:
    """A digest of every file that a parse reads, of what it is told, and of the versions that parse it."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')} {PARSED_WITH}".encode())
    for path in sorted(DBT_PROJECT.rglob("*")):
        if path.is_file() and not NOT_PARSED.intersection(path.relative_to(DBT_PROJECT).parts):
            digest.update(path.relative_to(DBT_PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
