"""Why somebody could not be told."""


class DeliveryError(Exception):
    """A message did not arrive. The text is ours: no address, password or answer of a server is in it.

    ``is_lasting``: it will not arrive later either, so that it is not tried again.
    """

    def __init__(self, message: str, *, is_lasting: bool = False) -> None:
        super().__init__(message)
        self.is_lasting = is_lasting
