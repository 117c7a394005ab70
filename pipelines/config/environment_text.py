"""Texts of `sources.yml` in which ``${NAME}`` stands for a variable of the environment, such as a credential."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class EnvironmentText:
    """A text with variables of the environment in it.

    Shown, logged and compared as written; only :meth:`reveal` and :meth:`resolve_path` fill the variables in.
    """

    written: str
    _revealed: str = field(repr=False, compare=False)

    @classmethod
    def read(cls, value: object) -> "EnvironmentText":
        """Raises ValueError (which pydantic gathers) where a variable is not set or ``value`` is not a text."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, str) or not value:
            raise ValueError("must be a text, not empty")
        unset = sorted({name for name in _VARIABLE.findall(value) if not os.environ.get(name)})
        if unset:
            names = " and ".join(unset)
            raise ValueError(f"the environment variable {names} is not set: export {names} before the run")
        revealed = _VARIABLE.sub(lambda match: os.environ[match.group(1)], value)
        if revealed.startswith("~"):
            try:
                Path(revealed).expanduser()
            except RuntimeError:
                raise ValueError(f"there is no user '{revealed.partition('/')[0][1:]}' on this machine") from None
        return cls(value, revealed)

    def reveal(self) -> str:
        return self._revealed

    def resolve_path(self, base: Path) -> Path:
        """The text as an absolute path; a relative one starts from ``base``."""
        return (base / Path(self._revealed).expanduser()).resolve()

    def __str__(self) -> str:
        return self.written


FromEnvironment = Annotated[EnvironmentText, PlainValidator(EnvironmentText.read), PlainSerializer(str)]
"""The type of a key whose text may name variables of the environment."""
