"""What Parcours raises when it cannot go on: each message says what is wrong, where, and what to do."""


class ParcoursError(Exception):
    """A run that must stop before publishing (exit code 1). The message is for the person who runs it."""

    exit_code = 1


class ConfigurationError(ParcoursError):
    """Wrong use or configuration (exit code 2): a command, `sources.yml`, an environment variable."""

    exit_code = 2


class ExtractError(ParcoursError):
    """A source that cannot be read or mapped."""


class MappingError(ExtractError):
    """SQL of `sources.yml` that does not go with the source's columns (exit code 2: the file is to be corrected)."""

    exit_code = 2


class RejectLimitExceeded(ExtractError):  # noqa: N818 - it names the event, not a fault of the program
    """More rows of a table went to quarantine than `reject_limit` allows; the table in the lake is as it was."""
