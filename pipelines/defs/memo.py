"""What the steps of one process share, made once."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Memo(Generic[Made]):
    """Something that was made of something else, until that is another."""

    def __init__(self) -> None:
        self._of: Hashable = None
        self._made: list[Made] = []

    def get(self, of: Hashable, make: Callable[[], Made]) -> Made:
        """What was made of ``of``; made anew where it was made of something else, or not at all."""
        if not self._made or self._of != of:
            self.put(of, make())
        return self._made[0]

    def put(self, of: Hashable, made: Made) -> None:
        """From now on, ``made`` is what is made of ``of``."""
        self._of, self._made = of, [made]
