"""How well people of other countries are recognised: generated retailers (``worlds``), plain and with twice the noise.

    python -m benchmarks countries
    python -m benchmarks.countries --people 5000 --seeds 1 2 --noise 1

Settings are those of every retailer; the model is trained on each world's own records, without the truth.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from benchmarks import people
from benchmarks.identity import recognise
from benchmarks.own_process import run_in_own_process
from benchmarks.page import write_section
from benchmarks.worlds.country import COUNTRIES, load_country
from benchmarks.worlds.people import AS_OF
from benchmarks.worlds.written import draw_world
from pipelines.identity.evaluation.metrics import evaluate

PEOPLE, SEEDS, NOISE = 6_000, (11, 12), (1.0, 2.0)
FLOOR = 0.985  # B-cubed F1 of a world with the usual noise.

Found = dict[str, Any]


def save_country(name: str, size: int, seed: int, noise: float, folder: Path) -> None:
    people.save(*draw_world(load_country(name), size, seed, noise), folder)


def measure_country(name: str, folder: Path) -> Found:
    clusters, _ = recognise(pl.read_parquet(folder / "gathered.parquet"), AS_OF, load_country(name).code)
    return evaluate(clusters, pl.read_parquet(folder / "truth.parquet")).as_dict()


def measure_all(size: int, seeds: Sequence[int], noises: Sequence[float]) -> Iterator[Found]:
    """One result per country, seed and noise."""
    for noise in noises:
        for name in COUNTRIES:
            for seed in seeds:
                with TemporaryDirectory() as folder:
                    run_in_own_process(save_country, name, size, seed, noise, Path(folder))
                    result, _ = run_in_own_process(measure_country, name, Path(folder))
                yield {"country": name, "seed": seed, "noise": noise, **result}


def render(results: Sequence[Found]) -> str:
    lines = [
        "| country | noise | seed | records | B-cubed F1 | pairwise F1 | precision | recall | verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for found in results:
        verdict = ("met" if found["bcubed_f1"] >= FLOOR else f"**missed**: {FLOOR:g}") if found["noise"] == 1 else ""
        lines.append(
            f"| {found['country'].capitalize()} | {found['noise']:g} | {found['seed']} | {found['records']:,} "
            f"| {found['bcubed_f1']:.4f} | {found['pairwise_f1']:.4f} | {found['pairwise_precision']:.4f} "
            f"| {found['pairwise_recall']:.4f} | {verdict} |"
        )
    return "\n".join(lines)


def measure() -> str:
    """The section of this page."""
    return render(list(measure_all(PEOPLE, SEEDS, NOISE)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="python -m benchmarks.countries"
    )
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--noise", type=float, nargs="+", default=NOISE)
    parser.add_argument("--write", action="store_true", help="write the section of benchmarks/README.md")
    options = parser.parse_args()
    text = render(list(measure_all(options.people, options.seeds, options.noise)))
    print(text)
    if options.write:
        write_section("countries", text)


if __name__ == "__main__":
    main()
