"""What the home takes, and that there is room for the next run: the build beside the published warehouse."""

import shutil

from pipelines.config.home_sizes import measure_home
from pipelines.doctor.findings import Case, Examined, Finding

SUBJECT = "disk"
COPIES = 3  # A build, its workshop of intermediate tables, and what DuckDB spills: each about a warehouse.
LEAST_BYTES = 500_000_000  # The first run of a small retailer, with its lake.


def examine(case: Case) -> Examined:
    home = case.home
    size = home.warehouse.stat().st_size if home.warehouse.exists() else 0
    needed, free = max(COPIES * size, LEAST_BYTES), shutil.disk_usage(home.root).free
    parts = {part: size for part, size in measure_home(home.root).items() if size >= 1e6}
    taken = ", ".join(f"{part} {size / 1e6:,.0f} MB" for part, size in parts.items())
    told = f"{free / 1e9:.1f} GB are free on the disk of {home.root}" + (f", which holds {taken}" if taken else "")
    if free >= needed:
        return Examined(SUBJECT, told)
    finding = Finding(f"Only {told}; a run may need {needed / 1e9:.1f} GB.", "Free some space before the next run.")
    return Examined(SUBJECT, "", (finding,))
