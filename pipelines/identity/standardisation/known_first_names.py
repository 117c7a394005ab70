"""First names that are known as such: first_names.yml, the tables of short forms, and the package nicknames."""

from functools import cache
from importlib.resources import files

import polars as pl
import yaml

from pipelines.identity.standardisation.letters import spell
from pipelines.identity.standardisation.names import fold
from pipelines.identity.standardisation.short_forms.table import list_full_names


@cache
def list_first_names() -> frozenset[str]:
    """The names that are first names and hardly ever surnames, folded; of one word each."""
    content = yaml.safe_load((files(__package__) / "first_names.yml").read_text(encoding="utf-8"))
    written = pl.Series([name for names in content["first_names"].values() for name in names.split()]).unique().sort()
    known = list_full_names()
    folded = pl.select(fold(pl.lit(written)).alias("own"), spell(fold(pl.lit(written)), "greek").alias("greek"))
    names = {*folded["own"], *folded["greek"], *known, *(full for names in known.values() for full in names)}
    return frozenset(name for name in names if " " not in name) - frozenset(content["surnames_too"].split())
