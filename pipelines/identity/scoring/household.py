"""What Splink's two classes lack: pairs of two people of one household, as SQL over the columns that Splink returns.

A couple shares surname, street, landline and often an e-mail. Against strangers, which is what a match weight compares
with, these agreements multiply into certainty. So every pair is weighed as two members of a household too: for each
field, the log2 ratio of the household's probability of the level to the strangers'. At an agreement on a value with
term frequency f, a class that agrees with probability p does so by chance (as strangers do) or because the value is the
same one, copied: with u the strangers' probability, s = (p - u) / (1 - u) is the share of copies and the ratio is
(1 - s) + s / f, so that a class that agrees by chance only earns nothing by a rare value.

The correction of a match weight is -log2(share of strangers + share of households * product of the ratios): at most 0,
but for rounding.
"""

import numpy as np

from pipelines.identity.model.registry import Parameters
from pipelines.identity.model.specification import Field
from pipelines.identity.scoring.match_weights import copied_share


def field_ratio_sql(compared: Field, parameters: Parameters) -> str:
    """log2 of P(level | household) / P(level | strangers) of a pair as Splink returns it; 0 where the field is missing.

    Reads ``gamma_<field>``, and ``tf_<column>_l`` and ``_r`` where the field has an agreement level.
    """
    known = parameters.levels[compared.name]
    highest = len(compared.levels) - 1
    branches = []
    for position, level in enumerate(compared.levels):
        if level.is_neutral:
            continue
        household, stranger = known[level.name]["household"], known[level.name]["stranger"]
        if level.is_agreement:
            copied = copied_share(household, stranger)
            frequency = f"greatest(tf_{compared.column}_l, tf_{compared.column}_r)"
            value = f"log2({_number(1.0 - copied)} + {_number(copied)} / {frequency})"
        else:
            value = _number(float(np.log2(household / stranger)))
        branches.append(f"when {highest - position} then {value}")
    return f"(case gamma_{compared.name} {' '.join(branches)} else {_number(0.0)} end)"


def correction_sql(ratios: str, parameters: Parameters) -> str:
    """The correction of a match weight in bits, given SQL for the sum of the household's ratios over all fields."""
    share = parameters.shares["household"]
    strangers = 1.0 - parameters.shares["match"] - share
    return f"(-log2({_number(strangers)} + {_number(share)} * power({_number(2.0)}, {ratios})))"


def _number(value: float) -> str:
    """As a double: both engines would read a bare literal as a decimal."""
    return f"cast('{value!r}' as double)"
