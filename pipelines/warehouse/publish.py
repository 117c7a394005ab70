"""Audit and atomic publication: the finished build becomes ``warehouse.duckdb``, or nothing changes.

A build is *sealed* when every blocking check on it has passed; only a sealed build is published. The steps are ordered
so that a kill between any two of them leaves a warehouse that opens and a rerun that ends well:

1. what the next run compares itself with is promoted (the values withdrawn, the metrics of the runs), then the ledger
   of customer ids, so that no id is ever published that a later run could give away;
2. the warehouse of before gets a second name (no bytes move);
3. one rename puts the new one in its place;
4. so does one for what is remembered of the analysts' segments, which goes with the warehouse, back too;
5. the warehouse of before is compressed (:mod:`pipelines.warehouse.previous`), and what the build left is removed.

All of this happens under ``publication_lock``; ``kept_state`` notes before and after it what is kept for the next run.
"""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines import unfinished
from pipelines.config.home import Home
from pipelines.errors import ParcoursError
from pipelines.extracts.duckdb_errors import explain
from pipelines.extracts.sql_quoting import quote_text
from pipelines.lake import publication_lock
from pipelines.lake.fingerprints import fingerprint
from pipelines.lake.owner_only import make_folder
from pipelines.lake.tables import Lake, replacing, sync
from pipelines.name_lists import list_names
from pipelines.segments import membership_log
from pipelines.warehouse import access, kept_state, previous
from pipelines.warehouse.kept_state import COMPARED_WITH


class PublishError(ParcoursError):
    """The build is not fit to be published; the published warehouse is as it was."""


class RollbackError(ParcoursError):
    """There is no warehouse to go back to; the published one is as it was."""


@dataclass(frozen=True)
class Seal:
    """What a build was made of and which checks it passed: the promise that publication relies on.

    ``marts`` are the tables that schema ``marts`` must hold; ``ledger`` is the digest of the identity ledger that the
    marts were built from, so that the ids in them and the ids promoted are the same.
    """

    as_of: str
    run_id: str
    marts: tuple[str, ...]
    checks_passed: int
    checks_warned: int
    ledger: str


@dataclass(frozen=True)
class Published:
    """A publication: the file, its marts with their row counts, and the checks that it passed."""

    warehouse: Path
    as_of: str
    marts: dict[str, int]
    checks_passed: int
    checks_warned: int
    size_bytes: int


@dataclass(frozen=True)
class Publication:
    """What was once published: the digest of its file, the day it stands for and the run that built it."""

    digest: str
    as_of: str
    run_id: str


KEPT_PUBLICATIONS = 30
"""Only the published warehouse and the one before can be asked about; the rest is a month's record."""


def seal_path(home: Home) -> Path:
    return home.build_database.with_suffix(".sealed.json")


def begin(home: Home, *, afresh: bool) -> bool:
    """A build begins: the promise of the last one is taken back. Returns whether it may be sealed when it succeeds.

    ``afresh`` starts from nothing. Otherwise only some models are built again, and the rest is what the last build
    left, or, where that was published since, the published warehouse. No promise can then be made on the remains of a
    build that failed (what is not built again may be what is at fault), nor where ids were assigned anew since.
    """
    finish_interrupted(home)
    is_sound = afresh or _digest(Lake(home.lake).path("identity", "ledger")) == _ledger_of_last_build(home)
    seal_path(home).unlink(missing_ok=True)
    make_folder(home.build_database.parent)
    _write_ahead_log(home.build_database).unlink(missing_ok=True)
    if afresh:
        for leftover in home.build_database.parent.glob(f"{home.build_database.name}*"):
            leftover.unlink()
    elif not home.build_database.exists() and home.warehouse.exists():
        with replacing(home.build_database) as temporary:
            shutil.copyfile(home.warehouse, temporary)
    return is_sound


def _ledger_of_last_build(home: Home) -> str | None:
    """Digest of the ledger that the last build was made from; None where that build failed."""
    if seal_path(home).exists() and home.build_database.exists():
        with suppress(PublishError):
            return _read_seal(home).ledger
    return None if home.build_database.exists() else _digest(Lake(home.lake).committed_ledger)


def seal(home: Home, *, as_of: str, run_id: str, marts: Iterable[str], checks_passed: int, checks_warned: int) -> None:
    """Declares the build finished: every model is built and every blocking check has passed."""
    promise = Seal(
        as_of=as_of,
        run_id=run_id,
        marts=tuple(sorted(marts)),
        checks_passed=checks_passed,
        checks_warned=checks_warned,
        ledger=_digest(Lake(home.lake).path("identity", "ledger")),
    )
    with replacing(seal_path(home)) as temporary:
        temporary.write_text(json.dumps(asdict(promise), indent=2))


def publish(home: Home, readers: str | None = None) -> Published:
    """Audits the sealed build and publishes it, to the group ``readers`` too, if there is one.

    Raises PublishError or AccessError, leaving the published warehouse as it was.
    """
    finish_interrupted(home)
    promise = _read_seal(home)
    marts = _audit(home, promise)
    built = Publication(_digest(home.build_database), promise.as_of, promise.run_id)
    access.declare(home, readers)
    access.give_to_readers(home.build_database, home)
    with publication_lock.hold(home.root):
        _replace_published(home, built)

    return Published(
        warehouse=home.warehouse,
        as_of=promise.as_of,
        marts=marts,
        checks_passed=promise.checks_passed,
        checks_warned=promise.checks_warned,
        size_bytes=home.warehouse.stat().st_size,
    )


def _replace_published(home: Home, built: Publication) -> None:
    """Puts the audited build, and all that is kept with it, in the place of what is published."""
    lake = Lake(home.lake)
    membership_log.stage_publication(lake, home.build_database, date.fromisoformat(built.as_of))
    promoted = {lake.published_path(name): lake.path("identity", name) for name in COMPARED_WITH}
    promoted = {target: file for target, file in promoted.items() if file.exists()}
    promoted[lake.committed_ledger] = lake.path("identity", "ledger")
    log = {membership_log.log_in_force(lake): membership_log.staged_log(lake)}
    kept_state.begin_publication(lake, {**promoted, **log})
    # The ledger comes last: a record that it knows must not be found among values that nobody has noted as withdrawn.
    # Noted too early, after a kill, they are those of a run that passed its checks.
    for target, file in promoted.items():
        _copy(file, target)
    _note_publication(home, built)
    if home.warehouse.exists():
        _give_second_name(home.warehouse, previous.swapped_path(home))
    access.seal_for_readers(home.build_database, home)
    sync(home.build_database)
    _write_ahead_log(home.warehouse).unlink(missing_ok=True)  # A writer's leftover belongs to the file of before.
    with unfinished.PUBLISHING:
        home.build_database.replace(home.warehouse)
        sync(home.root)
        _close_previous(home)
        membership_log.commit_staged(lake)
        kept_state.end_publication(home)
        seal_path(home).unlink()
    previous.settle(home)
    _clear_workshop(home)


def _clear_workshop(home: Home) -> None:
    """Removes what the marts were built from, half of all that a home holds: the next build begins afresh.

    What its tables are like is kept for the docs, where they can be read.
    """
    if not home.workshop.exists():
        return
    with suppress(duckdb.Error, OSError), replacing(home.workshop_shape) as shape, duckdb.connect() as connection:
        connection.execute(f"attach {quote_text(str(home.warehouse))} as warehouse (read_only)")  # Views read marts.
        connection.execute(f"attach {quote_text(str(home.workshop))} as workshop (read_only)")
        connection.execute(f"attach {quote_text(str(shape))} as shape")
        connection.execute("copy from database workshop to shape (schema)")
        connection.execute("detach shape")
    home.workshop.unlink(missing_ok=True)


def find_publication(home: Home) -> Publication | None:
    """What published the warehouse that is there now, also after a rollback; None where that is not on record."""
    if not home.warehouse.exists():
        return None
    digest = _digest(home.warehouse)
    return next((noted for noted in reversed(_read_publications(home)) if noted.digest == digest), None)


def is_previous_known(home: Home) -> bool:
    """Whether the warehouse of before can be read and is one that a run here has published."""
    digest = previous.find_digest(home)
    return digest is not None and any(noted.digest == digest for noted in _read_publications(home))


def _note_publication(home: Home, noted: Publication) -> None:
    """Known by its content, so that a kill, a rollback or a copy can never give a warehouse another one's run."""
    before = [earlier for earlier in _read_publications(home) if earlier.digest != noted.digest]
    kept = [*before, noted][-KEPT_PUBLICATIONS:]
    with replacing(_publications_path(home)) as temporary:
        temporary.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in kept))


def is_record_damaged(home: Home) -> bool:
    """Whether a line of the record of publications cannot be read."""
    return None in _read_record(home)


def _read_publications(home: Home) -> list[Publication]:
    """What is on record. What a damaged line said is no longer: the report then names no run."""
    return [noted for noted in _read_record(home) if noted is not None]


def _read_record(home: Home) -> list[Publication | None]:
    path = _publications_path(home)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return [_read_publication(line) for line in lines]


def _read_publication(line: str) -> Publication | None:
    try:
        return Publication(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _publications_path(home: Home) -> Path:
    return Lake(home.lake).published_path("publications").with_suffix(".jsonl")


def rollback(home: Home) -> Path:
    """Publishes the previous warehouse again and keeps the one it replaces, so that a second rollback undoes the first.

    The ledger of customer ids stays as it is: an id once issued is never given away. The memory of the analysts'
    segments goes back with the warehouse: a night that was taken back is none that a stay began or ended in. Raises
    RollbackError.
    """
    with publication_lock.hold(home.root):
        _finish_interrupted(home)
        _bring_out_previous(home)
        with unfinished.PUBLISHING:
            _swap_with_previous(home)
        previous.settle(home)
    return home.warehouse


def _bring_out_previous(home: Home) -> None:
    if not home.warehouse.exists() and not previous.is_kept(home):
        raise RollbackError(
            f"There is no previous warehouse in {home.root}, nor any other: nothing was published there yet, or the "
            "home was restored from a backup, which holds none. `parcours run` publishes one; the second run leaves a "
            "previous one."
        )
    if not previous.is_kept(home):
        raise RollbackError(
            f"There is no previous warehouse at {home.previous_warehouse}: it appears with the second publication."
        )
    try:
        previous.bring_out(home)
    except OSError as error:
        raise RollbackError(
            f"The previous warehouse at {home.previous_warehouse} cannot be unpacked: "
            f"{error.strerror or 'it is damaged'}. The published one is as it was; `parcours run` publishes a new one."
        ) from error
    if previous.is_published(home):
        raise RollbackError(
            f"{home.warehouse} is the previous warehouse already: a publication was interrupted before its last step. "
            "Run `parcours run` to publish a new one."
        )


def _swap_with_previous(home: Home) -> None:
    swapped = previous.swapped_path(home)
    lake = Lake(home.lake)
    membership_log.stage_rollback(lake)
    kept_state.begin_publication(lake, {membership_log.log_in_force(lake): membership_log.staged_log(lake)})
    if home.warehouse.exists():
        _give_second_name(home.warehouse, _replaced(home))
    _write_ahead_log(home.warehouse).unlink(missing_ok=True)
    access.give_to_readers(swapped, home)
    access.seal_for_readers(swapped, home)
    swapped.replace(home.warehouse)
    membership_log.commit_staged(lake)
    kept_state.end_publication(home)
    if _replaced(home).exists():
        _replaced(home).replace(swapped)
    else:
        home.previous_warehouse.unlink(missing_ok=True)  # There was none in the place of which it came.
    _close_previous(home)
    sync(home.root)


def _read_seal(home: Home) -> Seal:
    if not home.build_database.exists():
        raise PublishError(
            f"There is no build to publish at {home.build_database}: the last one was published or never finished. "
            "Materialise the marts first (`parcours run` does everything)."
        )
    try:
        fields = json.loads(seal_path(home).read_text())
    except FileNotFoundError:
        raise PublishError(
            f"The build at {home.build_database} is not finished: a model or a blocking check failed, or the run was "
            "stopped. Materialise all marts again."
        ) from None
    except ValueError:
        fields = {}
    try:
        return Seal(**{**fields, "marts": tuple(fields["marts"])})
    except (TypeError, KeyError):
        raise PublishError(
            f"The seal of the build at {home.build_database} is damaged. Materialise all marts again."
        ) from None


def _audit(home: Home, promise: Seal) -> dict[str, int]:
    """Row counts of the marts, where the build is whole: closed, readable, complete, of today's ids, not empty."""
    log = _write_ahead_log(home.build_database)
    if log.exists():
        raise PublishError(f"The build was not closed properly ({log} is left over). Materialise the marts again.")
    if _digest(Lake(home.lake).path("identity", "ledger")) != promise.ledger:
        raise PublishError(
            "Customer ids were assigned anew after the marts were built, so the two do not fit. "
            "Materialise the marts again, then publish."
        )
    try:
        counts = count_rows(home.build_database)
    except duckdb.Error as error:
        raise PublishError(f"The build at {home.build_database} cannot be read: {explain(error)}") from error

    marts = {path.removeprefix("marts/"): count for path, count in counts.items() if path.startswith("marts/")}
    missing = sorted({*promise.marts, *membership_log.MARTS} - set(marts))
    if missing:
        raise PublishError(f"The build lacks the marts {list_names(missing)}. Materialise the marts again.")
    records = Lake(home.lake).scan("identity", "records").select(pl.len()).collect().item()
    if records and not marts.get("customer_360"):
        raise PublishError(
            f"customer_360 is empty although {records:,} records identify customers. Materialise the marts again; "
            "should it happen twice, the models or the identity stage lose them."
        )
    return marts


def count_rows(database: Path, *, views_of: str = "") -> dict[str, int]:
    """Row counts of the tables of a DuckDB file, by ``<schema>/<table>``; none where there is no file.

    Of views only those of the schema ``views_of`` are counted: they are to be no more than files under another name.
    """
    if not database.exists():
        return {}
    with duckdb.connect(database, read_only=True) as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_type = 'BASE TABLE' or table_schema = ? order by table_schema, table_name",
            [views_of],
        ).fetchall()
        counts = {}
        for schema, name in names:
            [(count,)] = connection.execute(f'select count(*) from "{schema}"."{name}"').fetchall()
            counts[f"{schema}/{name}"] = int(count)
    return counts


def _copy(file: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(file, temporary)


def _replaced(home: Home) -> Path:
    """Where a rollback keeps the warehouse it replaces until the swap is done."""
    return home.warehouse.with_name("warehouse.replaced.duckdb")


def finish_interrupted(home: Home) -> None:
    """Ends what a kill left half done of a publication or a rollback."""
    with publication_lock.hold(home.root):
        _finish_interrupted(home)


def _finish_interrupted(home: Home) -> None:
    """Ends what a kill left half done: the swap of a rollback, or of what is remembered beside a new warehouse."""
    replaced, swapped, lake = _replaced(home), previous.swapped_path(home), Lake(home.lake)
    is_published = seal_path(home).exists() and not home.build_database.exists()  # The rename took the build away.
    is_rolled_back = replaced.exists() and not swapped.exists()
    if is_published or is_rolled_back:
        membership_log.commit_staged(lake)
    else:
        membership_log.discard_staged(lake)
    if is_published:
        seal_path(home).unlink()
        _clear_workshop(home)
    if is_rolled_back:
        replaced.replace(swapped)
    else:
        replaced.unlink(missing_ok=True)  # The swap had not begun: this is a second name of the published file.
    previous.settle(home)


def _close_previous(home: Home) -> None:
    """The warehouse of before is kept for its owner; a reader who has it open keeps it."""
    swapped = previous.swapped_path(home)
    if swapped.exists() and not (home.warehouse.exists() and home.warehouse.samefile(swapped)):
        access.close_to_readers(swapped)


def _give_second_name(file: Path, name: Path) -> None:
    """Makes ``name`` another name of ``file``, atomically; a copy where the file system has no hard links."""
    temporary = name.with_name(f"{name.name}.tmp-link")
    temporary.unlink(missing_ok=True)
    try:
        os.link(file, temporary)
    except OSError:
        shutil.copyfile(file, temporary)  # Its mode would open it to another group: a copy belongs to its maker's.
        temporary.chmod(access.PUBLISHED)
    temporary.replace(name)
    temporary.unlink(missing_ok=True)  # Renaming onto another name of the same file does nothing, and leaves both.


def _write_ahead_log(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


def _digest(file: Path) -> str:
    """The file's SHA-256; empty where there is none."""
    return fingerprint(file) or ""
