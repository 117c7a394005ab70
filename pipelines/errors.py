"""What Parcours raises when it cannot go on: each message says what is wrong, where, and what to do."""


class ParcoursError(Exception):
    """A run that must stop before publishing (exit code 1). The message is for the person who runs it."""

    exit_code = 1


class ConfigurationError(ParcoursError):
    """Wrong use or configuration (exit code 2): a command, `sources.yml`, an environment variable."""

    exit_code = 2
