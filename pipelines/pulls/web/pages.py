"""From page to page of a list of a web API, each of which says which one follows."""

from pipelines.pulls.errors import SourceError


class Trail:
    """The pages of a list that were gone to. ``told_by`` is what messages call the API, ``shown`` the list."""

    def __init__(self, told_by: str, shown: str) -> None:
        self._told_by, self._shown = told_by, shown
        self._places: set[str] = set()

    def follow(self, place: object) -> str:
        """The ``place`` of the next page. Raises SourceError where it is no text, or one that was gone to before."""
        if not isinstance(place, str) or place in self._places:
            raise SourceError(f"{self._told_by} leads from page to page of {self._shown} in a circle.", is_passing=True)
        self._places.add(place)
        return place
