"""Text of others as a terminal, a log or a page may show it: what cannot be seen is written out.

A file's name, a header or a value may hold characters that move the cursor, end a line of the log, or show what
follows from right to left. Here they become escapes such as ``\\u001b``; every letter that can be seen stays.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

# C0 but for tab and line feed, DEL and C1; soft hyphen; joiners, marks and isolates of writing direction; fillers that
# show nothing; separators of lines and paragraphs; selectors and tags; halves of a surrogate pair, by which Python
# carries the bytes of file names that are not UTF-8.
_UNSEEN = (
    "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f"
    "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\ud800-\\udfff"
    "\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff"
)
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_LINE = re.compile(f"[\\t\\n{_UNSEEN}]")


def make_visible(text: str) -> str:
    """``text`` with its line feeds and tabs, every other character that cannot be seen written out.

    The escapes are those of JSON, so that a document of JSON still says the same.
    """
    return text if text.isascii() and text.isprintable() else _IN_TEXT.sub(_write_out, text)


def make_one_line(text: str) -> str:
    """The same for a name or a value within a message of ours, which is not to begin lines of its own."""
    return text if text.isascii() and text.isprintable() else _IN_LINE.sub(_write_out, text)


def _write_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


class VisibleStream:
    """A stream of text that writes by :func:`make_visible`; a letter that its encoding lacks is written out too."""

    def __init__(self, stream: TextIO) -> None:
        self.plain = stream

    def write(self, text: str) -> int:
        shown = make_visible(text)
        try:
            self.plain.write(shown)
        except UnicodeEncodeError:
            self.plain.write("".join(letter if letter.isascii() else _write_out_any(letter) for letter in shown))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        return getattr(self.plain, name)


def _write_out_any(letter: str) -> str:
    return re.sub("(?s).", _write_out, letter)


def plain_stream(stream: TextIO) -> TextIO:
    """The stream beneath, for who draws on a terminal: its own codes pass, what it is given it makes visible itself."""
    return stream.plain if isinstance(stream, VisibleStream) else stream


@contextmanager
def visible_output() -> Iterator[None]:
    """Lets standard output and standard error carry meanwhile what can be seen only."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, VisibleStream(plain_stream(stream))) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
