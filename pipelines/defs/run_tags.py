"""Tags of Dagster's runs by which others tell where one came from."""

LAUNCHED_BY, COMMAND_LINE = "launched_by", "command line"
"""A run that a command carries out in its own process, whatever becomes of the page."""

WATCHED = "attended"
"""A run that somebody watches, of which nobody else is told."""
