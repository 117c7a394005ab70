"""Makes `pipelines/identity/training/default_model.json` again: parameters learned from a generated retailer, and the
match probabilities of small ones, of which who is who is known.

    python scripts/make_default_model.py                 writes the file into the checkout
    python scripts/make_default_model.py --out FILE      writes it elsewhere, to compare

Run it when a field or a level of `pipelines/identity/model/specification.py` is added, renamed or removed, and commit
the result. It takes a minute; the seeds are fixed, so that the same code writes the same file.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from pipelines.identity.model.calibration import Calibration
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import declare_fields
from pipelines.identity.scoring.linker import ENDS
from pipelines.identity.scoring.predict import score_pairs
from pipelines.identity.scoring.profiles import build_profiles
from pipelines.identity.standardisation.standardise import standardise_records
from pipelines.identity.training import train
from pipelines.identity.training.calibrate import fit_curve
from pipelines.identity.training.default_parameters import as_frequencies, as_parameters
from pipelines.lake.tables import Lake
from pipelines.sample.world import World, generate

CUSTOMERS, DAYS, SEED = 20_000, 365, 100
NAMES = ("first_name", "last_name")
"""The fields whose common values are shipped: other values are a retailer's own."""
COMMON = 0.0002  # Eight of forty thousand profiles; rarer ones are too many, and too few to be counted well.
LEAST_FREQUENT = {"locality": 0.05}  # A small retailer's customers live in its few postcodes, not all over the country.
SMALL_CUSTOMERS, SMALL_SEEDS = 500, range(101, 117)
"""The retailers on which the shipped model is calibrated: as small as those that it is for."""
TARGET = Path(train.__file__).with_name("default_model.json")


def make_default_model() -> dict[str, Any]:
    """What ``default_parameters.read_default_model`` reads, learned from the generated retailer."""
    world = generate(CUSTOMERS, DAYS, SEED)
    profiles, _ = build_profiles(_standardise(world))
    model = train.learn(profiles, train.SEED, world.as_of)
    shares, levels = model.parameters.shares, model.parameters.levels
    common = {name: model.term_frequencies[name].filter(pl.col("frequency") >= COMMON) for name in NAMES}
    shipped = {
        "made": f"scripts/make_default_model.py: {CUSTOMERS} customers of {DAYS} days, seed {SEED}",
        "pairs_per_profile": {name: round(share * (profiles.height - 1) / 2, 4) for name, share in shares.items()},
        "rarest": {
            name: _weigh_unknown(name, frequencies, levels) for name, frequencies in model.term_frequencies.items()
        },
        "frequencies": {
            name: {value: _rounded(frequency) for value, frequency in values.select("value", "frequency").iter_rows()}
            for name, values in common.items()
        },
        "levels": levels,
    }
    return {**shipped, "calibration": asdict(calibrate_on_small_retailers(shipped))}


def calibrate_on_small_retailers(shipped: dict[str, Any]) -> Calibration:
    """The share of matches at each weight that the ``shipped`` model gives pairs of generated small retailers."""
    model = ModelVersion("shipped", as_parameters(shipped), as_frequencies(shipped))
    scored = []
    for seed in SMALL_SEEDS:
        world = generate(SMALL_CUSTOMERS, DAYS, seed)
        pairs = score_pairs(_standardise(world), model).select(*ENDS, "match_weight")
        for end in ENDS:
            pairs = pairs.join(world.truth.select(pl.all().name.suffix(end[-2:])), on=end)
        scored.append(pairs.with_columns(is_match=pl.col("person_id_l") == pl.col("person_id_r")))
    pairs = pl.concat(scored)
    return fit_curve(pairs["match_weight"].to_numpy(), pairs["is_match"].cast(pl.Float64).to_numpy())


def _standardise(world: World) -> pl.DataFrame:
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        for path, frame in world.tables.items():
            kind, name = path.split("/")
            source = {"crm": "crm", "ecommerce": "shop", "pos": "till"}[kind]
            lake.write(kind, name, frame.select(pl.lit(source).alias("source"), pl.all()))
        return standardise_records(lake, "FR", world.as_of)


def _weigh_unknown(name: str, frequencies: pl.DataFrame, levels: dict[str, dict[str, dict[str, float]]]) -> float:
    """The frequency that a value not listed counts as.

    Of a name, the mean frequency of the names left out, by bearer; of another field, how often strangers agree on it.
    """
    if name in NAMES:
        rest = frequencies.filter(pl.col("frequency") < COMMON)["frequency"]
        return _rounded(float((rest**2).sum()) / float(rest.sum()))
    agreed = next(
        level.name for field in declare_fields() if field.name == name for level in field.levels if level.is_agreement
    )
    return max(levels[name][agreed]["stranger"], LEAST_FREQUENT.get(name, 0.0))


def _rounded(frequency: float) -> float:
    return float(f"{frequency:.3g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TARGET, metavar="FILE", help=f"default: {TARGET}")
    target: Path = parser.parse_args().out
    target.write_text(json.dumps(make_default_model(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
