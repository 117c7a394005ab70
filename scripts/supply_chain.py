"""The bill of materials of what `make setup` installs, and whether the licence of each package may be used.

``make sbom`` calls it: with cyclonedx-py, which reads requirements.lock and what is installed, it writes
dist/sbom.cdx.json (CycloneDX, the same bytes for the same lock and packages) and dist/licences.md. Exit code 1 where a
licence is not allowed by licences.yml or unknown, or the bill does not say what the lock says; each package is named.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
POLICY = ROOT / "scripts" / "licences.yml"
VERSION_OF_FORMAT = "1.6"

Locked: TypeAlias = dict[tuple[str, str], frozenset[str]]
"""SHA-256 digests by normalised name and version."""

SYSTEMS: tuple[dict[str, str], ...] = (
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
)

VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
fault = JsonStrictValidator(SchemaVersion.from_version(sys.argv[1])).validate_str(sys.stdin.read())
sys.exit(str(fault) if fault else 0)
"""


class SupplyError(Exception):
    """The bill of materials is not what it should be; each line of the message names a package."""


@dataclass(frozen=True)
class Policy:
    """What licences.yml says."""

    allowed: frozenset[str]
    exceptions: Mapping[str, Mapping[str, Any]]
    declared: Mapping[str, str]


def read_policy(file: Path = POLICY) -> Policy:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Policy(frozenset(content["allowed"]), content["exceptions"], content["declared"])


def read_lock(text: str) -> Locked:
    """The packages of a lock file in pip's format, with the digests that pip checks."""
    locked: dict[tuple[str, str], set[str]] = {}
    current: set[str] = set()
    for line in text.splitlines():
        if pinned := re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)", line):
            current = locked.setdefault((canonicalize_name(pinned[1]), pinned[2]), set())
        current.update(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return {package: frozenset(digests) for package, digests in locked.items()}


def read_components(bill: Mapping[str, Any]) -> Locked:
    """The same of a bill of materials."""
    return {
        (canonicalize_name(component["name"]), component["version"]): frozenset(
            digest["content"]
            for reference in component.get("externalReferences", ())
            for digest in reference.get("hashes", ())
            if digest["alg"] == "SHA-256"
        )
        for component in bill["components"]
    }


def compare(locked: Locked, listed: Locked) -> list[str]:
    """A line for each package in which the two differ."""
    faults = [f"{name} {version} is in the lock and not in the bill" for name, version in locked.keys() - listed.keys()]
    faults += [
        f"{name} {version} is in the bill and not in the lock" for name, version in listed.keys() - locked.keys()
    ]
    faults += [
        f"{name} {version} has other digests in the bill than in the lock"
        for name, version in locked.keys() & listed.keys()
        if locked[name, version] != listed[name, version]
    ]
    faults += [f"{name} {version} has no digest" for (name, version), digests in locked.items() if not digests]
    return sorted(faults)


def spell_licences(component: Mapping[str, Any]) -> list[str]:
    """What a component says of its licence: expressions, identifiers, or classifiers; sorted."""
    spelled = {
        each["expression"] if "expression" in each else each["license"].get("id") or each["license"]["name"]
        for each in component.get("licenses", ())
    }
    return sorted(" ".join(one.split()) for one in spelled)


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Whether an SPDX expression is met by ``allowed``: one side of OR, both of AND. Of what is unclear, it is not."""
    if expression in allowed:
        return True
    tokens = re.findall(r"[()]|[^\s()]+", expression)

    def read_or() -> bool:
        met = read_and()
        while tokens[:1] == ["OR"]:
            tokens.pop(0)
            met = read_and() or met
        return met

    def read_and() -> bool:
        met = read_one()
        while tokens[:1] == ["AND"]:
            tokens.pop(0)
            met = read_one() and met
        return met

    def read_one() -> bool:
        first = tokens.pop(0)
        if first != "(":
            return first in allowed
        met = read_or()
        return tokens.pop(0) == ")" and met

    try:
        return read_or() and not tokens
    except IndexError:  # It ends where something should follow.
        return False


def judge(licences: Mapping[str, list[str]], policy: Policy) -> list[str]:
    """A line for each package whose licences, by normalised name, the policy does not allow."""
    faults = []
    for name, said in sorted(licences.items()):
        exception = policy.exceptions.get(name)
        if not said:
            faults.append(f"{name} does not say its licence: read it, and write it under `declared`")
        elif exception is not None and sorted(exception["says"]) != said:
            faults.append(f"{name} says {'; '.join(said)}, and the exception was made for another licence")
        elif exception is None and not all(is_allowed(one, policy.allowed) for one in said):
            faults.append(f"{name} says {'; '.join(said)}, which is not allowed")
    faults += [
        f"{name} is in licences.yml and not in requirements.lock"
        for name in sorted({*policy.exceptions, *policy.declared} - licences.keys())
    ]
    return faults


def find_runtime(declared: Iterable[str]) -> set[str]:
    """The normalised names of what the requirements bring, on any system that the lock is for."""
    waiting, found = [Requirement(each) for each in declared], set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        for extra in {"", *requirement.extras}:
            wanted = (canonicalize_name(requirement.name), extra)
            if wanted not in found:
                found.add(wanted)
                waiting += [each for each in _requirements_of(requirement.name) if _is_asked_for(each, extra)]
    return {name for name, _ in found}


def _requirements_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(each) for each in requires(name) or ()]
    except PackageNotFoundError:  # Of another system.
        return []


def _is_asked_for(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra, **system}) for system in SYSTEMS)


def draw_up(bill: dict[str, Any], installed: Mapping[str, Any], runtime: set[str], policy: Policy) -> dict[str, Any]:
    """``bill``, of the lock, with the licences that the ``installed`` packages say and what is of the runtime."""
    said = {
        canonicalize_name(component["name"]): component["licenses"]
        for component in installed["components"]
        if component.get("licenses")
    }
    for component in bill["components"]:
        name = canonicalize_name(component["name"])
        if name in policy.declared:
            component["licenses"] = [{"license": {"id": policy.declared[name], "acknowledgement": "concluded"}}]
        elif name in said:
            component["licenses"] = said[name]
        component["scope"] = "required" if name in runtime else "excluded"
        component.pop("description", None)  # The line of the lock once more.
    return bill


def write_table(bill: Mapping[str, Any], policy: Policy) -> str:
    """The licences as a page: those of the runtime first, then those of development."""
    lines = [
        "# Licences",
        "",
        "What `make setup` installs, by requirements.lock. Written by `make sbom`.",
        "",
        "| package | version | licence | used by |",
        "|---|---|---|---|",
    ]
    rows = [
        (
            component["scope"] != "required",
            canonicalize_name(component["name"]),
            component["version"],
            "; ".join(spell_licences(component)),
        )
        for component in bill["components"]
    ]
    lines += [
        f"| {name} | {version} | {licence} | {'development' if is_development else 'runtime'} |"
        for is_development, name, version, licence in sorted(rows)
    ]
    lines += ["", "## Exceptions", ""]
    lines += [f"- {name}: {exception['why']}" for name, exception in sorted(policy.exceptions.items())]
    return "\n".join(lines) + "\n"


def check(bill: Mapping[str, Any], locked: Locked, policy: Policy) -> None:
    """Raises SupplyError with all that is wrong."""
    licences = {
        str(canonicalize_name(component["name"])): spell_licences(component) for component in bill["components"]
    }
    faults = [*compare(locked, read_components(bill)), *judge(licences, policy)]
    if faults:
        raise SupplyError("\n".join(faults))


def main(tools: Path, out: Path) -> int:
    """``tools`` is the environment of requirements-supply.lock, ``out`` the folder to write to."""
    policy, locked = read_policy(), read_lock(LOCK.read_text(encoding="utf-8"))
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        project = ("--pyproject", str(ROOT / "pyproject.toml"))
        bill = _call(tools, scratch / "lock.json", "requirements", str(LOCK), *project)
        installed = _call(tools, scratch / "installed.json", "environment", sys.executable)
    bill = draw_up(bill, installed, find_runtime(declared), policy)
    text = json.dumps(bill, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    subprocess.run([tools / "bin" / "python", "-c", VALIDATE, VERSION_OF_FORMAT], input=text, text=True, check=True)
    out.mkdir(exist_ok=True)
    (out / "sbom.cdx.json").write_text(text, encoding="utf-8")
    (out / "licences.md").write_text(write_table(bill, policy), encoding="utf-8")
    try:
        check(bill, locked, policy)
    except SupplyError as fault:
        sys.stderr.write(f"{fault}\nscripts/licences.yml says what is allowed, and why.\n")
        return 1
    sys.stdout.write(f"{len(bill['components'])} packages, each of an allowed licence: {out / 'sbom.cdx.json'}\n")
    return 0


def _call(tools: Path, file: Path, *arguments: str) -> dict[str, Any]:
    """The bill that cyclonedx-py writes, which checks it against the schema."""
    how = ("--output-reproducible", "--validate", "--sv", VERSION_OF_FORMAT, "-o", str(file))
    subprocess.run([tools / "bin" / "cyclonedx-py", *arguments, *how], check=True)
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), ROOT / "dist"))
