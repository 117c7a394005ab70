"""What opens the page: a token made for this start, or the operator's password."""

import hashlib
import hmac
import os
import secrets
import stat
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError

PASSWORD, PASSWORD_FILE = "PARCOURS_UI_PASSWORD", "PARCOURS_UI_PASSWORD_FILE"

SHORTEST = 12
"""Characters of a password: at a guess a minute, which ``backoff`` leaves, no list of usual ones gets far."""


UNGUESSABLE = 32
"""Characters from which on nobody guesses one, at whatever rate: what the command in the message below makes."""


@dataclass(frozen=True)
class Secret:
    """What whoever opens the page must know: a token, random and made for one process, or a password of somebody's."""

    value: str
    is_password: bool

    @property
    def can_be_guessed(self) -> bool:
        return self.is_password and len(self.value) < UNGUESSABLE

    def matches(self, given: str) -> bool:
        """In a time that says nothing about how much of it was right."""
        return hmac.compare_digest(_digest(given), _digest(self.value))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def make_token() -> Secret:
    return Secret(secrets.token_urlsafe(32), is_password=False)


def take_password(file: Path | None, environment: MutableMapping[str, str]) -> Secret | None:
    """The operator's password, from ``file``, else the environment; None where there is none.

    It is taken out of ``environment``, so that no process that is started has it. Raises ConfigurationError.
    """
    spoken = environment.pop(PASSWORD, "")
    named = environment.pop(PASSWORD_FILE, "")
    path = file or (Path(named) if named else None)
    password, origin = (_read(path), str(path)) if path else (spoken, PASSWORD)
    if not password and path is None:
        return None
    if len(password) < SHORTEST:
        raise ConfigurationError(
            f"The password of {origin} has {len(password)} characters; at least {SHORTEST}, which nobody "
            "could guess: `python -c 'import secrets; print(secrets.token_urlsafe(24))'` makes one."
        )
    return Secret(password, is_password=True)


def _read(path: Path) -> str:
    try:
        content = path.expanduser().read_text(encoding="utf-8")
        mode = path.expanduser().stat().st_mode
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "not a text in UTF-8"
        raise ConfigurationError(f"The password file {path} cannot be read: {reason}.") from None
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        sys.stderr.write(f"parcours: other users of this machine can read {path}; `chmod 600` it.\n")
    return content.strip("\r\n")
