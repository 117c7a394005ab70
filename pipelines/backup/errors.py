"""What goes wrong with a backup."""

from pipelines.errors import ParcoursError


class BackupError(ParcoursError):
    """A backup that cannot be written, read or trusted; nothing was changed."""
