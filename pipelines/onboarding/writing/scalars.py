"""Values as YAML that a person would write: plain where possible, in the quotes that need no escapes otherwise."""

import json
import re
from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-zÀ-ÿ_./][\wÀ-ÿ ./+°-]*[\wÀ-ÿ./°]|[A-Za-zÀ-ÿ_.]")
# What YAML reads as something else than a text.
_WORDS = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|~|\.inf|\.nan|[-+.]?\d[\d_.e+-]*")


def scalar(value: object) -> str:
    """A value on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text):
        return text
    if '"' in text or "\\" in text:
        if "'" not in text and text.isprintable():
            return f"'{text}'"
        if "'" in text and text.isprintable() and text.count("'") <= text.count('"') + text.count("\\"):
            return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=not text.isprintable())


def inline(value: object) -> str:
    """A value of whatever kind, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    text = scalar(value)
    is_plain = not text.startswith(("'", '"'))
    return (
        json.dumps(text, ensure_ascii=False)
        if is_plain and isinstance(value, str) and re.search(r"[\[\]{},]", text)
        else text
    )


def is_awkward(value: str) -> bool:
    """Whether one line would need escapes, so that a block reads better."""
    is_shown = all(letter.isprintable() or letter == "\n" for letter in value)
    return is_shown and ("\n" in value or ("'" in value and '"' in value))
