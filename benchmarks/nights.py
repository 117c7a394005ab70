"""Random nights of the whole of Parcours, each beside a full build of the same night: the marts must be equal.

    python -m benchmarks nights
    python -m benchmarks.nights --nights 5 --seed 2

A small generated retailer goes through nights of what happens to one: rows come late, in the files of before or in
files of their own, rows and people are edited and deleted, two customers turn out to be one and are parted again, a
table's rule changes, a new model is trained, what was derived is lost, the last night is rolled back, a run is killed,
a run is ``--full``. Each night begins on two copies of one home: one runs as every night, the other with ``--full``.
Then every mart must hold the same rows, and so must the ledger. The nights are drawn by a seed.
"""

import argparse
import csv
import gzip
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.nightly_exports import change_people, list_files, split_by_month
from benchmarks.watched_run import ROOT, command_of, run_parcours
from pipelines.config.home import Home
from pipelines.lake.tables import Lake
from scripts.compare_warehouses import hash_tables

CUSTOMERS, DAYS, SEED, NIGHTS = 120, 150, 5, 30
LATE = 0.08  # Of the rows of events, those that come after the first night.
CHANGES = ("deliver", "delete", "swap", "edit", "merge_or_part", "change_rule")
PEOPLE = ("contacts.csv", "clients.csv", "customers.jsonl")
MASTERS = (*PEOPLE, "magasins.csv", "merges.csv")


@dataclass
class Night:
    """What happened before one night and to it, and which tables differ from a full build of it."""

    number: int
    day: date
    happened: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


@dataclass
class Retailer:
    """The exports of a retailer, as they lie tonight, and what is still to come."""

    exports: Path
    draw: random.Random
    last: date
    late: list[tuple[Path, bytes]] = field(default_factory=list)
    taken: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def sources(self) -> Path:
        return self.exports / "sources.yml"

    def hold_back(self) -> None:
        """Takes rows out of the tables of events, which come on later nights."""
        for file in self._find_events():
            header, rows = _read_lines(file)
            is_late = [self.draw.random() < LATE for _ in rows]
            self.late += [(file, row) for row, late in zip(rows, is_late, strict=True) if late]
            _write_lines(file, header, [row for row, late in zip(rows, is_late, strict=True) if not late])
        self.draw.shuffle(self.late)

    def deliver(self, _: date) -> str:
        """Rows come late: in the file where they belong, or in one of their own."""
        number = min(len(self.late), 1 + self.draw.randrange(1 + len(self.late) // 4))
        now, self.late = self.late[:number], self.late[number:]
        for file in dict.fromkeys(file for file, _ in now):
            header, rows = _read_lines(file)
            new = [row for where, row in now if where == file]
            if self.draw.random() < 0.5:
                _write_lines(file, header, rows + new)
            else:
                own = file.with_name(file.name.replace(".", f"-{self.draw.randrange(10**6)}.", 1))
                _write_lines(own, header, new)
        return f"{number} late rows"

    def delete(self, _: date) -> str:
        """Rows are gone from a few files, people among them."""
        files = self.draw.sample(list(self._find_texts()), 4)
        gone = 0
        for file in files:
            header, rows = _read_lines(file)
            kept = [row for row in rows if self.draw.random() > 0.02]
            gone += len(rows) - len(kept)
            _write_lines(file, header, kept)
        return f"{gone} deleted rows"

    def swap(self, _: date) -> str:
        """Rows of a file are in another order, and one stands there twice."""
        file = self.draw.choice(list(self._find_events()))
        header, rows = _read_lines(file)
        self.draw.shuffle(rows)
        _write_lines(file, header, rows + rows[:1])
        return f"another order in {file.name.partition('_')[0]}"

    def edit(self, day: date) -> str:
        """People's records are edited, and some are new."""
        seed = self.draw.randrange(10**6)
        for kind in PEOPLE:  # Ids of new people end in a letter; those of an earlier night are not to come again.
            file = next(self.exports.rglob(kind))
            file.write_bytes(file.read_bytes().replace(b"X", b"x"))
        done = change_people(self.exports, day, 0.02, seed)
        return f"{done['edited']} edited and {done['new']} new people"

    def merge_or_part(self, _: date) -> str:
        """A contact takes over what tells another from all, or has its own again."""
        file = self.exports / "crm/contacts.csv"
        with file.open(encoding="utf-8-sig", newline="") as opened:
            people = list(csv.DictReader(opened))
        if self.taken and self.draw.random() < 0.5:
            contact, own = self.taken.pop()
            for person in people:
                if person["ContactId"] == contact:
                    person.update(own)
            said = "a customer is parted"
        else:
            one, other = self.draw.sample([each for each in people if each["Email"]], 2)
            names = ("FirstName", "LastName", "Email", "MobilePhone", "Birthdate")
            self.taken.append((one["ContactId"], {name: one[name] for name in names}))
            one.update({name: other[name] for name in names})
            said = "two customers are one"
        with file.open("w", encoding="utf-8-sig", newline="") as opened:
            writer = csv.DictWriter(opened, people[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(people)
        return said

    def change_rule(self, _: date) -> str:
        """What sources.yml says of all tables changes."""
        text = self.sources.read_text(encoding="utf-8")
        rule = self.draw.choice(("placeholders: {city: [Lyon]}", "plausible: {largest_amount: 300}", ""))
        kept = [line for line in text.splitlines() if not line.startswith(("placeholders:", "plausible:"))]
        self.sources.write_text("\n".join([rule, *kept]) + "\n", encoding="utf-8")
        return f"the rule is {rule.partition(':')[0] or 'as at first'}"

    def _find_texts(self) -> Iterator[Path]:
        return (file for file in list_files(self.exports) if ".parquet" not in file.name and "merges" not in file.name)

    def _find_events(self) -> Iterator[Path]:
        return (file for file in self._find_texts() if file.name not in MASTERS)


def _open(file: Path) -> bytes:
    raw = file.read_bytes()
    return gzip.decompress(raw) if file.suffix == ".gz" else raw


def _read_lines(file: Path) -> tuple[list[bytes], list[bytes]]:
    lines = _open(file).splitlines(keepends=True)
    return ([], lines) if ".jsonl" in file.name else (lines[:1], lines[1:])


def _write_lines(file: Path, header: Sequence[bytes], rows: Sequence[bytes]) -> None:
    raw = b"".join([*header, *(row if row.endswith(b"\n") else row + b"\n" for row in rows)])
    file.write_bytes(gzip.compress(raw, mtime=0) if file.suffix == ".gz" else raw)


def make_retailer(folder: Path, seed: int, customers: int) -> Retailer:
    """Exports whose last days are still to come, of ``customers`` people."""
    run_parcours(["sample", "--out", folder, "--customers", customers, "--days", DAYS, "--seed", seed, "--clean"])
    split_by_month(folder)
    sources = folder / "sources.yml"
    text = sources.read_text(encoding="utf-8").replace("reject_limit: 0.01", "reject_limit: 0.5")
    text = text.replace("from: frequentation.csv", 'from: "frequentation*.csv"')
    for name in ("ad_spend", "cases", "survey_responses"):
        text = text.replace(f"from: {name}.csv", f'from: "{name}*.csv"')
    sources.write_text(text, encoding="utf-8")
    last = date.fromisoformat(text.partition("as_of: ")[2][:10])
    retailer = Retailer(folder, random.Random(seed), last)
    retailer.hold_back()
    return retailer


@dataclass(frozen=True)
class Plan:
    """What is to happen on one night: ``changes`` are methods of the retailer, ``kill`` seconds after its begin."""

    changes: tuple[str, ...]
    rolls_back: bool
    trains: bool
    loses: bool
    kill: float | None
    is_full: bool


def plan_nights(count: int, seed: int) -> list[Plan]:
    """The same nights for the same seed, whatever the retailer is like."""
    draw = random.Random(seed)
    return [
        Plan(
            changes=tuple(draw.sample(CHANGES, 3)),
            rolls_back=draw.random() < 0.15 and number > 0,
            trains=draw.random() < 0.1,
            loses=draw.random() < 0.2,
            kill=draw.uniform(4, 30) if draw.random() < 0.25 else None,
            is_full=draw.random() < 0.1,
        )
        for number in range(count)
    ]


def run_nights(
    folder: Path, nights: int, seed: int, customers: int = CUSTOMERS, say: Callable[[str], object] = lambda _: None
) -> list[Night]:
    """The nights of one retailer in ``folder``, a new one, each compared with a full build of it."""
    retailer = make_retailer(folder / "exports", seed, customers)
    first, home, full = retailer.last - timedelta(days=nights), folder / "home", folder / "full"
    _run(home, retailer, first)
    done = []
    for number, plan in enumerate(plan_nights(nights, seed), start=1):
        night = Night(number, first + timedelta(days=number))
        night.happened += [getattr(retailer, change)(night.day) for change in plan.changes]
        if plan.rolls_back:
            run_parcours(["rollback", "--home", home])
            night.happened.append("rolled back")
        if plan.trains:
            run_parcours(["train", "--home", home, "--sources", retailer.sources])
            night.happened.append("another model")
        shutil.copytree(home, full)
        if plan.loses:
            night.happened.append(_lose(home, retailer.draw))
        if plan.kill:
            night.happened.append(_kill(home, retailer, night.day, plan.kill))
        options = ["--full"] if plan.is_full else []
        night.happened += options
        _run(home, retailer, night.day, *options)
        _run(full, retailer, night.day, "--full")
        night.differing = _compare(home, full)
        shutil.rmtree(full)
        done.append(night)
        say(f"night {number}, {night.day}: {', '.join(night.happened)}: {', '.join(night.differing) or 'equal'}")
    return done


def _arguments(home: Path, retailer: Retailer, day: date, *options: str) -> list[object]:
    return ["run", "--home", home, "--sources", retailer.sources, "--as-of", day, "--accept-drift", *options]


def _run(home: Path, retailer: Retailer, day: date, *options: str) -> None:
    run_parcours(_arguments(home, retailer, day, *options))


def _lose(home: Path, draw: random.Random) -> str:
    """One file is gone of what can be made anew."""
    lake = home / "lake"
    folders = [lake / name for name in ("crm", "ecommerce", "pos", "identity", "state/extracts")]
    file = draw.choice(sorted(file for folder in folders for file in folder.rglob("*") if file.is_file()))
    file.unlink()
    return f"lost {file.parent.name}/{file.stem}"


def _kill(home: Path, retailer: Retailer, day: date, seconds: float) -> str:
    """A run that is killed on its way."""
    process = subprocess.Popen(
        list(map(str, command_of(*_arguments(home, retailer, day)))),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return f"killed after {seconds:.0f} s"
    return "run twice"


def _compare(one: Path, other: Path) -> list[str]:
    found, expected = (hash_tables(home / "warehouse.duckdb") for home in (one, other))
    differing = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    ledgers = [Lake(Home(home).lake).committed_ledger.read_bytes() for home in (one, other)]
    return differing if ledgers[0] == ledgers[1] else [*differing, "the ledger"]


def measure(nights: int = NIGHTS, seed: int = SEED) -> str:
    """The section of this page."""
    with TemporaryDirectory(prefix="parcours-nights-") as folder:
        done = run_nights(Path(folder), nights, seed, say=lambda line: print(line, flush=True))
    wrong = [night for night in done if night.differing]
    verdict = "**Different**" if wrong else "All equal"
    lines = [
        f"{nights} nights of a retailer of {CUSTOMERS} people, seed {seed}. {verdict}: "
        f"{len(done) - len(wrong)} of {nights} nights have the marts and the ledger of a full build, row for row.",
        "",
        "| night | what happened | differs |",
        "|---:|---|---|",
        *(
            f"| {night.number} | {', '.join(night.happened)} | {', '.join(night.differing) or 'nothing'} |"
            for night in done
        ),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Random nights, each compared with a full build.")
    parser.add_argument("--nights", type=int, default=NIGHTS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    print(measure(options.nights, options.seed))


if __name__ == "__main__":
    main()
