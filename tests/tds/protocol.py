"""The shapes of TDS 7.4 that a server sends and receives: packets, the login, and the tokens of a result.

As Microsoft publishes them in [MS-TDS]; what a client need not see is left out.
"""

import socket
import ssl
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

BATCH, ATTENTION, LOGIN, PRELOGIN, REPLY = 1, 6, 16, 18, 4
ENCRYPTED, NOT_ENCRYPTED = 1, 2
_LARGEST, _HEADER = 4096, 8
_COLLATION = bytes.fromhex("0904d00034")  # Latin1_General_CI_AS
_EPOCH = date(1, 1, 1).toordinal()


class Channel:
    """Messages over one connection, which may become an encrypted one."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket: socket.socket = connection
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    @property
    def is_encrypted(self) -> bool:
        return self._tls is not None

    def read(self) -> tuple[int, bytes]:
        """The kind of the next message, and all of it. Raises EOFError where the other side has gone."""
        whole = b""
        while True:
            kind, status, length = struct.unpack(">BBH4x", self._read_exactly(_HEADER))
            whole += self._read_exactly(length - _HEADER)
            if status & 1:
                return kind, whole

    def write(self, payload: bytes, kind: int = REPLY) -> None:
        """A message, in packets."""
        size = _LARGEST - _HEADER
        pieces = [payload[start : start + size] for start in range(0, len(payload), size)] or [b""]
        for number, piece in enumerate(pieces, 1):
            header = struct.pack(">BBHHBB", kind, number == len(pieces), len(piece) + _HEADER, 51, number % 256, 0)
            self._send(header + piece)

    def write_rows(self, parts: Iterator[bytes]) -> None:
        """A message that is not held as a whole."""
        size, held = _LARGEST - _HEADER, b""
        for part in parts:
            held += part
            while len(held) > size:
                self._send(struct.pack(">BBHHBB", REPLY, 0, _LARGEST, 51, 1, 0) + held[:size])
                held = held[size:]
        self.write(held)

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Shakes hands within messages, as TDS does, and speaks TLS from then on."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                if self._outgoing.pending:
                    self.write(self._outgoing.read(), PRELOGIN)
                self._incoming.write(self.read()[1])
        self.write(self._outgoing.read(), PRELOGIN)
        self._tls = tls

    def _send(self, data: bytes) -> None:
        if self._tls:
            self._tls.write(data)
            data = self._outgoing.read()
        self._socket.sendall(data)

    def _read_exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            data += self._read_some(count - len(data))
        return data

    def _read_some(self, most: int) -> bytes:
        while self._tls:
            try:
                return self._tls.read(most)
            except ssl.SSLWantReadError:
                self._incoming.write(self._receive(16_384))
        return self._receive(most)

    def _receive(self, most: int) -> bytes:
        if data := self._socket.recv(most):
            return data
        raise EOFError


def read_encryption(prelogin: bytes) -> int:
    """What the client asks for: 0 for the login alone, 1 always, 2 never."""
    position = 0
    while prelogin[position] != 0xFF:
        option, offset, _ = struct.unpack_from(">BHH", prelogin, position)
        if option == 1:
            return prelogin[offset]
        position += 5
    return NOT_ENCRYPTED


def prelogin(encryption: int) -> bytes:
    """The server's version, and what is encrypted."""
    options = ((0, struct.pack(">BBHH", 16, 0, 1000, 0)), (1, bytes([encryption])), (2, b"\0"), (3, b""), (4, b"\0"))
    offset, table, values = len(options) * 5 + 1, b"", b""
    for number, value in options:
        table += struct.pack(">BHH", number, offset + len(values), len(value))
        values += value
    return table + b"\xff" + values


@dataclass(frozen=True)
class Login:
    """Who wants in."""

    user: str
    password: str
    database: str

    @classmethod
    def read(cls, message: bytes) -> "Login":
        def text(place: int) -> bytes:
            offset, count = struct.unpack_from("<HH", message, place)
            return message[offset : offset + 2 * count]

        hidden = bytes(((byte ^ 0xA5) >> 4 | (byte ^ 0xA5) << 4) & 0xFF for byte in text(44))
        return cls(text(40).decode("utf-16-le"), hidden.decode("utf-16-le"), text(68).decode("utf-16-le"))


def read_batch(message: bytes) -> str:
    """The SQL of a batch, which follows headers."""
    [headers] = struct.unpack_from("<I", message)
    return message[headers:].decode("utf-16-le")


def _short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def login_accepted(database: str) -> bytes:
    """The login is taken, and the database chosen."""
    changed = b"\x01" + _short(database) + _short("master")
    collation = b"\x07" + bytes([len(_COLLATION)]) + _COLLATION + b"\0"
    taken = b"\x01" + bytes.fromhex("74000004") + _short("Microsoft SQL Server") + bytes([16, 0, 3, 232])
    size = b"\x04" + _short(str(_LARGEST)) + _short(str(_LARGEST))
    tokens = ((0xE3, changed), (0xE3, collation), (0xAD, taken), (0xE3, size))
    return b"".join(struct.pack("<BH", kind, len(body)) + body for kind, body in tokens) + done()


def error(number: int, words: str) -> bytes:
    """What is wrong, and the end of the reply."""
    said = struct.pack("<H", len(words)) + words.encode("utf-16-le")
    body = struct.pack("<IBB", number, 1, 16) + said + _short("test") + _short("") + struct.pack("<I", 1)
    return struct.pack("<BH", 0xAA, len(body)) + body + done(status=2)


def done(rows: int | None = None, status: int = 0) -> bytes:
    """The end of a reply."""
    return struct.pack("<BHHQ", 0xFD, status | (0x10 if rows is not None else 0), 0xC1, rows or 0)


_TYPES = {
    "UTINYINT": b"\x26\x01", "SMALLINT": b"\x26\x02", "INTEGER": b"\x26\x04", "BIGINT": b"\x26\x08",
    "BOOLEAN": b"\x68\x01", "DOUBLE": b"\x6d\x08", "FLOAT": b"\x6d\x08", "DATE": b"\x28",
    "TIMESTAMP": b"\x2a\x07", "TIMESTAMP WITH TIME ZONE": b"\x2b\x07",
}  # fmt: skip
_TEXT = b"\xe7\xff\xff" + _COLLATION


def columns(described: Sequence[tuple[str, str]]) -> bytes:
    """The names of columns with their types, as DuckDB calls these."""
    body = struct.pack("<BH", 0x81, len(described))
    for name, type_ in described:
        if type_.startswith("DECIMAL"):
            precision, scale = type_[8:-1].split(",")
            shape = bytes([0x6C, 17, int(precision), int(scale)])
        else:
            shape = _TYPES.get(type_, _TEXT)
        body += struct.pack("<IH", 0, 1) + shape + _short(name)
    return body


def row(values: Sequence[Any], types: Sequence[str]) -> bytes:
    """One row."""
    return b"\xd1" + b"".join(_value(value, type_) for value, type_ in zip(values, types, strict=True))


def _value(value: Any, type_: str) -> bytes:
    if type_ not in _TYPES and not type_.startswith("DECIMAL"):
        return _long(None if value is None else str(value).encode("utf-16-le"))
    if value is None:
        return b"\0"
    shape = _TYPES.get(type_, b"\x6c")
    if shape[0] in (0x26, 0x68):
        data = int(value).to_bytes(shape[1], "little", signed=type_ != "UTINYINT")
    elif shape[0] == 0x6D:
        data = struct.pack("<d", value)
    elif shape[0] == 0x6C:
        sign, digits, _ = Decimal(value).as_tuple()
        data = bytes([1 - sign]) + int("".join(map(str, digits))).to_bytes(16, "little")
    elif shape[0] == 0x28:
        data = _days(value)
    else:
        moment = value.astimezone(UTC).replace(tzinfo=None) if type_.endswith("ZONE") else value
        data = _clock(moment) + _days(moment) + (b"\0\0" if type_.endswith("ZONE") else b"")
    return bytes([len(data)]) + data


def _long(data: bytes | None) -> bytes:
    if data is None:
        return b"\xff" * 8
    return struct.pack("<Q", len(data)) + (struct.pack("<I", len(data)) + data if data else b"") + b"\0" * 4


def _days(day: date) -> bytes:
    return (day.toordinal() - _EPOCH).to_bytes(3, "little")


def _clock(moment: datetime) -> bytes:
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return (seconds * 10_000_000 + moment.microsecond * 10).to_bytes(5, "little")
