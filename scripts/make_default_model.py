"""Makes `pipelines/identity/training/default_model.json` again: parameters learned from a generated retailer.

    python scripts/make_default_model.py                 writes the file into the checkout
    python scripts/make_default_model.py --out FILE      writes it elsewhere, to compare

Run it when a field or a level of `pipelines/identity/model/specification.py` is added, renamed or removed, and commit
the result. It takes half a minute; the seeds are fixed, so that the same code writes the same file.
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.standardisation.standardise import standardise_records
from pipelines.identity.training import train
from pipelines.lake.tables import Lake
from pipelines.sample.world import generate

CUSTOMERS, DAYS, SEED = 20_000, 365, 100
TARGET = Path(train.__file__).with_name("default_model.json")


def make_default_model() -> dict[str, Any]:
    """What ``default_parameters.read_default_model`` reads, learned from the generated retailer."""
    world = generate(CUSTOMERS, DAYS, SEED)
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        for path, frame in world.tables.items():
            kind, name = path.split("/")
            lake.write(kind, name, frame.select(pl.lit(kind).alias("source"), pl.all()))
        records = standardise_records(lake, "FR", world.as_of)
    profiles, _ = build_profiles(records)
    model, _ = train.learn(profiles, train.SEED, world.as_of)
    shares = model.parameters.shares
    return {
        "made": f"scripts/make_default_model.py: {CUSTOMERS} customers of {DAYS} days, seed {SEED}",
        "pairs_per_profile": {name: round(share * (profiles.height - 1) / 2, 4) for name, share in shares.items()},
        "levels": model.parameters.levels,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TARGET, metavar="FILE", help=f"default: {TARGET}")
    target: Path = parser.parse_args().out
    target.write_text(json.dumps(make_default_model(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
