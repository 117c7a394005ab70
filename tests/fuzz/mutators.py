"""Small harm done to an input, by chance: bytes, lines, archives, nodes of YAML, names of files and folders."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import yaml

PIECES = (
    b"\x00", b'"', b'""', b"'", b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc3", b"\x1f",
    b"\x1b[31m", b"\x07", b"\xe2\x80\xae", b"\xe2\x80\x8b", b"\xf0\x9f\x92\xa5", b",", b";", b"\t", b"|", b",,,,,,,,",
    b"\\", b"\\N", b"NULL", b"NaN", b"-inf", b"1e400", b"9" * 400, b"-0", b"0x1F", b"{", b"}", b"[", b"]", b"[" * 2000,
    b'{"a":' * 1500, b":", b"#", b"&a", b"*a", b"<<: *a", b"!!python/name:os.system", b"%", b"{{a}}", b"${HOME}", b"--",
    b"/*", b"$$", b"sep=;\n", b"x" * 5000, b"1970-01-01", b"9999-12-31", b"0000-00-00", b"\xe9", b"\xc3\x83\xc2\xa9",
)  # fmt: skip
ODD_NODES = (
    "[]", "{}", "[[]]", "[1, {a: [b]}]", "{a: {b: {c: d}}}", "~", "''", "' '", "true", "-1", "0", "1.5", "1e400",
    ".nan", ".inf", "-.inf", "9" * 20, "9" * 5000, "-" + "9" * 5000, "0x" + "F" * 5000, "1:30", "0b_", "2026-01-01",
    "0001-01-01", "9999-12-31", "2026-02-30", "12:30:45", "!!python/object/apply:os.system [id]", "!!binary aGVsbG8=",
    "!!binary '***'", "!!set {a, b}", "!!omap [a: 1]", "!!timestamp 2026-01-01", "!!timestamp x", "!!int x",
    "!!float x", "!!null x", "!!bool x", "!!str 5", "!x y", "&a [*a]", "*nowhere", "&b [x, x]", "{<<: {a: 1}}",
    "{? [a] : b}",
    '"\\0"', '"\\x1b[31m"', '"\\u202e"', '"\\uD800"', "'*'", "'../../etc/passwd'", "/dev/zero", "'[x]*'", "'**/**'",
    "'{{ a }}'", "'${HOME}'", "'$'", "'${'", "'${NOT_THERE}'", '"(("', '"))"', '"1) or (1=1"', '"a\'b"', "'\"'",
    '"select 1; drop table x"', '"--"', '"/*"', '"$$"', '"?"', '"$1"', '"*"', '"columns(*)"', '"read_csv(\'x\')"',
    '"error(\'x\')"', '"count(*) over ()"', '"(select 1)"', '"random()"', '"now()"', "[" * 200 + "]" * 200,
    "{a: " * 100 + "1" + "}" * 100, '"' + "x" * 5000 + '"', '"' + "(" * 3000 + '"', '"' + "not " * 3000 + 'true"',
    '"' + "1+" * 3000 + '1"', "|\n          many\n          lines", "utf-16", "utf-7", "rot13", "zip", "idna", "base64",
)  # fmt: skip
NAMES = (
    "[x]*", "{{a}}", "a'b", 'a"b', "a b", " a", "a ", "a\nb", "a\tb", "\x1b[31m", "é", "e\u0301", "\u202ex", "💥", "-x",
    "--home", "~", "~root", "$HOME", "${HOME}", "%41", "a;b", "a|b", "a&b", "a,b", "a!b", "a#b", "a?b", "*", "**", "?",
    "[", "]", "{", "}", "(", ")", "\\", "a\\b", ".", "..", ".hidden", "con", "a" * 200, "a" * 254, "a" * 300, "\x00",
    "file_row_number", "filename", "=1+1", "\udcff", "x\udce9y", "a:b", "@", "+", "``", "!/", "a!/b", "2026", "null",
)  # fmt: skip

Mutate = Callable[[Random, bytes], bytes]


def _flip(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 20))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _insert(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.choice(PIECES) * random.choice((1, 1, 1, 3)) + content[at:]


def _put(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + random.choice(PIECES) + content[at + random.choice((1, 2, 10)) :]


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _behead(random: Random, content: bytes) -> bytes:
    return content[random.randrange(len(content)) :]


def _drop(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + content[at + random.randrange(1, 60) :]


def _double(random: Random, content: bytes) -> bytes:
    first, last = sorted(random.randrange(len(content) + 1) for _ in range(2))
    return content[:last] + content[first:last] * random.choice((1, 2, 10)) + content[last:]


def _change_lines(random: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            random.shuffle(lines)
        case 3:
            lines.insert(at, lines[0])
        case 4:
            lines[at] = lines[at].rstrip(b"\r\n") + random.choice((b"", b"\r", b"\r\n", b"\n\n", b" \n"))
        case _:
            lines[at], lines[other] = lines[other], lines[at]
    return b"".join(lines)


def _change_marks(random: Random, content: bytes) -> bytes:
    marks = (b",", b";", b"\t", b'"', b"\n", b".", b":", b"'", b" ", b"-")
    return content.replace(random.choice(marks), random.choice((*marks, b"")), random.choice((1, 5, -1)))


def _recode(random: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "utf-32", "utf-7")), "replace")


BYTES: tuple[Mutate, ...] = (
    _flip, _insert, _insert, _insert, _put, _put, _cut, _behead, _drop, _double, _change_lines, _change_lines,
    _change_marks, _recode,
)  # fmt: skip


def mutate_bytes(random: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """``content`` with one to four mutations, or spliced with one of ``others``."""
    if others and random.random() < 0.05:
        other = random.choice(others)
        content = content[: random.randrange(len(content))] + other[random.randrange(len(other)) :]
    for _ in range(random.choice((1, 1, 2, 4))):
        content = random.choice(BYTES)(random, content) or b"\n"
    return content


def mutate_gzip(random: Random, content: bytes) -> bytes:
    """The text inside, or the packed bytes."""
    if random.random() < 0.5:
        return mutate_bytes(random, content)
    return gzip.compress(mutate_bytes(random, gzip.decompress(content)), mtime=0)


def mutate_zip(random: Random, content: bytes) -> bytes:
    """A part or its name, or the packed bytes; also of a workbook, which is such an archive."""
    if random.random() < 0.4:
        return mutate_bytes(random, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    at = random.randrange(len(parts))
    name, inside = parts[at]
    if random.random() < 0.15:
        parts[at] = (random.choice(NAMES).encode("utf-8", "replace").decode() + random.choice((name, ".csv")), inside)
    else:
        parts[at] = (name, mutate_bytes(random, inside))
    if random.random() < 0.05:
        del parts[random.randrange(len(parts))]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in parts:
            archive.writestr(zipfile.ZipInfo(name.replace("\x00", "0") or "x"), inside)
    return written.getvalue()


def mutate_yaml(random: Random, content: bytes) -> bytes:
    """The bytes, or a node or two replaced, doubled, renamed or taken out."""
    if random.random() < 0.3:
        return mutate_bytes(random, content)
    document = yaml.safe_load(content)
    odd: dict[str, str] = {}
    for number in range(random.choice((1, 1, 2))):
        holder, key = random.choice(list(_list_places(document)))
        mark = f"ODD-{number}-NODE"
        match random.randrange(8):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[mark] = holder.pop(key)
            case 2 if isinstance(holder, list):
                holder.append(holder[key])
            case 3:
                holder[key] = [holder[key]] * random.choice((1, 2, 200))
            case _:
                holder[key] = mark
        odd[mark] = random.choice(ODD_NODES)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
    for mark, node in odd.items():
        text = text.replace(mark, node)
    return text.encode("utf-8", "surrogatepass")


def _list_places(node: Any) -> list[tuple[Any, Any]]:
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [place for key in keys for place in ((node, key), *_list_places(node[key]))]


def mutate_paths(random: Random, content: bytes) -> bytes:
    """Other names of the home, the folder of exports, the file and the pattern."""
    names = json.loads(content)
    for _ in range(random.choice((1, 2))):
        place = random.choice(sorted(names))
        odd = random.choice(NAMES)
        if random.random() < 0.4:
            odd += random.choice(NAMES)
        names[place] = random.choice((odd, odd + names[place], f"{odd}/{names[place]}", f"{names[place]}/../{odd}"))
    return json.dumps(names).encode()
