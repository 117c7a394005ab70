"""The bill of materials says what the lock says, and no licence slips in that nobody allowed."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts import supply_chain
from scripts.supply_chain import Policy, SupplyError

ROOT = Path(__file__).parents[2]
DIGEST, OTHER = "a" * 64, "b" * 64
LOCK = f"""one==1.0 \\
    --hash=sha256:{DIGEST} \\
    --hash=sha256:{OTHER}
    # via parcours (pyproject.toml)
Two.Words[extra]==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:{OTHER}
"""
POLICY = Policy(
    frozenset({"MIT", "Apache-2.0", "BSD-3-Clause"}),
    {"two-words": {"says": ["LGPL-3.0-only"], "why": "called, not changed"}},
    {},
)


def component(name: str, version: str, *digests: str, licence: object = None) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": digest} for digest in digests]
    said = [licence] if isinstance(licence, dict) else [{"expression": licence}] if licence else []
    return {"name": name, "version": version, "externalReferences": [{"hashes": hashes}], "licenses": said}


def bill_of(*components: dict[str, Any]) -> dict[str, Any]:
    return {"components": list(components)}


WHOLE = (
    component("one", "1.0", DIGEST, OTHER, licence="MIT"),
    component("two_words", "2.0", OTHER, licence={"license": {"id": "LGPL-3.0-only"}}),
)


def faults_of(*components: dict[str, Any]) -> str:
    with pytest.raises(SupplyError) as raised:
        supply_chain.check(bill_of(*components), supply_chain.read_lock(LOCK), POLICY)
    return str(raised.value)


def test_a_bill_that_says_what_the_lock_says_passes() -> None:
    assert supply_chain.read_lock(LOCK) == {("one", "1.0"): {DIGEST, OTHER}, ("two-words", "2.0"): {OTHER}}
    supply_chain.check(bill_of(*WHOLE), supply_chain.read_lock(LOCK), POLICY)


def test_what_is_missing_added_or_of_another_digest_is_named() -> None:
    one, two = WHOLE
    assert faults_of(two) == "one 1.0 is in the lock and not in the bill"
    assert "three 3 is in the bill and not in the lock" in faults_of(one, two, component("three", "3", licence="MIT"))
    assert "one 1.0 has other digests" in faults_of(component("one", "1.0", DIGEST, licence="MIT"), two)
    assert "one 1.1 is in the bill" in faults_of(component("one", "1.1", DIGEST, OTHER, licence="MIT"), two)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only", "AGPL-3.0-or-later", "LGPL-2.1-only", "MIT AND GPL-2.0-only", "GPL-2.0-only WITH MIT",
        "(MIT OR Apache-2.0) AND SSPL-1.0", "Proprietary", "MIT OR", "(MIT", "MIT Apache-2.0", "OR MIT", ")", "",
        {"license": {"name": "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"}},
        {"license": {"name": "see LICENSE.txt"}},
    ],
)  # fmt: skip
def test_copyleft_and_unknown_licences_fail_with_the_name_of_the_package(licence: object) -> None:
    assert faults_of(component("one", "1.0", DIGEST, OTHER, licence=licence), WHOLE[1]).startswith("one ")


@pytest.mark.parametrize("licence", ["MIT", "GPL-2.0-only OR MIT", "MIT AND (GPL-3.0-only OR BSD-3-Clause)"])
def test_one_side_of_a_choice_is_enough_and_both_of_a_sum_are_needed(licence: str) -> None:
    supply_chain.check(
        bill_of(component("one", "1.0", DIGEST, OTHER, licence=licence), WHOLE[1]),
        supply_chain.read_lock(LOCK),
        POLICY,
    )


def test_an_exception_is_for_the_licence_that_it_was_made_for() -> None:
    assert "two-words says GPL-3.0-only, and the exception" in faults_of(
        WHOLE[0], component("two-words", "2.0", OTHER, licence="GPL-3.0-only")
    )


def test_a_package_that_says_two_licences_needs_both_allowed() -> None:
    twice = component("one", "1.0", DIGEST, OTHER, licence="MIT")
    twice["licenses"].append({"license": {"id": "GPL-3.0-only"}})
    assert "one says GPL-3.0-only; MIT, which is not allowed" in faults_of(twice, WHOLE[1])


def test_every_exception_has_its_reason_and_is_still_needed() -> None:
    policy = supply_chain.read_policy()
    locked = {name for name, _ in supply_chain.read_lock(supply_chain.LOCK.read_text(encoding="utf-8"))}
    assert locked >= {*policy.exceptions, *policy.declared}
    assert all(len(exception["why"]) > 20 for exception in policy.exceptions.values())
    copyleft = ("GPL", "MPL", "EPL", "CDDL", "SSPL")
    assert not [licence for licence in policy.allowed if any(word in licence for word in copyleft)]


def test_what_runs_is_told_from_what_only_develops() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    runtime = supply_chain.find_runtime(declared)
    assert {"dagster", "duckdb", "agate", "pywin32"} <= runtime
    assert runtime.isdisjoint({"pytest", "mypy", "ruff", "sqlfluff", "hypothesis"})


def test_the_locks_name_no_index_and_pin_every_package_with_a_digest() -> None:
    for lock in sorted(ROOT.glob("requirements*.lock")):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock.name
        packages = supply_chain.read_lock(text)
        assert len(packages) > 20
        assert all(packages.values())
        pinned = [line for line in text.splitlines() if line and line[0] not in " #"]
        assert len(pinned) == len(packages), f"{lock.name}: each line that is not indented is a pinned package"


def test_the_bill_keeps_what_the_lock_says_and_adds_licences_and_scope() -> None:
    policy = Policy(POLICY.allowed, {}, {"two-words": "MIT"})
    installed = bill_of(component("One", "1.0", licence="Apache-2.0"))
    drawn = supply_chain.draw_up(json.loads(json.dumps(bill_of(*WHOLE))), installed, {"one"}, policy)
    [one, two] = drawn["components"]
    assert (supply_chain.spell_licences(one), one["scope"]) == (["Apache-2.0"], "required")
    assert (supply_chain.spell_licences(two), two["scope"]) == (["MIT"], "excluded")
    supply_chain.check(drawn, supply_chain.read_lock(LOCK), policy)
    assert "| one | 1.0 | Apache-2.0 | runtime |" in supply_chain.write_table(drawn, policy)
