"""The group of this machine that may read what is published: analysts with accounts of their own."""

import grp
import os
from typing import Annotated

from pydantic import PlainValidator

from pipelines.yaml_document import did_you_mean


def find_group(name: str) -> int | None:
    """The number of the group ``name``; None where this machine has none of that name."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def may_give_to(group: int) -> bool:
    """Whether this process may let a file of its own belong to ``group``: root to any, others to those they are in."""
    return os.geteuid() == 0 or group in {os.getegid(), *os.getgroups()}


def _usable_group(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise ValueError("must be the name of a group of this machine, such as analysts")
    group = find_group(name)
    if group is None:
        known = sorted(each.gr_name for each in grp.getgrall())
        raise ValueError(
            f"this machine has no group '{name}'{did_you_mean(name, known)}: make it (groupadd), or leave the key out"
        )
    if not may_give_to(group):
        raise ValueError(
            f"who runs this is not in the group '{name}', and so cannot let it read: join it (usermod -aG), and log in "
            "again"
        )
    return name


Readers = Annotated[str, PlainValidator(_usable_group)]
"""The name of a group that exists and that files can be given to."""
