"""How wrong the customers of the last run are without known truth, in sentences or as JSON."""

import json
import sys
from typing import TYPE_CHECKING

from pipelines.errors import ParcoursError

if TYPE_CHECKING:
    from pipelines.lake.tables import Lake

INTERVALS = {"pairwise_precision", "pairwise_recall", "wrong_pairs", "missed_pairs"}
"""The measures that come with an interval."""


def print_estimate(lake: "Lake", as_json: bool) -> int:
    """Prints ``identity/accuracy``, as the last run estimated it. Raises ParcoursError where it has not yet."""
    if not lake.path("identity", "accuracy").exists():
        raise ParcoursError(
            f"The last run in {lake.root.parent} estimated no accuracy, since an earlier release made it: run "
            "`parcours run`, or compare with a known truth (--truth FILE)."
        )
    rows = {row["measure"]: row for row in lake.read("identity", "accuracy").iter_rows(named=True)}
    values = {name: row["estimate"] for name, row in rows.items()}
    is_reliable = values.pop("is_reliable") > 0
    if as_json:
        content = {
            name: {side: rows[name][side] for side in ("estimate", "low", "high")} if name in INTERVALS else value
            for name, value in values.items()
        }
        sys.stdout.write(json.dumps({**content, "coverage": 0.9, "is_reliable": is_reliable}, indent=2) + "\n")
        return 0
    precision, recall, wrong, missed = (
        {side: rows[name][side] for side in ("estimate", "low", "high")}
        for name in ("pairwise_precision", "pairwise_recall", "wrong_pairs", "missed_pairs")
    )
    parts = {
        "between customers that were compared": values["missed_pairs_compared"],
        "between customers with values in common that no blocking key compares": values[
            "missed_pairs_beyond_blocking_keys"
        ],
        "with too little in common to be found": values["missed_pairs_unseen"],
        "of receipts, which carry an e-mail only": values["missed_pairs_of_receipts"],
    }
    lines = [
        "Estimated without known truth, by pairs of records, with an interval for nine cases in ten:",
        "",
        f"{'Pairwise precision':<20}{_tell_share(precision)}",
        f"{'Pairwise recall':<20}{_tell_share(recall)}",
        "",
        f"Of {values['pairs_together']:,.0f} pairs of records that are one customer's, some {wrong['estimate']:,.0f} "
        f"({wrong['low']:,.0f} to {wrong['high']:,.0f}) are probably two people's"
        f" ({values['wrong_pairs_of_receipts']:,.0f} of receipts).",
        f"Some {missed['estimate']:,.0f} pairs ({missed['low']:,.0f} to {missed['high']:,.0f}) of one person are "
        "probably two customers':",
        *(f"  {count:>10,.0f}  {name}" for name, count in parts.items()),
        "Records that have nothing to compare are in neither.",
    ]
    if not is_reliable:
        lines += [
            "",
            f"These figures are a guess: in one field, {values['model_misfit']:.0%} of the matches agree otherwise "
            "than the model in force expects, so it does not describe these records. Train one with `parcours train`.",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _tell_share(figure: dict[str, float]) -> str:
    return f"{figure['estimate']:.4f}   ({figure['low']:.4f} to {figure['high']:.4f})"
