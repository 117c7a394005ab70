"""How profiles agree, as training reads it from Splink's linker: term frequencies, u, and patterns with counts.

The estimation of m needs how often each combination of levels occurs, not which pairs show it: patterns with counts
cost the same at any size.
"""

import re
from typing import Any

import numpy as np
import polars as pl

from pipelines.identity.model.specification import Field
from pipelines.identity.model.splink_settings import declare_settings
from pipelines.identity.scoring.linker import ENDS, PROFILES, ProfileLinker
from pipelines.identity.scoring.match_weights import Floats

PER_BIT = 2  # Steps of rarity in a pattern of agreement: finer ones make more patterns and move no weight.
SPELLED = 2.0**-20  # The u of a level in a model whose weights are to be read as numbers of levels.


def count_term_frequencies(linker: ProfileLinker) -> dict[str, pl.DataFrame]:
    """By field with an agreement level, one row per value: value, frequency among the profiles that have one."""
    splink = linker.link(
        linker.engine.open_splink(), PROFILES, declare_settings(linker.model.fields, linker.engine.dialect)
    )
    return {
        compared.name: linker.engine.read(
            f"select {compared.column} as value, tf_{compared.column} as frequency"
            f" from {splink.table_management.compute_tf_table(compared.column).physical_name} order by value"
        )
        for compared in linker.model.fields
        if any(level.is_agreement for level in compared.levels)
    }


def estimate_u(linker: ProfileLinker, at_most: int, seed: int) -> dict[str, tuple[Floats, float]]:
    """How often two strangers show each level of each field, by Splink's estimator; and on how many pairs that rests.

    Splink compares all pairs of profiles, of which ``at_most`` are drawn by ``seed``. A level that no pair shows has 0.
    """
    drawn = "drawn_profiles"
    linker.engine.make(
        drawn, f"select * from {PROFILES} order by md5(concat(record_id, '|{seed}')), record_id limit {at_most}"
    )
    fields = linker.model.fields
    if linker.engine.read(f"select count(*) as drawn from {drawn}").item() < 2:
        return {compared.name: (np.zeros(len(compared.levels)), 0.0) for compared in fields}
    splink = linker.link(linker.engine.open_splink(), drawn, declare_settings(fields, linker.engine.dialect))
    # More pairs than there are: all are compared, so that Splink draws nothing and the draw above is all there is.
    splink.training.estimate_u_using_random_sampling(at_most**2 + 1.0, min_count_per_level=None, num_chunks=1)
    trained: dict[str, Any] = splink.misc.save_model_to_json()
    known = linker.engine.read(
        "select "
        + ", ".join(f"count(*) filter (where not {_missing_with_itself(each)}) as {each.name}" for each in fields)
        + f" from {drawn}"
    )
    estimated = {}
    for compared, comparison in zip(fields, trained["comparisons"], strict=True):
        real = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        shares = np.array([level.get("u_probability", 0.0) for level in real])
        [count] = known[compared.name]
        estimated[compared.name] = (shares, count * (count - 1) / 2)
    return estimated


def compare_blocked(linker: ProfileLinker, chunks: int, seed: int, without: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """How pairs that share a blocking key agree, and how many such pairs were compared.

    Patterns of agreement with counts: ``gamma_<field>`` of each field, ``rarity_<field>`` (log2 of the term frequency
    of the value that they agree on, to the half bit; null elsewhere) and ``pairs``; sorted. Compared are the pairs of
    one in ``chunks`` profiles, drawn by ``seed``, with all others. Pairs in ``without`` (ENDS) are left out.
    """
    blocked = linker.draw_blocked(chunks, seed)
    linker.engine.load("left_out", without.select(ENDS))
    pairs = linker.engine.read(
        f"select join_key_l as record_id_l, join_key_r as record_id_r from {blocked}"
        " anti join left_out on join_key_l = record_id_l and join_key_r = record_id_r"
    )
    return compare_given(linker, pairs), pairs.height


def compare_given(linker: ProfileLinker, pairs: pl.DataFrame) -> pl.DataFrame:
    """How the given ``pairs`` (ENDS) agree, as :func:`compare_blocked` counts it."""
    fields = linker.model.fields
    # Splink gives levels back beside the values that were compared, two dozen columns of text; or, without these, as
    # match weights, each of which says here which level it is of.
    settings = {**_spell_levels(fields, linker.engine.dialect), "retain_matching_columns": False}
    predicted = linker.predict_given(pairs, settings)
    columns = []
    for compared in fields:
        columns.append(f"(round(mw_{compared.name}) - 1)::tinyint as gamma_{compared.name}")
        for position, level in enumerate(compared.levels):
            if level.is_agreement:
                agrees = f"round(mw_{compared.name}) - 1 = {len(compared.levels) - 1 - position}"
                frequency = f"greatest(tf_{compared.column}_l, tf_{compared.column}_r)"
                rarity = f"round(log2({frequency}) * {PER_BIT}) / {PER_BIT}"
                columns.append(f"case when {agrees} then {rarity} end as rarity_{compared.name}")
    return linker.engine.read(
        f"select {', '.join(columns)}, count(*) as pairs from {predicted} group by all order by all"
    )


def _spell_levels(fields: tuple[Field, ...], dialect: str) -> dict[str, Any]:
    """Settings under which a field's weight is the number of its level, Splink's gamma, plus 1; 0 where missing."""
    settings = declare_settings(fields, dialect)
    for comparison in settings["comparisons"]:
        real = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for gamma, level in enumerate(reversed(real)):
            level["u_probability"] = SPELLED
            level["m_probability"] = SPELLED * 2.0 ** (gamma + 1)
    return settings


def _missing_with_itself(compared: Field) -> str:
    """SQL over one profile: whether it lacks the field; how a pair is written may make two incomparable besides."""
    return re.sub(r"_[lr]\b", "", compared.is_missing)
