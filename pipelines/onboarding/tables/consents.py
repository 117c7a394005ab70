"""Consents out of opt-in columns of an export of people: an answer for each channel that a header names."""

import re
from collections.abc import Mapping
from dataclasses import replace

from pipelines.contracts import TABLES
from pipelines.extracts.casting import TRUE
from pipelines.extracts.sql_quoting import quote_text
from pipelines.headers.folding import strip_accents
from pipelines.onboarding.draft import Line, Remark, TableDraft
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables import sql
from pipelines.onboarding.tables.context import Context
from pipelines.onboarding.tables.lines import write_line

_OPT_IN = re.compile(r"opt[ _-]?in|newsletter|consent|accept|abonn|subscri|rgpd|gdpr|autoris")
_OPT_OUT = re.compile(r"opt(?:ed)?[ _-]?out|unsub|desabonn|desinscri|\bstop\b|refus|blacklist|npai")
_CHANNELS = {
    "email": re.compile(r"e[ _-]?mail|\bmail|newsletter|courriel"),
    "sms": re.compile(r"sms|texto|mobile"),
    "phone": re.compile(r"phone|telephone|\btel\b|appel|\bcall"),
    "post": re.compile(r"post|courrier|papier|\bdirect mail"),
}
PEOPLE_KEYS = {"crm/contacts": "contact_id", "ecommerce/customers": "account_id"}
DATES = ("updated_at", "created_at")


def draft_consents(context: Context, from_: str, options: Mapping[str, object]) -> TableDraft | None:
    """The table of consents, if the export has opt-ins by channel and a date for them; None otherwise."""
    people = context.match.table
    table = next((each for each in TABLES if each.path == f"{people.kind}/consents"), None)
    id_ = write_line(context, people.column(people.key[0]))
    if table is None or people.path not in PEOPLE_KEYS or id_ is None or id_.is_question:
        return None
    in_query = replace(context, is_in_query=True)
    dated = [(name, line) for name in DATES if (line := write_line(in_query, people.column(name)))]
    recorded = next(
        ((name, line) for name, line in dated if context.match.source_of(name) and _is_settled(line)),
        None,
    )
    answers = [answer for column in context.export.columns if (answer := _answer(context.export, column))]
    if recorded is None or not answers:
        return None
    name, line = recorded
    moment = sql.name(line.value) if line.value in context.export.columns else line.value
    person = sql.name(id_.value) if id_.value in context.export.columns else id_.value
    selects = [
        f"select {person} as {PEOPLE_KEYS[people.path]}, {quote_text(channel)} as channel, 'marketing' as purpose,\n"
        f"  {status} as status,\n  {moment} as recorded_at\nfrom source where {condition}"
        for channel, status, condition in answers
    ]
    remark = Remark("consent_date", {"column": name})
    query = "\nunion all\n".join(selects)
    return TableDraft(table, context.export, from_, options, query=query, remarks=(remark,))


def _is_settled(line: Line) -> bool:
    return line.is_active and not line.is_question


def _answer(export: Export, column: str) -> tuple[str, str, str] | None:
    """The channel that a column answers for, SQL of the status, and of which rows have one."""
    header, shape = strip_accents(column.replace("_", " ")), export.shapes[column]
    is_out, is_in = bool(_OPT_OUT.search(header)), bool(_OPT_IN.search(header))
    channel = next((name for name, pattern in _CHANNELS.items() if pattern.search(header)), None)
    if channel is None or not (is_out or is_in) or not shape.are_booleans:
        return None
    text = f"lower(cast({sql.name(column)} as varchar))"
    words = [word for word in dict.fromkeys(value.lower() for value in shape.commonest) if word in TRUE] or [
        "oui",
        "yes",
    ]
    yes = f"{text} in ({', '.join(map(quote_text, words))})"
    if is_out:  # Who has not objected has not agreed either.
        return channel, "'denied'", yes
    return channel, f"case when {yes} then 'granted' else 'denied' end", f"{sql.name(column)} is not null"
