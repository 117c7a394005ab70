"""``parcours id``: what a customer id, however old, resolves to today."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import Subcommands, add_home, add_json
from pipelines.errors import ConfigurationError, ParcoursError

if TYPE_CHECKING:
    import polars as pl

    from pipelines.identity.customer_ids.ledger import Resolution


def add(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "id",
        help="what a customer id, however old, resolves to today",
        description="Shows what a customer id, however old, resolves to in the published warehouse, and everything "
        "that happened to it.",
    )
    parser.add_argument("customer", metavar="CUSTOMER", help="a customer id from any warehouse ever published")
    add_home(parser)
    add_json(parser, "id.schema.json")
    parser.set_defaults(command=show)


def show(options: argparse.Namespace) -> int:
    import polars as pl

    from pipelines.config.home import find_home
    from pipelines.identity.customer_ids.ledger import current_map, history, resolve
    from pipelines.lake.tables import Lake, require_table

    home = find_home(options.home)
    lake = Lake(home.lake)
    if not lake.committed_ledger.exists() and not home.warehouse.exists():
        raise ParcoursError(f"No customer id was published from {home.root} yet: run `parcours run` first.")
    require_table(lake.committed_ledger, "identity/ledger", "Restore it from a backup: `parcours restore`.")
    ledger = pl.read_parquet(lake.committed_ledger, glob=False)
    resolution = resolve(ledger, options.customer)
    if resolution.status == "unknown":
        raise ConfigurationError(f"{options.customer} is not a customer id that was ever published from {home.root}.")
    today = current_map(ledger).filter(pl.col("customer_id") == resolution.customer_id)["record_id"].to_list()
    past = history(ledger, options.customer)
    if options.json:
        sys.stdout.write(json.dumps(_as_json(resolution, today, past), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_render(resolution, today, past))
    return 0


def _as_json(resolution: "Resolution", records: list[str], past: "pl.DataFrame") -> dict[str, Any]:
    return {
        "asked": resolution.asked,
        "status": resolution.status,
        "customer_id": resolution.customer_id,
        "path": list(resolution.path),
        "took_parts": list(resolution.took_parts),
        "records": records,
        "history": [
            {**entry, "changed_at": entry["changed_at"].isoformat()}
            for entry in past.drop("evidence").iter_rows(named=True)
        ],
    }


def _render(resolution: "Resolution", records: list[str], past: "pl.DataFrame") -> str:
    status = {
        "active": f"{resolution.asked} is a current customer.",
        "absorbed": f"{resolution.asked} is {resolution.customer_id} today: {' → '.join(resolution.path)}.",
        "retired": f"{' → '.join(resolution.path)} is retired: none of its records is left.",
    }
    lines = [status[resolution.status]]
    if resolution.took_parts:
        lines.append(f"Parts of it became {', '.join(resolution.took_parts)}.")
    if records:
        lines += ["", f"Records ({len(records)})", *(f"  {record}" for record in records)]
    lines += ["", "History"]
    for entry in past.iter_rows(named=True):
        what = entry["record_id"] or entry["into_customer_id"] or ""
        subject = "" if entry["customer_id"] == resolution.asked else f"{entry['customer_id']} "
        reason = f"  ({entry['reason']})" if entry["reason"] else ""
        lines.append(f"  {entry['changed_at']:%Y-%m-%d}  {subject}{entry['change']} {what}".rstrip() + reason)
    return "\n".join(lines) + "\n"
