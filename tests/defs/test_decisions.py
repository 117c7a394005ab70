"""The file of human decisions at night: read before anybody is recognised, refused as a whole where it is wrong."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config.home import Home
from pipelines.lake.tables import Lake

Materialise = Callable[..., dg.ExecuteInProcessResult]

HEADER = "verdict,record_a,record_b,author,reason,decided_on,expires_on"


def test_what_is_in_force_is_kept_and_the_rest_is_counted(materialise: Materialise, home: Home, exports: Path) -> None:
    one, other, third = Lake(home.lake).read("identity", "records")["record_id"].head(3)
    rows = [
        f"must_link,{one},{other},Ada,same card,2026-01-01,2026-02-28",
        f"cannot_link,{one},{third},Ada,two people,2026-02-28,",
        f"must_link,{one},crm:contacts:gone,Ada,he will be back,2026-01-01,",
        f"must_link,{other},{third},Ada,was wrong,2025-01-01,2026-02-27",
        f"must_link,{other},{third},Ada,tomorrow,2026-03-01,",
    ]
    home.decisions.write_text("\n".join([HEADER, *rows, ""]))
    result = materialise(home, exports / "sources.yml", "identity/decisions", as_of="2026-02-28")
    assert result.success
    [made] = result.get_asset_materialization_events()
    told = {name: value.value for name, value in made.materialization.metadata.items()}
    counted = ("must_link", "cannot_link", "expired", "not_yet_in_force", "about_absent_records")
    assert [told[name] for name in counted] == [2, 1, 1, 1, 1]
    assert "crm:contacts:gone" not in str(told)
    assert Lake(home.lake).read("identity", "decisions")["reason"].sort().to_list() == [
        "he will be back", "same card", "two people",
    ]  # fmt: skip
    assert not any("Ada" in str(value) or "same card" in str(value) for value in told.values())


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["perhaps,a:b:1,a:b:2,Ada,why,2026-01-01,"], "decisions.csv:2: verdict: is not one of"),
        (
            [
                "must_link,a:b:1,a:b:2,Ada,why,2026-01-01,",
                "must_link,a:b:2,a:b:3,Ada,why,2026-01-01,",
                "cannot_link,a:b:1,a:b:3,Bob,why,2026-01-01,",
            ],
            "decisions.csv:4 keeps two records apart",
        ),
    ],
)
def test_a_file_at_fault_stops_the_night_before_anybody_is_recognised(
    materialise: Materialise, home: Home, exports: Path, rows: list[str], words: str
) -> None:
    before = Lake(home.lake).path("identity", "decisions").read_bytes()
    home.decisions.write_text("\n".join([HEADER, *rows, ""]))
    result = materialise(home, exports / "sources.yml", "identity/decisions", "identity/records", as_of="2026-02-28")
    assert not result.success
    [failure] = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    said = failure.step_failure_data.user_failure_data
    assert said is not None
    assert words in (said.description or "")
    assert said.metadata["exit_code"].value == 2
    assert failure.step_key == "identity__decisions"
    assert result.get_asset_materialization_events() == []
    assert Lake(home.lake).path("identity", "decisions").read_bytes() == before


def test_a_file_that_sources_yml_names_must_be_there(
    materialise: Materialise, home: Home, exports: Path, tmp_path: Path
) -> None:
    text = (exports / "sources.yml").read_text(encoding="utf-8")
    (tmp_path / "sources.yml").write_text(f"decisions: ours/verdicts.csv\n{text}", encoding="utf-8")
    assert not materialise(home, tmp_path / "sources.yml", "identity/decisions", as_of="2026-02-28").success
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "verdicts.csv").write_text(f"{HEADER}\n")
    assert materialise(home, tmp_path / "sources.yml", "identity/decisions", as_of="2026-02-28").success
