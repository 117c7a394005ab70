"""`nights.yml`: when a night begins, how long it may take, which sources it waits for, and who is told of it.

A file of its own, since of a `sources.yml` with faults somebody has to be told as well. docs/nights.md explains every
key.
"""

import re
from collections.abc import Iterable
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PlainSerializer, PlainValidator, model_validator

from pipelines.config.connectors import FilesSource, PulledSource
from pipelines.config.drop_sources import DropSource
from pipelines.config.environment_text import EnvironmentText, FromEnvironment
from pipelines.config.field_types import Language, Name, as_tuple, matching
from pipelines.config.home import Home, find_own
from pipelines.config.sources import Sources
from pipelines.errors import ConfigurationError
from pipelines.yaml_document import ConfigModel, Document, Fault, Place, did_you_mean, format_faults, read, validate

FILE_NAME = "nights.yml"
GUIDE = "docs/nights.md"

Kind = Literal["failed", "drift", "late", "unfinished", "overdue", "morning_report"]
"""What somebody may be told of: a night that failed; one that drift stopped; a source that is late; a night that
published and drew no report; no good night for too long; and what a night has come to."""
FAULTS: tuple[Kind, ...] = ("failed", "drift", "late", "unfinished", "overdue")
KINDS: tuple[Kind, ...] = (*FAULTS, "morning_report")

_ONLY_VARIABLES = re.compile(r"(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+")
_MAILBOX = re.compile(r"[^\s@<>,;\"\x00-\x1f]+@[^\s@<>,;\"\x00-\x1f]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _secret(value: object) -> EnvironmentText:
    if isinstance(value, str) and value and not _ONLY_VARIABLES.fullmatch(value):
        raise ValueError("is a secret: write ${NAME}, and set that variable where the night is started")
    return EnvironmentText.read(value)


def _address(value: EnvironmentText) -> EnvironmentText:
    if not isinstance(value, EnvironmentText):
        return value
    try:
        parts = urlsplit(value.reveal())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or not value.reveal().isascii() or re.search(r"\s", value.reveal()):
        raise ValueError("is no address of the web: it begins with https://")
    if parts.username or parts.password:
        raise ValueError("has a name or a password in it: give them as `token`")
    return value


def _time_of_day(value: object) -> time:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-2]?\d:[0-5]\d", value):
        hour, _, minute = value.partition(":")
        if int(hour) < 24:
            return time(int(hour), int(minute))
    raise ValueError('must be a time of the day in quotes, such as "05:00"')


def _mailbox(value: str) -> str:
    if not _MAILBOX.fullmatch(value):
        raise ValueError(f"'{value[:60]}' is no mailbox, such as nights@shop.example")
    return value


Secret = Annotated[EnvironmentText, PlainValidator(_secret), PlainSerializer(str)]
Address = Annotated[FromEnvironment, AfterValidator(_address)]
SecretAddress = Annotated[Secret, AfterValidator(_address)]
TimeOfDay = Annotated[time, PlainValidator(_time_of_day), PlainSerializer(time.isoformat)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Mailboxes = Annotated[tuple[Mailbox, ...], Field(min_length=1), BeforeValidator(as_tuple)]
Server = Annotated[str, matching(r"[A-Za-z0-9_.:-]{1,253}", "is no mail server: write its name, or its number")]
Ending = Annotated[
    str,
    matching(
        r"[A-Za-z0-9._~/?=&-]{0,100}", "cannot end an address: write letters, digits and . _ ~ / ? = & -, at most 100"
    ),
]
"""What is put behind the address of a heartbeat."""


class Channel(ConfigModel):
    """One way to tell somebody. ``on``: of what; of all but the morning report, unless said."""

    name: Name | None = None
    on: Annotated[tuple[Kind, ...], Field(min_length=1)] = FAULTS


class Email(Channel):
    """By SMTP."""

    type: Literal["email"]
    to: Mailboxes
    from_: Annotated[Mailbox, Field(alias="from")]
    server: Server = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: FromEnvironment | None = None
    password: Secret | None = None
    on: Annotated[tuple[Kind, ...], Field(min_length=1)] = KINDS

    @model_validator(mode="after")
    def _login(self) -> "Email":
        if (self.user is None) != (self.password is None):
            raise ValueError("has only one of `user` and `password`: give both, or neither")
        if self.password is not None and self.security == "none" and self.server not in _LOOPBACK:
            raise ValueError("would send the password unencrypted: `security: starttls` or `tls`")
        return self


class Slack(Channel):
    """By an incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat)."""

    type: Literal["slack"]
    url: SecretAddress


class Webhook(Channel):
    """By a POST of JSON. ``token``, where there is one, goes with it as ``Authorization: Bearer``."""

    type: Literal["webhook"]
    url: Address
    token: Secret | None = None


AnyChannel = Annotated[Email | Slack | Webhook, Field(discriminator="type")]
CHANNELS: dict[object, type[Channel]] = {"email": Email, "slack": Slack, "webhook": Webhook}


class Delivery(ConfigModel):
    """How hard it is tried: ``attempts`` in all for each way, the pause doubling from ``pause_seconds``."""

    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    pause_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0


class Heartbeat(ConfigModel):
    """An address that is called when a night begins, has published, or has not, in the manner of healthchecks.io."""

    url: Address
    start: Ending = "/start"
    success: Ending = ""
    fail: Ending = "/fail"


class Freshness(ConfigModel):
    """When the exports or the rows of one source are due, and what a night does without them.

    ``expected_by`` and the others are times of the day in the retailer's time zone. ``since``: what arrives earlier in
    the day, or, where later than ``expected_by``, on the evening before, is an older delivery. ``tables`` are those
    that are looked at, all unless said; a file counts once it has not changed for ``stable_seconds``. Of what is pulled
    it is the newest row that is to be as new.
    """

    expected_by: TimeOfDay | None = None
    since: TimeOfDay = time(0)
    max_age_hours: Annotated[float, Field(gt=0, le=8784)] | None = None
    wait_until: TimeOfDay | None = None
    then: Literal["go_on", "stop"] = "go_on"
    tables: Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(as_tuple)] | None = None
    stable_seconds: Annotated[float, Field(ge=0, le=3600)] = 15.0

    @model_validator(mode="after")
    def _is_one_of_two(self) -> "Freshness":
        if (self.expected_by is None) == (self.max_age_hours is None):
            raise ValueError("says both or neither of `expected_by` and `max_age_hours`: give one")
        if self.expected_by is not None and self.wait_until is not None and self.wait_until < self.expected_by:
            raise ValueError("waits until before the source is expected: a later `wait_until`, or none")
        if self.expected_by is None and self.since != time(0):
            raise ValueError("`since` goes with `expected_by` only")
        return self


class Nights(ConfigModel):
    """A whole `nights.yml`; without one, a night is as the defaults say, and nobody is told."""

    starts_at: TimeOfDay = time(2)
    started_by: Literal["dagster", "timer"] = "dagster"
    when_exports_arrive: bool = False
    time_limit_minutes: Annotated[float, Field(gt=0, le=2_880)] | None = None
    good_within_hours: Annotated[float, Field(gt=0, le=8784)] | None = None
    language: Language | None = None
    owners: Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=200)]], Field(default_factory=dict)]
    alerts: tuple[AnyChannel, ...] = ()
    delivery: Delivery = Delivery()
    heartbeat: Heartbeat | None = None
    freshness: Annotated[dict[str, Freshness], Field(default_factory=dict)]

    def channels(self) -> dict[str, Channel]:
        """The ways to tell, by name: their own, else the type and its number."""
        return {channel.name or f"{channel.type}-{number}": channel for number, channel in enumerate(self.alerts, 1)}

    def name_owner(self, team: str) -> str:
        """Who owns what Dagster calls ``team``."""
        return self.owners.get(team, team.removeprefix("team:"))


UNTOLD: dict[str, object] = {"alerts": (), "heartbeat": None, "freshness": {}}
"""What is left out where somebody is watching."""


def find_nights(home: Home, sources_file: Path | None) -> Path | None:
    """The `nights.yml` to use: the home's own, else the one beside sources.yml; None where there is none."""
    beside = None if sources_file is None else find_own(sources_file.parent / FILE_NAME)
    return find_own(home.root / FILE_NAME) or beside


def load_nights(file: Path | None) -> Nights:
    """Reads and validates a `nights.yml`; the defaults where there is none.

    Raises ConfigurationError that lists every fault with its line, its key and the way out.
    """
    if file is None:
        return Nights.model_validate({})
    document = read(file, "alerts", f"{GUIDE} says where it may lie.")
    nights, faults = validate(Nights, document, lambda place: _keys_allowed(document, place))
    faults = [*faults, *_name_twice(document)]
    if faults or nights is None:
        raise ConfigurationError(format_faults(file, faults, GUIDE))
    return nights


def refuse_unknown_sources(nights: Nights, sources: Sources) -> None:
    """Raises ConfigurationError where ``freshness`` names what sources.yml has not, or whose arrival nobody sees."""
    known = {source.name: source for source in sources.sources}
    faults = []
    for name, declared in sorted(nights.freshness.items()):
        source = known.get(name)
        if source is None:
            faults.append(f"there is no source '{name}' in {sources.file}{did_you_mean(name, known)}")
            continue
        if not isinstance(source, FilesSource | DropSource | PulledSource):
            faults.append(f"source '{name}' does not tell how new it is: only files and what is pulled are late")
        elif isinstance(source, PulledSource) and not list_dated(source, declared.tables):
            faults.append(
                f"none of the pulls of source '{name}' has a `cursor` or a `day` that says how new its rows are"
            )
        unknown = [table for table in declared.tables or () if table not in source.tables]
        faults += [f"source '{name}' has no table '{each}'{did_you_mean(each, source.tables)}" for each in unknown]
    if faults:
        listed = "\n".join(f"  freshness: {fault}" for fault in faults)
        raise ConfigurationError(f"{FILE_NAME} does not go with {sources.file} ({GUIDE} explains every key):\n{listed}")


def list_dated(source: PulledSource, tables: Iterable[str] | None) -> list[str]:
    """The pulls that say how new their rows are, of those that ``tables`` are made of; of all where None."""
    named = {name for table in tables or source.tables if table in source.tables for name in source.read_by(table)}
    return [name for name, pull in source.wanted.items() if name in named and (pull.cursor or pull.day)]


def _name_twice(document: Document) -> list[Fault]:
    written = document.data.get("alerts")
    if not isinstance(written, list):
        return []
    names = [each.get("name") if isinstance(each, dict) else None for each in written]
    return [
        document.fault(("alerts", number, "name"), f"'{name}' is the name of another one: give each its own")
        for number, name in enumerate(names)
        if isinstance(name, str) and name in names[:number]
    ]


def _keys_allowed(document: Document, place: Place) -> list[str]:
    model: type[BaseModel] = Nights
    if place[:1] == ("alerts",) and len(place) > 1:
        written = document.data["alerts"][place[1]]
        model = CHANNELS.get(written.get("type") if isinstance(written, dict) else None, Channel)
    elif place:
        within: dict[str, type[BaseModel]] = {"delivery": Delivery, "heartbeat": Heartbeat, "freshness": Freshness}
        model = within.get(str(place[0]), Nights)
    return [info.alias or name for name, info in model.model_fields.items()]
