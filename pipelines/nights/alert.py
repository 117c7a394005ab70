"""What somebody is told: composed from messages of ours alone, which hold no value of an export and no secret.

English, as all errors are.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from pipelines.config.home import Home
from pipelines.nights.outcome import Failure, Outcome
from pipelines.nights.settings import Kind, Nights
from pipelines.visible_text import make_one_line, make_visible

MOST_FAILURES, LONGEST_MESSAGE = 10, 4_000  # Characters: a mail is read on a telephone.
RUNBOOK = "docs/runbook.md"

_FIXES: dict[Kind, str] = {
    "failed": "Mend what the message says, then `parcours run`.",
    "drift": "Look where the message says. Mend the export, or, where the night is right, `parcours run "
    "--accept-drift`.",
    "unfinished": "Mend what the message says, then `parcours report`.",
    "late": "Ask whoever sends the export.",
    "overdue": "See that the machine, the timer or the page that starts the nights is up: `parcours doctor`.",
}
_ANCHORS: dict[Kind, str] = {
    "failed": "a-night-failed",
    "drift": "a-night-unlike-the-others",
    "unfinished": "a-night-failed",
    "late": "a-source-is-late",
    "overdue": "no-good-night-for-too-long",
}


@dataclass(frozen=True)
class Alert:
    """One thing to be told, once: ``key`` tells it from every other. ``facts`` are for programs.

    Not for those who are told of ``instead_of`` anyway.
    """

    key: str
    kind: Kind
    subject: str
    text: str
    html: str | None = None
    instead_of: Kind | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def of_failed_night(outcome: Outcome, nights: Nights, home: Home, run_id: str, as_of: str, said: str = "") -> Alert:
    """Of a night that did not end as it should: what failed, whose it is, the message, which has the fix, and the run.

    ``said`` stands for the failures where no step was reached.
    """
    kind: Kind = "unfinished" if outcome.published else "drift" if outcome.is_drift else "failed"
    failures = outcome.failures or [Failure("night", said or "It ended before its first step.", 1)]
    subject = {
        "failed": "The night failed; nothing was published",
        "drift": "The night was stopped by drift; nothing was published",
        "unfinished": "The night was published, but its report was not drawn",
    }[kind]
    first = failures[0].step
    parts = [f"{subject}.", *(_tell(failure, nights) for failure in failures[:MOST_FAILURES])]
    if len(failures) > MOST_FAILURES:
        parts.append(f"... and {len(failures) - MOST_FAILURES} more.")
    facts = {"failures": [asdict(each) | {"owner": nights.name_owner(each.owner)} for each in failures[:MOST_FAILURES]]}
    return compose(
        f"failed-{run_id}", kind, f"{subject}: {first}", "\n\n".join(parts), home,
        run_id=run_id, as_of=as_of, published=outcome.published, **facts,
    )  # fmt: skip


def compose(key: str, kind: Kind, subject: str, text: str, home: Home, **facts: Any) -> Alert:
    """An alert with the fix, the place in the runbook, the run and the home below its text."""
    below = [f"What to do: {_FIXES[kind]}", f"Runbook:    {RUNBOOK}#{_ANCHORS[kind]}"]
    if facts.get("run_id"):
        below.append(f"Run:        {facts['run_id']}" + (f", as of {facts['as_of']}" if facts.get("as_of") else ""))
    below.append(f"Home:       {home.root}")
    told = {"kind": kind, "fix": _FIXES[kind], "runbook": f"{RUNBOOK}#{_ANCHORS[kind]}", "home": str(home.root)}
    return Alert(
        key=key,
        kind=kind,
        subject=make_one_line(f"Parcours: {subject}"),
        text=make_visible(f"{text}\n\n" + "\n".join(below) + "\n"),
        facts={**told, **facts},
    )


def _tell(failure: Failure, nights: Nights) -> str:
    message = failure.message.strip()
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]} ..."
    owner = f" (owner: {nights.name_owner(failure.owner)})" if failure.owner else ""
    return f"{failure.step}{owner}\n  " + message.replace("\n", "\n  ")
