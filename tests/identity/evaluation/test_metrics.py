import polars as pl
import pytest

from pipelines.identity.evaluation.metrics import evaluate


def frames(predicted: dict[str, str], truth: dict[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    return (
        pl.DataFrame({"record_id": list(predicted), "customer_id": list(predicted.values())}),
        pl.DataFrame({"record_id": list(truth), "person_id": list(truth.values())}),
    )


def test_scores_are_those_worked_out_by_hand():
    scores = evaluate(*frames(dict(zip("abcde", "11122", strict=True)), dict(zip("abcde", "xxyyy", strict=True))))
    # Predicted pairs ab ac bc de; true pairs ab cd ce de; both: ab de.
    assert (scores.pairwise_precision, scores.pairwise_recall) == (0.5, 0.5)
    # Precision by record: 2/3 2/3 1/3 1 1; recall: 1 1 1/3 2/3 2/3.
    assert scores.bcubed_precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert scores.bcubed_recall == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert (scores.cluster_precision, scores.clusters, scores.people) == (0.0, 2, 2)


def test_a_perfect_answer_scores_one_everywhere():
    truth = dict(zip("abcd", "xxyz", strict=True))
    scores = evaluate(*frames(truth, truth)).as_dict()
    assert {
        name: value for name, value in scores.items() if name.endswith(("precision", "recall", "f1"))
    } == dict.fromkeys([name for name in scores if name.endswith(("precision", "recall", "f1"))], 1.0)


def test_records_that_only_one_side_has_are_counted_and_left_out():
    scores = evaluate(*frames({"a": "1", "b": "1", "c": "1"}, {"a": "x", "b": "x", "z": "x"}))
    assert (scores.records, scores.predicted_only, scores.truth_only, scores.pairwise_f1) == (2, 1, 1, 1.0)


def test_nothing_to_score_is_nothing_wrong():
    assert evaluate(*frames({}, {})).bcubed_f1 == 1.0
