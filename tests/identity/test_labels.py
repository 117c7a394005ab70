"""Human decisions as labels: what the model would have said, and what it learns from them."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from pipelines.identity.decided import mark_decided
from pipelines.identity.decisions import DECISION_SCHEMA
from pipelines.identity.labels import number_labels, score_labels
from pipelines.identity.profiles import build_profiles

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


def test_a_label_names_profiles_by_number_whatever_the_order(records: pl.DataFrame) -> None:
    decisions = decide(("must_link", "twin", "anne"), ("cannot_link", "luc", "annie"), ("must_link", "gone", "anne"))
    profiles, _ = build_profiles(mark_decided(records, decisions))
    ids = profiles["record_id"].to_list()
    labels = number_labels(profiles, decisions)
    assert [(ids[left][13:], ids[right][13:], match) for left, right, match in labels.iter_rows()] == [
        ("anne", "twin", True),
        ("annie", "luc", False),
    ]
