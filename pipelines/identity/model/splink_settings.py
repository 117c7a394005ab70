"""A model version as Splink knows it: its comparisons, blocking rules, m and u, from which Splink's linker works.

Whoever knows Splink can open a version with these settings (``Linker(profiles, settings)``): nothing of its match
weight is computed elsewhere. What Splink lacks, the household class, is a term of its own over the columns that Splink
returns (:mod:`pipelines.identity.scoring.household`).
"""

from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import SettingsCreator, block_on

from pipelines.identity.model.dialects import WRITTEN_IN, translate
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import BLOCKING_KEYS, Field, blocking_column

UNIQUE_ID = "record_id"
"""A profile goes by the smallest record_id of its records."""


def make_comparison(compared: Field, dialect: str = WRITTEN_IN) -> cl.CustomComparison:
    """The field as a Splink comparison, built fresh: configuring a Splink object changes it."""
    is_missing = cll.CustomLevel(translate(compared.is_missing, dialect), label_for_charts="missing")
    levels: list[Any] = [is_missing.configure(is_null_level=True)]
    for level in compared.levels:
        if level.condition == "ELSE":
            levels.append(cll.ElseLevel().configure(label_for_charts=level.name))
            continue
        made = cll.CustomLevel(translate(level.condition, dialect), label_for_charts=level.name)
        levels.append(made.configure(tf_adjustment_column=compared.column) if level.is_agreement else made)
    return cl.CustomComparison(output_column_name=compared.name, comparison_levels=levels)


def declare_settings(fields: tuple[Field, ...], dialect: str = WRITTEN_IN) -> dict[str, Any]:
    """The untrained Splink model over ``fields``, of profiles that have one blocking column per BLOCKING_KEYS entry.

    Everything that a weight is made of is retained: the household class needs it, and so do explanations.
    """
    creator = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=UNIQUE_ID,
        comparisons=[make_comparison(compared, dialect) for compared in fields],
        blocking_rules_to_generate_predictions=[
            block_on(blocking_column(position)) for position in range(len(BLOCKING_KEYS))
        ],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )
    settings: dict[str, Any] = creator.create_settings_dict(dialect)
    return settings


def make_settings(model: ModelVersion, dialect: str = WRITTEN_IN) -> dict[str, Any]:
    """The Splink settings of a version, with m and u: a level that is counted under another field weighs nothing."""
    settings = declare_settings(model.fields, dialect)
    settings["probability_two_random_records_match"] = model.parameters.shares["match"]
    for compared, comparison in zip(model.fields, settings["comparisons"], strict=True):
        learned = model.parameters.levels[compared.name]
        real = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for level, declared in zip(real, compared.levels, strict=True):
            values = learned[declared.name]
            level["m_probability"] = values["stranger"] if declared.is_neutral else values["match"]
            level["u_probability"] = values["stranger"]
    return settings
