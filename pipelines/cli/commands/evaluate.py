"""``parcours evaluate``: how well the customers found match the real people, where the truth is known and where not."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import Subcommands, add_home, add_json, at_least_one
from pipelines.errors import ConfigurationError, ParcoursError

if TYPE_CHECKING:
    import polars as pl

    from pipelines.identity.evaluation.metrics import Scores
    from pipelines.identity.training.labels import LabelScores
    from pipelines.lake.tables import Lake


TRUTH = ("record_id", "person_id")


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="say how wrong the customers found are, without known truth or compared with it",
        description="Says how wrong the customers of the last run are. Without known truth: pairwise precision and "
        "recall as estimated from the model and the records, with an interval (JSON: "
        "evaluate_estimate.schema.json). With --truth: pairwise, B-cubed and exact-cluster precision, recall and F1, "
        "and the errors by type, inferred from the records, with examples. With --decisions: the model's weights "
        "compared with human decisions.",
    )
    against = parser.add_mutually_exclusive_group()
    against.add_argument(
        "--truth", type=Path, metavar="FILE", help="Parquet or CSV with the columns record_id, person_id"
    )
    against.add_argument(
        "--decisions",
        action="store_true",
        help="how many of the pairs that people decided on the model's weights alone would have got right "
        "(JSON: evaluate_decisions.schema.json)",
    )
    parser.add_argument(
        "--examples",
        type=at_least_one,
        default=3,
        metavar="N",
        help="pairs of record ids to show for each type of error",
    )
    add_home(parser)
    add_json(parser, "evaluate.schema.json")
    parser.set_defaults(command=evaluate)


def evaluate(options: argparse.Namespace) -> int:
    from pipelines.config.home import find_home
    from pipelines.identity.evaluation.metrics import evaluate as score
    from pipelines.lake.tables import Lake

    home = find_home(options.home)
    lake = Lake(home.lake)
    truth = None if options.truth is None else _read_truth(options.truth)
    if not lake.path("identity", "customer_ids").exists():
        raise ParcoursError(f"There are no customers in {home.root} to evaluate yet: run `parcours run` first.")
    if options.decisions:
        return _evaluate_labels(lake, options.json)
    if truth is None:
        from pipelines.cli.estimate_output import print_estimate

        return print_estimate(lake, options.json)
    scores = score(lake.read("identity", "customer_ids"), truth)
    if not scores.records:
        raise ParcoursError(
            f"None of the record ids of {options.truth} is known in {home.root}: is it the truth of these sources?"
        )
    errors = _count_errors(lake, truth, options.examples)
    if options.json:
        sys.stdout.write(json.dumps({**scores.as_dict(), "errors": errors}, indent=2) + "\n")
    else:
        sys.stdout.write(_render(scores) + _render_errors(errors))
    return 0


def _evaluate_labels(lake: "Lake", as_json: bool) -> int:
    """Scores the model in force on the decisions of the last run."""
    from pipelines.identity.decisions.read import read_decisions_in_force
    from pipelines.identity.model.registry import model_in_force
    from pipelines.identity.training.labels import score_labels

    decisions = read_decisions_in_force(lake)
    if decisions.is_empty():
        raise ParcoursError(
            "No human decision was in force in the last run. Decide with `parcours review`, then `parcours run`."
        )
    model = model_in_force(lake)
    if model is None:
        raise ParcoursError("No identity model is in force: run `parcours run` first.")
    scores = score_labels(lake.read("identity", "records"), decisions, model)
    learned = sum(model.metadata.get("labelled_pairs", {}).values())
    if as_json:
        content = {**scores.as_dict(), "model_version": model.version, "learned_from_decisions": learned}
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
    else:
        sys.stdout.write(_render_labels(scores, learned))
    return 0


def _render_labels(scores: "LabelScores", learned: int) -> str:
    decided = scores.same_person + scores.different_people
    lines = [
        f"The model's weights on {decided:,} pairs that people decided on ({scores.same_person:,} of one person, "
        f"{scores.different_people:,} of two):",
        f"precision {scores.precision:.4f}   recall {scores.recall:.4f}   F1 {scores.f1:.4f}",
        "People decide on uncertain pairs: these scores are for hard pairs, not for all.",
    ]
    if learned:
        lines.append(f"The model was trained on {learned:,} decisions itself, so these scores flatter it.")
    if scores.not_weighed:
        lines.append(f"{scores.not_weighed:,} decisions are about records that are gone or have nothing to compare.")
    for title, pairs in (("Two people, linked", scores.wrongly_linked), ("One person, not linked", scores.missed)):
        if pairs:
            lines += ["", f"{title} ({len(pairs):,})", *(f"  {one}  {other}" for one, other in pairs)]
    return "\n".join(lines) + "\n"


def _count_errors(lake: "Lake", truth: "pl.DataFrame", examples: int) -> dict[str, list[dict[str, Any]]]:
    from pipelines.identity.evaluation.error_types import count_errors, find_errors

    records, pairs, found = (lake.read("identity", name) for name in ("records", "pairs", "customer_ids"))
    return count_errors(find_errors(records, pairs, found, truth), examples)


def _read_truth(file: Path) -> "pl.DataFrame":
    """One row per record: record_id, person_id, both text. Raises ConfigurationError."""
    import polars as pl

    from pipelines.extracts.column_names import list_found

    if not file.is_file():
        raise ConfigurationError(f"--truth names {file}, which is not a file.")
    try:
        truth = (
            pl.read_csv(file, infer_schema=False, glob=False)
            if file.suffix == ".csv"
            else pl.read_parquet(file, glob=False)
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        kind = "CSV" if file.suffix == ".csv" else "Parquet"
        raise ConfigurationError(
            f"{file} cannot be read as {kind} ({type(error).__name__}). Write it anew, as a table of record_id and "
            "person_id."
        ) from error
    missing = set(TRUTH) - set(truth.columns)
    if missing:
        raise ConfigurationError(
            f"{file} lacks the column {' and '.join(sorted(missing))}; {list_found(truth.columns, TRUTH)}."
        )
    truth = truth.select(pl.col("record_id", "person_id").cast(pl.String)).drop_nulls()
    if truth["record_id"].is_duplicated().any():
        raise ConfigurationError(f"{file} lists a record_id twice: each record belongs to one person.")
    return truth


def _render(scores: "Scores") -> str:
    lines = ["                 precision   recall       F1"]
    for title, name in (("Pairwise", "pairwise"), ("B-cubed", "bcubed"), ("Exact clusters", "cluster")):
        figures = [getattr(scores, f"{name}_{measure}") for measure in ("precision", "recall", "f1")]
        lines.append(f"{title:<16}" + "".join(f"{figure:>10.4f}" for figure in figures))
    lines += [
        "",
        f"{scores.records:,} records compared: {scores.clusters:,} customers found, {scores.people:,} people in truth",
    ]
    if scores.predicted_only:
        lines.append(f"{scores.predicted_only:,} records are not in the truth and were left out")
    if scores.truth_only:
        lines.append(f"{scores.truth_only:,} records of the truth were not found: deleted, rejected, or elsewhere")
    return "\n".join(lines) + "\n"


SIDES = {"over_merged": "Several people in one customer", "missed": "One person in several customers"}


def _render_errors(errors: dict[str, list[dict[str, Any]]]) -> str:
    """The types that occur, each with its counts and examples, one line per example."""
    lines = []
    for side, types in errors.items():
        total, wrong = (sum(one[name] for one in types) for name in ("errors", "record_pairs"))
        lines += ["", f"{SIDES[side]:<48}{total:>8,}   (record pairs: {wrong:,})"]
        for one in types:
            if one["errors"]:
                label = one["type"].replace("_", " ")
                lines.append(f"  {label:<46}{one['errors']:>8,}   (record pairs: {one['record_pairs']:,})")
                lines.append(f"    {one['meaning']}")
                lines += [f"      {left}  {right}" for left, right in one["examples"]]
    return "\n".join(lines) + "\n"
