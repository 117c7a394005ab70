"""The last night was good, and not too long ago; who is to be told of the others can be told."""

from datetime import UTC, datetime

from pipelines.config.home import find_sources
from pipelines.doctor.findings import Case, Examined, Finding
from pipelines.errors import ConfigurationError
from pipelines.nights.outbox import list_undelivered
from pipelines.nights.record import read_last_night
from pipelines.nights.settings import find_nights, load_nights
from pipelines.nights.telling import is_killed, tell_overdue

SUBJECT = "nights"


def examine(case: Case) -> Examined:
    try:
        sources_file = find_sources(case.sources, case.home)
    except ConfigurationError:
        sources_file = None  # Told with the configuration.
    try:
        nights = load_nights(find_nights(case.home, sources_file))
    except ConfigurationError as error:
        return Examined(SUBJECT, "", (Finding(str(error), "Correct the file: until then no night begins."),))
    now, known, findings = datetime.now(UTC), read_last_night(case.home), []
    again = f"`parcours run --home {case.home.root}`"
    overdue = tell_overdue(case.home, nights, now)
    if overdue is not None:
        findings.append(Finding(overdue, f"See what starts the nights (cron, the timer, the page); or {again}."))
    last = known.last
    if is_killed(case.home, known, now) and last is not None:
        findings.append(Finding(f"The last night, run {last.run_id}, was killed.", again))
    elif last is not None and last.state in ("failed", "stopped", "killed"):
        reason = f" ({last.reason})" if last.reason else ""
        findings.append(
            Finding(f"The last night, run {last.run_id}, was {last.state}{reason}.", f"Its message; {again}.")
        )
    findings += [
        Finding(
            f"The alert '{each.subject}' did not arrive by {each.channel}: {each.fault}.",
            "Correct alerts in nights.yml." if each.is_given_up else "`parcours watch` tries again.",
            is_grave=False,
        )
        for each in list_undelivered(case.home, nights, now)
    ]
    told = (
        f"{len(nights.alerts)} ways to tell of the next"
        if nights.alerts
        else "nobody is told of a bad one (nights.yml)"
    )
    well = "none has run yet" if last is None else f"the last one is {last.state}, as of {last.as_of}"
    return Examined(SUBJECT, f"{well}; {told}", tuple(findings))
