"""Parameters for data too few to learn from: `default_model.json`, learned from a generated retailer.

``python -m pipelines.identity.default_model`` makes the file again from the seed below. Term frequencies and the number
of strangers always come from the data at hand; shares are kept as pairs per profile, which hold at any size.
"""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

CUSTOMERS, DAYS, SEED = 20_000, 365, 100


@cache
def default_model() -> dict[str, Any]:
    """``levels`` as in :class:`Parameters`, ``pairs_per_profile`` of each class, and ``made``: how it came about."""
    text = (files("pipelines.identity.training") / "default_model.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def make_default_model() -> dict[str, Any]:
    """Learns the default parameters from the generated retailer."""
    from tempfile import TemporaryDirectory

    import polars as pl

    from pipelines.identity.scoring.profiles import build_profiles
    from pipelines.identity.standardisation.standardise import standardise_records
    from pipelines.identity.training.train import SEED as TRAINING_SEED
    from pipelines.identity.training.train import learn
    from pipelines.lake.tables import Lake
    from pipelines.sample.world import generate

    world = generate(CUSTOMERS, DAYS, SEED)
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        for path, frame in world.tables.items():
            kind, name = path.split("/")
            lake.write(kind, name, frame.select(pl.lit(kind).alias("source"), pl.all()))
        records = standardise_records(lake, "FR", world.as_of)
    profiles, _ = build_profiles(records)
    model, _ = learn(profiles, TRAINING_SEED, world.as_of)
    per_profile = {name: round(share * (profiles.height - 1) / 2, 4) for name, share in model.parameters.shares.items()}
    return {
        "made": f"training.train.learn on sample.world.generate({CUSTOMERS}, {DAYS}, {SEED})",
        "pairs_per_profile": per_profile,
        "levels": model.parameters.levels,
    }


if __name__ == "__main__":
    target = Path(__file__).with_name("default_model.json")
    target.write_text(json.dumps(make_default_model(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
