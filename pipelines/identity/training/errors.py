"""What training raises when it cannot go on."""

from pipelines.errors import ParcoursError


class TrainingError(ParcoursError):
    """A model cannot be trained on these data."""
