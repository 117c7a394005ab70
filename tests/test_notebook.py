"""A version opened by whoever knows Splink: its own linker, over the records of a home that stays as it is."""

import gc
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.config.home import Home
from pipelines.errors import ConfigurationError, ParcoursError
from pipelines.identity.model.registry import name_in_force
from pipelines.lake.tables import Lake
from pipelines.notebook import OpenModel, open_model


@pytest.fixture(scope="module")
def opened(first_night: tuple[Home, str]) -> OpenModel:
    return open_model(first_night[0].root)


@pytest.fixture(scope="module")
def pairs(opened: OpenModel) -> Any:
    return opened.linker.inference.predict(threshold_match_weight=-10)


def read(table: Any) -> pl.DataFrame:
    frame = table.as_duckdbpyrelation().pl()
    assert isinstance(frame, pl.DataFrame)
    return frame


def list_times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


def test_it_finds_the_pairs_of_the_last_run_at_their_weight_but_for_the_household_class(
    first_night: tuple[Home, str], pairs: Any
) -> None:
    ends = ["record_id_l", "record_id_r"]
    stored = Lake(first_night[0].lake).read("identity", "pairs")
    found = read(pairs).select(*ends, by_splink="match_weight")
    joined = stored.join(found, on=ends, how="left")
    assert joined["by_splink"].null_count() == 0
    assert (joined["match_weight"] - joined["household_weight"] - joined["by_splink"]).abs().max() < 1e-9  # type: ignore[operator]


def test_it_is_the_model_that_the_version_keeps_for_splink(first_night: tuple[Home, str], opened: OpenModel) -> None:
    lake = Lake(first_night[0].lake)
    assert opened.version == name_in_force(lake)
    kept = json.loads((lake.models / opened.version / "splink.json").read_text(encoding="utf-8"))
    at_work = opened.linker.misc.save_model_to_json()
    for name in ("comparisons", "probability_two_random_records_match", "unique_id_column_name"):
        assert json.dumps(at_work[name], sort_keys=True) == json.dumps(kept[name], sort_keys=True), name


def test_every_chart_of_splink_works_on_it(opened: OpenModel, pairs: Any, tmp_path: Path) -> None:
    linker = opened.linker
    charts = linker.visualisations
    drawn = [
        charts.match_weights_chart(),
        charts.m_u_parameters_chart(),
        charts.match_weights_histogram(pairs),
        charts.waterfall_chart(pairs.as_record_list(limit=5)),
        linker.evaluation.unlinkables_chart(),
        *(charts.tf_adjustment_chart(name) for name in ("first_name", "last_name", "email", "locality")),
    ]
    for chart in drawn:
        assert "vegaEmbed" in chart.to_html(inline=True)
    viewer, studio = tmp_path / "viewer.html", tmp_path / "studio.html"
    charts.comparison_viewer_dashboard(pairs, str(viewer))
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_weight=0)
    charts.cluster_studio_dashboard(pairs, clusters, str(studio), sampling_method="by_cluster_size")
    charts.cluster_studio_dashboard(pairs, opened.customers, str(studio), overwrite=True, sample_size=20)
    assert "splink_vis_utils" in viewer.read_text(encoding="utf-8")
    assert "cus_" in studio.read_text(encoding="utf-8")


def test_the_customers_are_those_of_the_last_run(first_night: tuple[Home, str], opened: OpenModel) -> None:
    customers = read(opened.customers)
    owners = Lake(first_night[0].lake).read("identity", "customer_ids")
    assert customers.height == opened.profiles
    joined = customers.join(owners, on="record_id", how="left")
    assert joined["cluster_id"].equals(joined["customer_id"], null_equal=False)
    assert {"first_key", "last_key", "email_key"} <= set(customers.columns)


def test_the_linker_is_all_that_has_to_be_kept(first_night: tuple[Home, str]) -> None:
    linker = open_model(first_night[0].root).linker
    gc.collect()
    assert linker.inference.predict(threshold_match_weight=0).as_record_list(limit=1)


def test_the_home_stays_as_it_is(home: Home) -> None:
    before = list_times(home.root)
    opened = open_model(home.root)
    opened.linker.inference.predict()
    opened.linker.visualisations.match_weights_chart()
    assert list_times(home.root) == before


def test_a_version_that_is_not_there_and_a_home_without_any_are_refused(home: Home, tmp_path: Path) -> None:
    in_force = name_in_force(Lake(home.lake))
    with pytest.raises(ConfigurationError, match=f"no identity model 'm0'; there are: {in_force}"):
        open_model(home.root, "m0")
    with pytest.raises(ParcoursError, match="`parcours run` trains the first"):
        open_model(tmp_path / "nothing")
    (home.lake / "models" / "in_force").unlink()
    with pytest.raises(ParcoursError, match="No identity model is in force"):
        open_model(home.root)
    assert open_model(home.root, in_force).version == in_force
    (home.lake / "identity" / "records.parquet").unlink()
    with pytest.raises(ParcoursError, match="identity/records is missing"):
        open_model(home.root, in_force)


def test_before_a_run_came_as_far_as_customers_there_are_none(home: Home) -> None:
    (home.lake / "identity" / "customer_ids.parquet").unlink()
    assert open_model(home.root).customers is None


def test_what_the_docs_say_works_as_it_stands(
    first_night: tuple[Home, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[1] / "docs" / "identity.md").read_text(encoding="utf-8")
    three_lines, all_of_it = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len([line for line in three_lines.splitlines() if line]) == 3, "but for the blank one after an import"
    exec(three_lines.replace('"data"', repr(str(first_night[0].root))) + all_of_it, {})
    assert {file.name for file in tmp_path.iterdir()} == {"viewer.html", "studio.html"}
