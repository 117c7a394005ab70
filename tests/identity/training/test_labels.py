"""Human decisions as labels: what the model would have said, and what it learns from them."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.errors import ParcoursError
from pipelines.identity.clustering.link_constraints import mark_decided
from pipelines.identity.decisions.read import DECISION_SCHEMA
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.training.labels import list_labelled_pairs, score_labels
from pipelines.identity.training.retrain import retrain
from pipelines.identity.training.train import learn
from pipelines.lake.tables import Lake

ANNE = {"first_name": "Anne", "last_name": "Lemercier", "birth_date": "1961-03-08", "email": "anne.l@orange.fr"}
LUC = {"first_name": "Luc", "last_name": "Barbier", "birth_date": "1984-11-30", "mobile": "0612345679"}


def decide(*verdicts: tuple[str, str, str]) -> pl.DataFrame:
    rows = [
        (verdict, *sorted((f"crm:contacts:{one}", f"crm:contacts:{other}")), "Ada", "why", date(2026, 1, 1), None)
        for verdict, one, other in verdicts
    ]
    return pl.DataFrame(rows, schema=DECISION_SCHEMA, orient="row")


@pytest.fixture
def records(row: Any, standardised: Any) -> pl.DataFrame:
    return standardised(
        row("anne", **ANNE),
        row("annie", **ANNE | {"last_name": "Lemercer"}),
        row("twin", **ANNE),
        row("luc", **LUC),
        row("nobody", civility="M."),
    )


def test_each_labelled_pair_is_judged_by_its_weight_alone(retailer: Any, records: pl.DataFrame) -> None:
    decisions = decide(
        ("must_link", "anne", "annie"),
        ("must_link", "annie", "luc"),
        ("cannot_link", "anne", "twin"),
        ("cannot_link", "luc", "twin"),
        ("cannot_link", "luc", "nobody"),
        ("must_link", "anne", "gone"),
    )
    scores = score_labels(mark_decided(records, decisions), decisions, retailer.model)
    assert scores.wrongly_linked == [("crm:contacts:anne", "crm:contacts:twin")]
    assert scores.missed == [("crm:contacts:annie", "crm:contacts:luc")]
    assert (scores.precision, scores.recall, scores.f1) == (0.5, 0.5, 0.5)
    assert (scores.same_person, scores.different_people, scores.not_weighed) == (2, 2, 2)


def test_labels_that_are_all_put_right_score_one(retailer: Any, records: pl.DataFrame) -> None:
    decisions = decide(("must_link", "anne", "annie"), ("cannot_link", "anne", "luc"))
    scores = score_labels(mark_decided(records, decisions), decisions, retailer.model)
    assert (scores.precision, scores.recall, scores.missed, scores.wrongly_linked) == (1.0, 1.0, [], [])


def test_labels_are_pairs_of_profiles_that_are_there_whatever_the_order(records: pl.DataFrame) -> None:
    decisions = decide(("must_link", "twin", "anne"), ("cannot_link", "luc", "annie"), ("must_link", "gone", "anne"))
    profiles, _ = build_profiles(mark_decided(records, decisions))
    labels = list_labelled_pairs(profiles, decisions)
    assert [(left[13:], right[13:], match) for left, right, match in labels.iter_rows()] == [
        ("anne", "twin", True),
        ("annie", "luc", False),
    ]


@pytest.mark.long
def test_labels_move_the_model_towards_what_people_said(retailer: Any) -> None:
    pairs = score_pairs(retailer.records, retailer.model)
    doubted = pairs.filter((pl.col("gamma_first_name") == 0) & (pl.col("match_weight") < 0)).head(300)
    assert doubted.height == 300
    labels = doubted.select(
        pl.lit("must_link").alias("verdict"), "record_id_l", "record_id_r", pl.lit("Ada").alias("author"),
        pl.lit("why").alias("reason"), pl.lit(date(2026, 1, 1)).alias("decided_on"),
        pl.lit(None, dtype=pl.Date).alias("expires_on"),
    )  # fmt: skip
    profiles, _ = build_profiles(mark_decided(retailer.records, labels))

    def different_first_names(labels: pl.DataFrame) -> tuple[float, dict[str, int]]:
        model = learn(profiles, seed=1, labels=labels)
        return model.parameters.levels["first_name"]["different"]["match"], model.metadata["labelled_pairs"]

    without = retailer.model.parameters.levels["first_name"]["different"]["match"]
    same, some = different_first_names(labels)
    apart, others = different_first_names(labels.with_columns(pl.lit("cannot_link").alias("verdict")))
    assert same > without + 0.01
    assert apart < without + 0.001
    assert (some["must_link"], others["cannot_link"]) == (300, 300)
    assert retailer.model.metadata["labelled_pairs"] == {"must_link": 0, "cannot_link": 0}


def test_training_with_decisions_where_there_are_none_is_refused(retailer: Any, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write("identity", "records", retailer.records.head(10))
    with pytest.raises(ParcoursError, match="none to learn from"):
        retrain(lake, date(2026, 2, 28), lambda _: None, with_decisions=True)
