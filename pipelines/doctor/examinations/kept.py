"""What cannot be made anew is there and is what the last publication left; what can be is what its notes say."""

import json

from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.lake.fingerprints import fingerprint
from pipelines.warehouse import kept_state

SUBJECT = "kept state"


def examine(case: Case) -> Examined:
    losses = [
        Finding(
            f"{case.home.root / loss.file} {loss.what}.",
            f"Restore it from a backup: `parcours restore FILE --home {case.home.root} --replace`. `parcours run "
            f"--accept-loss` goes on without it: {loss.accepting}.",
        )
        for loss in kept_state.find_losses(case.home)
    ]
    anew = _list_steps_to_make_anew(case)
    if anew:
        losses.append(
            Finding(
                f"What these steps kept of the last night is not what they noted: {', '.join(anew)}.",
                "Nothing needs doing: the next run makes them anew, and takes longer.",
                is_grave=False,
            )
        )
    return Examined(SUBJECT, "all that the last publication kept is there", tuple(losses))


def _list_steps_to_make_anew(case: Case) -> list[str]:
    """The steps of recognition whose notes name files that are gone or other ones."""
    steps = []
    for note in sorted((case.home.lake / "state").glob("*/note.json")):
        try:
            files = dict(json.loads(note.read_text(encoding="utf-8"))["files"])
        except (ValueError, TypeError, KeyError):
            files = {"": ""}
        if any(fingerprint(case.home.root / str(name)) != digest for name, digest in files.items()):
            steps.append(note.parent.name)
    return steps
