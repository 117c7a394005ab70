"""Whether two warehouses hold the same rows: ``python scripts/compare_warehouses.py HOME_OR_FILE HOME_OR_FILE``.

For a change that is to change no result: run the code of before and after on the same exports into two homes, then
compare. Each table of ``marts`` is hashed as the bag of its rows, whatever their order and the order of the columns.
Exits 1 where a table differs, or stands in one of them only.
"""

import argparse
import sys
from pathlib import Path

import duckdb

TABLES = "select table_name from information_schema.tables where table_schema = 'marts' order by table_name"
COLUMNS = """
select column_name, data_type
from information_schema.columns
where table_schema = 'marts' and table_name = ?
order by column_name
"""

# The id of a run is another with each run, and is only named, never computed with.
PER_RUN = ("run_id",)


def hash_tables(file: Path) -> dict[str, tuple[int, str]]:
    """For each mart its number of rows, and a digest of its columns and rows."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        found = {}
        for (table,) in connection.execute(TABLES).fetchall():
            columns = [column for column in connection.execute(COLUMNS, [table]).fetchall() if column[0] not in PER_RUN]
            shape = ", ".join(f"{name} {kind}" for name, kind in columns)
            row = ", ".join(f'"{name}"' for name, _ in columns)
            # Sums of two independent hashes: repeated rows count, which an exclusive or would cancel.
            count, first, second = connection.execute(
                f"select count(*), sum(hash({row})), sum(hash('again', {row})) from marts.\"{table}\""
            ).fetchall()[0]
            found[table] = (count, f"{shape} {first} {second}")
    return found


def locate(named: str) -> Path:
    """The warehouse of a home, or the file itself. Raises ArgumentTypeError, with the way out, where there is none."""
    file = Path(named) / "warehouse.duckdb" if Path(named).is_dir() else Path(named)
    if not file.is_file():
        raise argparse.ArgumentTypeError(f"there is no warehouse {file}: did the run publish?")
    return file


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares the marts of two warehouses, table by table.")
    parser.add_argument("before", type=locate, help="a home folder, or its warehouse.duckdb")
    parser.add_argument("after", type=locate)
    options = parser.parse_args()
    before, after = hash_tables(options.before), hash_tables(options.after)
    differing = 0
    for table in sorted(before.keys() | after.keys()):
        if before.get(table) == after.get(table):
            continue
        differing += 1
        counts = [found[table][0] if table in found else "absent" for found in (before, after)]
        sys.stdout.write(f"{table}: other rows ({counts[0]} before, {counts[1]} after)\n")
    rows = sum(count for count, _ in before.values())
    sys.stdout.write(f"{len(before)} tables of {rows:,} rows before; {differing} differ.\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
