"""What Parcours raises when it cannot go on: each message says what is wrong, where, and what to do."""

from collections.abc import Sequence


class ParcoursError(Exception):
    """A run that must stop before publishing (exit code 1). The message is for the person who runs it.

    ``is_passing``: of a system outside that may well answer the next time, so that it is asked again.
    """

    exit_code = 1
    is_passing = False


class ConfigurationError(ParcoursError):
    """Wrong use or configuration (exit code 2): a command, `sources.yml`, an environment variable."""

    exit_code = 2


class ExtractError(ParcoursError):
    """A source that cannot be read or mapped.

    ``at`` is the key of its table in `sources.yml` that is to be corrected, ``parts`` each single fault with the key
    that it is about, where there may be several.
    """

    def __init__(
        self, message: str, *, at: tuple[str, ...] = (), parts: Sequence[tuple[tuple[str, ...], str]] = ()
    ) -> None:
        super().__init__(message)
        self.at = at
        self.parts = tuple(parts)


class MappingError(ExtractError):
    """SQL of `sources.yml` that does not go with the source's columns (exit code 2: the file is to be corrected)."""

    exit_code = 2
