"""Salesforce's ids, which come in two lengths: fifteen characters of which capitals count, and eighteen that say so."""

from typing import Any

SLOTS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def lengthen_id(value: Any) -> Any:
    """An id of fifteen characters as the eighteen it also has; anything else as it is.

    Each of the three says which of five characters are capitals (Salesforce, "What is the difference between
    15-character and 18-character ids").
    """
    if not isinstance(value, str) or len(value) != 15 or not value.isascii() or not value.isalnum():
        return value
    parts = (value[start : start + 5] for start in (0, 5, 10))
    return value + "".join(SLOTS[sum(1 << place for place, each in enumerate(of) if each.isupper())] for of in parts)
