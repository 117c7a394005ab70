"""A home as a publication left it, made by hand in a moment: what it keeps, without what a run makes anew."""

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.config.home import Home, find_home
from pipelines.identity.customer_ids.ledger import assign_ids, empty_ledger
from pipelines.lake.tables import Lake
from pipelines.segments import memberships
from pipelines.warehouse import kept_state

DAY = date(2026, 2, 28)


def make_home(root: Path) -> Home:
    """A home that has published: ledger, memory of segments, yardsticks, a model, decisions and configuration."""
    home = find_home(root)
    lake = Lake(home.lake)
    records = [f"crm:contacts:{number}" for number in range(40)]
    clusters = pl.DataFrame({"record_id": records, "cluster_id": [records[n // 2 * 2] for n in range(40)]})
    state = {"ledger": assign_ids(clusters, empty_ledger(), DAY), "segments": memberships.empty_log()}
    for number, name in enumerate(kept_state.COMPARED_WITH):
        state[name] = pl.DataFrame({"name": [name] * 3, "number": [number, 1, 2]})
    for name, frame in state.items():
        lake.published_path(name).parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(lake.published_path(name))
    noted = '{"digest": "d", "as_of": "2026-02-28", "run_id": "r"}\n'
    lake.published_path("publications").with_suffix(".jsonl").write_text(noted)
    (lake.models / "m1" / "term_frequencies").mkdir(parents=True)
    (lake.models / "m1" / "model.json").write_text("{}")
    (lake.models / "m1" / "term_frequencies" / "email.parquet").write_bytes(b"PAR1")
    (lake.models / "in_force").write_text("m1\n")
    (lake.models / "history.jsonl").write_text("")
    home.decisions.write_text("verdict,record_a,record_b,author,reason,decided_on,expires_on\n")
    (home.root / "sources.yml").write_text(
        "sources:\n- name: crm\n  kind: crm\n  connector: {type: files, root: exports}\n"
        "  tables:\n    contacts: {from: contacts.csv}\n"
    )
    (home.root / "segments.yml").write_text("segments: []\n")
    kept_state.end_publication(home)
    return home


def read_files(folder: Path) -> dict[str, bytes]:
    """Every file beneath ``folder`` by its place, but for the locks."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".lock"
    }
