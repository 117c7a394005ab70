"""A French omnichannel retailer, generated with known truth and a seed: people, records, purchases and journeys.

``world`` combines the parts; every other module generates one of them and does not know those generated later.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.sample.world import World

CUSTOMERS, DAYS, SEED = 2_000, 730, 20_260_228  # Of the committed sample; another seed is another retailer.


def generate_sample(
    out: Path, customers: int = CUSTOMERS, days: int = DAYS, seed: int = SEED, *, faults: bool = False
) -> "World":
    """Writes a generated retailer's exports, its sources.yml and ``truth.parquet`` into ``out``; returns the retailer.

    With ``faults``, the exports have the faults of real ones, listed in ``faults.parquet``. Raises ConfigurationError
    if the retailer would be too small to have every kind of journey, or ``out`` has other content.
    """
    from pipelines.errors import ConfigurationError
    from pipelines.sample.exports import list_exported, write_exports
    from pipelines.sample.faults import add_faults
    from pipelines.sample.world import generate

    if customers < 50 or days < 60 or seed < 0:
        raise ConfigurationError(
            f"A sample of {customers} customers over {days} days with seed {seed} cannot be made: "
            "it takes at least 50 customers (--customers), 60 days (--days) and a seed of 0 or more (--seed)."
        )
    if out.exists() and not out.is_dir():
        raise ConfigurationError(f"{out} is a file. Name a folder with --out.")
    world = generate(customers, days, seed)
    if faults:
        world = add_faults(world, seed, list_exported())
    write_exports(world, out)
    return world
