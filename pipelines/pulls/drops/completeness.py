"""Which of the files that are there are whole: none by a temporary name, none that is still being written."""

import re
from collections.abc import Mapping

from pipelines.config.drop_sources import DropConnector
from pipelines.config.drops import Control, name_beside
from pipelines.pulls.drops.patterns import Look
from pipelines.pulls.drops.place import Entry
from pipelines.visible_text import make_one_line

_TEMPORARY = re.compile(
    r"(?i)\.(part|partial|tmp|temp|filepart|crdownload|download|upload|uploading|swp|incomplete|inprogress|writing)$|~$"
)
"""How programs end the names of what they have not finished: WinSCP, browsers, rsync, lftp and others."""


def is_temporary(base: str) -> bool:
    """Whether a file of that name is nobody's export yet."""
    return base.startswith(".") or _TEMPORARY.search(base) is not None


def final_name(name: str) -> str:
    """What a file with a temporary name will be called."""
    return _TEMPORARY.sub("", name)


def leave_out_others(found: Mapping[str, Entry], connector: DropConnector, control: Control | None) -> dict[str, Entry]:
    """The files of ``found`` without those by temporary names, and those that belong to others: markers, controls."""
    beside = [each for each in (connector.marker, control and control.file) if each]
    belonging = {name_beside(each, name) for each in beside for name in found}
    return {
        name: entry
        for name, entry in found.items()
        if not is_temporary(entry.base) and (name not in belonging or _is_own(name, beside))
    }


def _is_own(name: str, beside: list[str]) -> bool:
    """``{stem}.csv`` beside `orders.csv` would be the file itself."""
    return any(name_beside(each, name) == name for each in beside)


def find_missing_marker(entry: Entry, marker: str, look: Look) -> str | None:
    """Why the marker does not say that the file is whole; None: it does."""
    name = name_beside(marker, entry.name)
    found = look.look_up(name)
    shown = make_one_line(name.rpartition("/")[2])
    if found is None or found.is_folder:
        return f"its marker {shown} is not there"
    if found.modified_at and entry.modified_at and found.modified_at < entry.modified_at:
        return f"it was changed after its marker {shown} was written"
    return None


def has_moved(before: Entry, after: Entry | None) -> str | None:
    """Why the file is still being written, by two looks at it; None: it stands still."""
    if after is None or after.is_folder:
        return "it went while it was looked at"
    if after.size != before.size:
        return f"it is still being written: {before.size:,} bytes, then {after.size:,}"
    return None if after.state == before.state else "it is still being written"
