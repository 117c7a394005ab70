"""Splink's linker at work on profiles under a model version: who is compared with whom, and what each pair weighs.

Blocking, comparisons, term-frequency adjustments and match weights are Splink's (``Linker.inference``). Added to what
it returns is the household correction (:mod:`pipelines.identity.scoring.household`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
from splink import Linker

from pipelines.frames.in_memory_sql import connect_in_memory_alone
from pipelines.identity.model.registry import ModelVersion
from pipelines.identity.model.specification import BLOCKING_KEYS
from pipelines.identity.model.splink_settings import make_settings
from pipelines.identity.scoring.blocking import BLOCKS, add_keys, keep_small_blocks, limit_blocks
from pipelines.identity.scoring.engine import DuckDBEngine, Engine
from pipelines.identity.scoring.household import correction_sql, field_ratio_sql

ENDS = ("record_id_l", "record_id_r")
"""The columns of every table of pairs, the smaller record_id first."""

STORE_THRESHOLD_BITS = -10.0
"""Match weight below which a pair is not stored: a thousand times likelier two people than one, it adds nothing. The
household correction only lowers a weight, so Splink may leave out what it finds below."""

PROFILES, KEYED, BLOCKED = "profiles", "keyed_profiles", "blocked_profiles"
"""The tables of profiles: as they are, their blocking keys, and both, with the keys of blocks within their limits."""


@contextmanager
def open_linker(profiles: pl.DataFrame, model: ModelVersion) -> Iterator["ProfileLinker"]:
    """A linker of ``profiles`` (:func:`pipelines.identity.scoring.profiles.build_profiles`) under ``model``."""
    with connect_in_memory_alone("The comparison of records") as connection:
        engine = DuckDBEngine(connection)
        engine.load(PROFILES, profiles)
        yield ProfileLinker(engine, model)


@dataclass(frozen=True)
class ProfileLinker:
    """Splink over the table PROFILES of ``engine``."""

    engine: Engine
    model: ModelVersion
    keyed: str | None = None
    """The table KEYED, where another model has made it already."""
    kept: str | None = None
    """The table BLOCKED, where another model with the same limits has."""

    def under(self, model: ModelVersion) -> "ProfileLinker":
        """The same profiles under another model, which keys them alike."""
        is_as_blocked = model.parameters.largest_blocks == self.model.parameters.largest_blocks
        return ProfileLinker(self.engine, model, self._keyed, self._blocked if is_as_blocked else None)

    def open_splink(self) -> Linker:
        """Splink's linker over the profiles with their blocking keys, under the model: its charts work on it too."""
        return self.link(self.engine.open_splink(), self._blocked, make_settings(self.model, self.engine.dialect))

    def score_all(self) -> pl.DataFrame:
        """Every pair of profiles that share a blocking key and weigh enough to be stored: ``identity/pairs``.

        Sorted by both ENDS. Columns: these, match_weight (bits), match_probability, household_weight (bits, at most 0),
        found_by (the blocking key's name), and ``gamma_<field>``, Splink's level (the highest is the best, 0 different,
        -1 missing).
        """
        linker = self.open_splink()
        predicted = linker.inference.predict(threshold_match_weight=STORE_THRESHOLD_BITS, warning_mode="never")
        return self._list_pairs(predicted.physical_name)

    def score_changed(self, changed: pl.Series) -> pl.DataFrame:
        """The same, of the pairs with a profile among ``changed`` (record_ids)."""
        self.engine.load("changed_ids", changed.to_frame("record_id"))
        for name, join in (("changed", "semi"), ("unchanged", "anti")):
            self.engine.make(name, f"select * from {self._blocked} {join} join changed_ids using (record_id)")
        api = self.engine.open_splink()
        linker = self.link(api, "changed", make_settings(self.model, self.engine.dialect))
        within = linker.inference.predict(threshold_match_weight=STORE_THRESHOLD_BITS, warning_mode="never")
        between = linker.inference.predict_between(
            api.register("changed", dataset_display_name="changed_ones"),
            api.register("unchanged"),
            threshold_match_weight=STORE_THRESHOLD_BITS,
            warning_mode="never",
        )
        return self._list_pairs(within.physical_name, between.physical_name)

    def weigh(self, left: pl.Series, right: pl.Series, among: str = PROFILES) -> pl.DataFrame:
        """The given pairs of profiles (record_ids), row by row, whether or not they share a blocking key; in bits.

        Columns: match_weight, household_weight, and of each field ``gamma_<field>``, ``weight_<field>`` and
        ``household_<field>`` (the log2 ratios of the two classes to strangers). ``among``: a table of profiles that has
        all of theirs; Splink prepares every row of it.
        """
        pairs = pl.DataFrame({"record_id_l": left, "record_id_r": right})
        predicted = self.predict_given(pairs, make_settings(self.model, self.engine.dialect), among)
        columns = ", ".join(
            f"gamma_{name}::tinyint as gamma_{name}, {_weight_sql(name, self._is_adjusted(name))} as weight_{name},"
            f" household_{name}"
            for name in self._names
        )
        weighed = self.engine.read(
            f"select record_id_l, record_id_r, match_weight + household_weight as"
            f" match_weight, household_weight, {columns} from ({self._with_household(predicted)})"
        )
        return pairs.join(weighed, on=ENDS, how="left", maintain_order="left").drop(ENDS)

    def limit_blocks(self) -> tuple[dict[str, int], int]:
        """For each blocking key, the largest block worth comparing among these profiles; and how many pairs they find.

        A pair that two keys find counts twice.
        """
        return limit_blocks(self.engine, self._keyed)

    def digest(self) -> pl.DataFrame:
        """One row per profile: record_id, and ``digest``, 64 bits of what its pairs depend on; for one DuckDB version.

        That is its content and the blocking keys by which it is compared: a pair of two profiles whose digests stay
        the same is found by the same key and weighs the same as before.
        """
        return self.engine.read(
            f"select record_id, hash(record_id, content_hash, {', '.join(BLOCKS)}) as digest from {self._blocked}"
        )

    @cached_property
    def _keyed(self) -> str:
        if self.keyed is None:
            add_keys(self.engine, PROFILES, KEYED)
        return KEYED

    @cached_property
    def _blocked(self) -> str:
        if self.kept is None:
            keep_small_blocks(self.engine, PROFILES, self._keyed, self.model.parameters.largest_blocks, BLOCKED)
        return BLOCKED

    def draw_blocked(self, chunks: int, seed: int) -> str:
        """Splink's table of pairs (join_key_l, join_key_r) that share a blocking key.

        They are those of one in ``chunks`` profiles, drawn by ``seed``, with all others.
        """
        drawn = (1 + seed % chunks, chunks)
        blocked = self.open_splink().inference.compute_blocked_pairs_for_predict_chunk(drawn, (1, 1))
        return str(blocked.physical_name)

    def predict_given(self, pairs: pl.DataFrame, settings: dict[str, Any], among: str = PROFILES) -> str:
        """Splink's table of its predictions for the given ``pairs`` (ENDS) of profiles in ``among``, each once.

        They need no blocking key in common.
        """
        given = pairs.unique().select(pl.lit("0").alias("match_key"), join_key_l=ENDS[0], join_key_r=ENDS[1])
        self.engine.load("given", given)
        api = self.engine.open_splink()
        linker = self.link(api, among, {**settings, "blocking_rules_to_generate_predictions": []})
        linker.table_management.register_blocked_pairs_for_predict(api.register("given"))
        return str(linker.inference.predict(warning_mode="never").physical_name)

    def link(self, api: Any, table: str, settings: dict[str, Any]) -> Linker:
        """Splink's linker over one of the tables of the engine, with the model's term frequencies.

        ``api`` is the engine's (:meth:`~.engine.Engine.open_splink`).
        """
        linker = Linker(api.register(table), settings, validate_settings=False, log_level=None)
        for compared in self.model.fields:
            if self._is_adjusted(compared.name):
                lookup = self._look_up_frequencies(compared.name, compared.column)
                linker.table_management.register_term_frequency_lookup(api.register(lookup), compared.column)
        return linker

    @property
    def _names(self) -> list[str]:
        return [compared.name for compared in self.model.fields]

    def _is_adjusted(self, name: str) -> bool:
        return name in self.model.term_frequencies

    def _look_up_frequencies(self, name: str, column: str) -> str:
        """The table of the frequencies of today's values; a value that training did not know is as rare as any."""
        table = f"frequencies_of_{column}"
        if table not in self._looked_up:
            self.engine.load("trained", self.model.term_frequencies[name])
            rarest = f"cast('{self.model.parameters.rarest[name]!r}' as double)"
            self.engine.make(
                table,
                f"select {column}, coalesce(frequency, {rarest}) as tf_{column}"
                f" from (select distinct {column} from {PROFILES} where {column} is not null)"
                f" left join trained on trained.value = {column}",
            )
            self._looked_up.add(table)
        return table

    @cached_property
    def _looked_up(self) -> set[str]:
        """The tables of frequencies that have been made."""
        return set()

    def _with_household(self, predicted: str) -> str:
        """SQL: the rows of Splink's table ``predicted``, with ``household_<field>`` and ``household_weight``."""
        learned = self.model.parameters
        ratios = ", ".join(f"{field_ratio_sql(each, learned)} as household_{each.name}" for each in self.model.fields)
        total = " + ".join(f"household_{name}" for name in self._names)
        return (
            f"select *, {correction_sql(total, learned)} as household_weight from (select *, {ratios} from {predicted})"
        )

    def _list_pairs(self, *predicted: str) -> pl.DataFrame:
        """``identity/pairs`` from Splink's tables ``predicted``."""
        found_by = " ".join(f"when '{position}' then '{name}'" for position, name in enumerate(BLOCKING_KEYS))
        weight = "match_weight + household_weight"
        probability = self.model.parameters.calibration.probability_sql("match_weight")
        rows = " union all ".join(
            f"select least(record_id_l, record_id_r) as record_id_l, greatest(record_id_l, record_id_r) as record_id_r,"
            f" {weight} as match_weight, household_weight, case match_key::varchar {found_by} end as found_by,"
            f" {', '.join(f'gamma_{name}::tinyint as gamma_{name}' for name in self._names)}"
            f" from ({self._with_household(table)}) where {weight} >= {STORE_THRESHOLD_BITS}"
            for table in predicted
        )
        return self.engine.read(
            f"select record_id_l, record_id_r, match_weight, {probability} as match_probability,"
            f" * exclude (record_id_l, record_id_r, match_weight) from ({rows}) order by record_id_l, record_id_r"
        )


def _weight_sql(name: str, is_adjusted: bool) -> str:
    """Splink's match weight of one field, with the adjustment for the term frequency."""
    return f"mw_{name} + mw_tf_adj_{name}" if is_adjusted else f"mw_{name}"
