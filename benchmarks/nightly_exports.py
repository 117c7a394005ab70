"""The exports of the generated retailer as systems send them night after night, and those of the night after.

`parcours sample` writes most tables as one file. Systems that send a table of events send a file a day or a month, so
that a night brings a file and leaves the others as they were: :func:`split_by_month` lays the exports out so.
:func:`write_next_day` then makes the exports of one more day. Text is moved line by line and never understood, so what
is at fault in it stays so.
"""

import csv
import gzip
import io
import json
import random
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import IO

import polars as pl

from pipelines.config.sources import load_sources

ISO, FRENCH = rb"(\d{4})-(\d\d)-\d\d[T\"]", rb"(?P<month>\d\d)/(?P<year>\d{4})"
EVENTS: dict[str, bytes] = {
    "shop/orders.jsonl": rb'"placedAt":"' + ISO,
    "shop/returns.jsonl": rb'"receivedAt":"' + ISO,
    "till/tickets.csv": rb";\d\d/" + FRENCH + rb" \d\d:\d\d;",
    "till/lignes.csv": rb"",  # A line has no date: it is of its ticket's month.
    "till/ruptures.csv": rb";\d\d/" + FRENCH,
    "crm/campaign_events.csv.gz": rb"," + ISO,
    "crm/loyalty_transactions.csv.gz": rb"," + ISO,
    "crm/consents.csv": rb"," + ISO,
}
"""The large tables of events that the sample writes as one file, and where the day of a line is found."""

NEW_IDS: dict[str, bytes] = {
    "shop/events_*.csv.gz": rb"\b([EZ]\d{9})\b",
    "shop/orders_*.jsonl": rb'(?<="orderNumber":")(W\d+)|(?<="sessionId":")(Z\d+)',
    "shop/returns_*.jsonl": rb'(?<="rma":")(R\d+)',
    "till/tickets_*.csv": rb"^(T\d+)",
    "till/lignes_*.csv": rb"^(T\d+)",
    "till/ruptures_*.csv": rb"$^",
    "till/frequentation.csv": rb"$^",
    "crm/campaign_events_*.csv.gz": rb"^(N\d+)",
    "crm/loyalty_transactions_*.csv.gz": rb"^(L\d+)",
    "crm/consents_*.csv": rb"$^",
    "crm/cases.csv": rb"^(I\d+)",
    "crm/survey_responses.csv": rb"^(Q\d+)",
    "shop/ad_spend.csv": rb"$^",
}
"""Which ids of a line are others, where a line of one day becomes a line of the next."""

MARK = b"X"  # Ends the ids of the day that is added; no id of the sample ends so.


def split_by_month(exports: Path) -> None:
    """Writes the tables of events as a file a month, each with its header, and has sources.yml read them all."""
    as_of = _read_day(exports)
    first, last = f"{as_of - timedelta(days=730):%Y-%m}", f"{as_of:%Y-%m}"
    month_of_ticket: dict[bytes, str] = {}
    for name, where in EVENTS.items():
        file = exports / name
        pattern, month, written = re.compile(where), first, dict[str, IO[bytes]]()
        with _open(file) as lines:
            header = b"" if ".jsonl" in name else next(lines)
            for line in lines:
                if name == "till/lignes.csv":
                    month = month_of_ticket.get(line.partition(b";")[0], month)
                elif found := pattern.search(line):
                    parts = found.groupdict() or dict(zip(("year", "month"), found.groups(), strict=False))
                    said = f"{parts['year'].decode()}-{parts['month'].decode()}"
                    month = said if first <= said <= last else month  # A slip of the keyboard makes no file.
                if name == "till/tickets.csv":
                    month_of_ticket[line.partition(b";")[0]] = month
                if month not in written:
                    written[month] = _open(_of_month(file, month), "wb")
                    written[month].write(header)
                written[month].write(line)
        for each in written.values():
            each.close()
        file.unlink()
    lines_of_orders = exports / "shop" / "order_lines.parquet"
    lines_of_orders.rename(_of_month(lines_of_orders, last))
    _rewrite(exports / "sources.yml", [(Path(name).name, Path(_pattern(name)).name) for name in EVENTS])
    _rewrite(exports / "sources.yml", [("order_lines.parquet", "order_lines_*.parquet")])


def write_next_day(exports: Path, target: Path, share: float = 0.01, seed: int = 1) -> dict[str, int]:
    """The exports of the day after those in ``exports``, in the new folder ``target``.

    What happened on the last day happens again on the next, to the same customers and under new ids: where the day
    begins a month, in files of their own. ``share`` of the people's records are edited, and a tenth as many are new.
    Returns how many lines were added and how many records were edited and are new. Raises ValueError where the last
    day is not the end of a month: the files of the month would have to be written again.
    """
    shutil.copytree(exports, target)
    last = _read_day(exports)
    day = last + timedelta(days=1)
    if day.day != 1:
        raise ValueError(f"{last} does not end a month")
    dates = {f"{last:{how}}".encode(): f"{day:{how}}".encode() for how in ("%Y-%m-%d", "%d/%m/%Y")}
    added = 0
    tickets: set[bytes] = set()
    for name, ids in NEW_IDS.items():
        before = b'"placedAt":"' if name.startswith("shop/orders") else b""  # One that is handed over is not new.
        newest = max(target.glob(name))
        own = _of_month(target / name.replace("_*", ""), f"{day:%Y-%m}") if "*" in name else newest
        kept: list[bytes] = []
        with _open(newest) as lines:
            header = b"" if ".jsonl" in name else next(lines)
            for line in lines:
                if name.startswith("till/lignes"):
                    is_of_day = line.partition(b";")[0] in tickets
                else:
                    is_of_day = any(before + said in line for said in dates)
                if is_of_day:
                    if name.startswith("till/tickets"):
                        tickets.add(line.partition(b";")[0])
                    kept.append(_move(line, dates, re.compile(ids)))
        if own == newest:
            with newest.open("ab") as file:
                file.writelines(kept)
        else:
            with _open(own, "wb") as file:
                file.writelines([header, *kept])
        added += len(kept)
    added += _add_order_lines(target, day)
    changed = change_people(target, day, share, seed)
    _rewrite(target / "sources.yml", [(f"as_of: {last}", f"as_of: {day}")], whole=False)
    return {"events": added, **changed}


def change_people(exports: Path, day: date, share: float, seed: int) -> dict[str, int]:
    """Edits a ``share`` of the people's records where they lie, on ``day``, and adds a tenth as many; how many."""
    changed = {"edited": 0, "new": 0}
    for table in (_change_csv(exports / "crm/contacts.csv", "utf-8-sig", ",", CONTACTS, day),
                  _change_csv(exports / "till/clients.csv", "latin-1", ";", CLIENTS, day),
                  _change_json(exports / "shop/customers.jsonl", day)):  # fmt: skip
        for what, count in table(share, random.Random(seed)).items():
            changed[what] += count
    return changed


def _add_order_lines(target: Path, day: date) -> int:
    """What the orders of the day consist of: the lines of those that they were made after."""
    orders = re.findall(rb'"orderNumber":"(W\d+)X"', (target / f"shop/orders_{day:%Y-%m}.jsonl").read_bytes())
    lines = pl.scan_parquet(target / "shop" / "order_lines_*.parquet")
    number = pl.col("order_number")
    found = lines.filter(number.is_in([order.decode() for order in orders])).with_columns(number + MARK.decode())
    rows = found.collect()
    rows.write_parquet(target / f"shop/order_lines_{day:%Y-%m}.parquet")
    return rows.height


CONTACTS = {"id": "ContactId", "email": "Email", "phone": "MobilePhone", "name": "LastName",
            "home": ("MailingStreet", "MailingPostalCode", "MailingCity"),
            "created": "CreatedDate", "updated": "LastModifiedDate"}  # fmt: skip
CLIENTS = {"id": "NUM_CLIENT", "email": "EMAIL", "phone": "TELEPHONE", "name": "NOM",
           "home": ("ADRESSE", "CODE_POSTAL", "VILLE"), "created": "CREE_LE", "updated": "MODIFIE_LE"}  # fmt: skip
ACCOUNTS = {"id": "id", "email": "email", "phone": "phone", "name": "lastName", "home": ("street", "zip", "city"),
            "created": "createdAt", "updated": "updatedAt"}  # fmt: skip
Names = dict[str, str | tuple[str, ...]]
Change = Callable[[float, random.Random], dict[str, int]]


def _change_csv(file: Path, encoding: str, delimiter: str, names: Names, day: date) -> Change:
    """Changes the people of a CSV file."""

    def change(share: float, draw: random.Random) -> dict[str, int]:
        with file.open(encoding=encoding, newline="") as opened:
            header, *rows = csv.reader(opened, delimiter=delimiter)
        whole = [dict(zip(header, row, strict=True)) if len(row) == len(header) else None for row in rows]
        when = f"{day:%d/%m/%Y} 10:00" if delimiter == ";" else f"{day}T10:00:00+01:00"
        done, new = _change_people([person for person in whole if person], names, when, share, draw)
        with file.open("w", encoding=encoding, newline="") as opened:
            write = csv.writer(opened, delimiter=delimiter, lineterminator="\n").writerow
            write(header)
            for row, person in zip(rows, whole, strict=True):
                write(row if person is None else list(person.values()))
            for person in new:
                write(list(person.values()))
        return done

    return change


def _change_json(file: Path, day: date) -> Change:
    """Changes the people of a file of JSON lines."""

    def change(share: float, draw: random.Random) -> dict[str, int]:
        people = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        done, new = _change_people(people, ACCOUNTS, f"{day}T10:00:00Z", share, draw)
        lines = (json.dumps(person, ensure_ascii=False, separators=(",", ":")) for person in (*people, *new))
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return done

    return change


def _change_people(
    people: list[dict[str, str]], names: Names, when: str, share: float, draw: random.Random
) -> tuple[dict[str, int], list[dict[str, str]]]:
    """Edits a share of ``people`` in place, by turns another e-mail, telephone, home and surname; and new ones."""
    edited = draw.sample(range(len(people)), max(4, round(len(people) * share)))
    for turn, number in enumerate(edited):
        person, other = people[number], people[number - 1]
        what = ("email", "phone", "home", "name")[turn % 4]
        for name in _list(names[what]):
            person[name] = f"changed.{person[str(names['id'])]}@free.fr" if what == "email" else other[name]
        person[str(names["updated"])] = when
    new = []
    for number in draw.sample(range(len(people)), max(1, len(edited) // 10)):
        person = {**people[number]}
        person[str(names["id"])] += MARK.decode()
        person[str(names["email"])] = f"new.{person[str(names['id'])]}@free.fr"
        person |= {str(names[time]): when for time in ("created", "updated")}
        new.append(person)
    return {"edited": len(edited), "new": len(new)}, new


def _list(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return names if isinstance(names, tuple) else (names,)


def _move(line: bytes, dates: dict[bytes, bytes], ids: re.Pattern[bytes]) -> bytes:
    for before, after in dates.items():
        line = line.replace(before, after)
    return ids.sub(lambda found: found[0] + MARK, line)


def _read_day(exports: Path) -> date:
    day = load_sources(exports / "sources.yml").as_of
    if day is None:
        raise ValueError(f"{exports / 'sources.yml'} names no as_of")
    return day


def _of_month(file: Path, month: str) -> Path:
    stem, _, ending = file.name.partition(".")
    return file.with_name(f"{stem}_{month}.{ending}")


def _pattern(name: str) -> str:
    stem, _, ending = name.partition(".")
    return f"{stem}_*.{ending}"


def _open(file: Path, mode: str = "rb") -> IO[bytes]:
    if file.suffix != ".gz":
        return file.open(mode)
    if mode == "rb":
        return io.BufferedReader(gzip.open(file))  # type: ignore[arg-type]
    return gzip.GzipFile(file, mode, compresslevel=6, mtime=0)  # type: ignore[return-value]


def _rewrite(file: Path, changes: Iterable[tuple[str, str]], *, whole: bool = True) -> None:
    """Exchanges texts of sources.yml: the names of files, or with ``whole`` false anything."""
    text = file.read_text(encoding="utf-8")
    for before, after in changes:
        old, new = (f"from: {before}\n", f'from: "{after}"\n') if whole else (before, after)
        if old not in text:
            raise ValueError(f"{file} has no {old.strip()}")
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def list_files(exports: Path) -> Iterator[Path]:
    """The files of the exports that are read."""
    for folder in ("crm", "shop", "till"):
        yield from sorted((exports / folder).iterdir())
