"""A generated retailer with the faults of real exports, and the truth to judge by.

Every kind of fault has a module and a random stream of its own: without it, everything else is as it was.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from pipelines.sample.columns import random_stream
from pipelines.sample.erased import erase_people
from pipelines.sample.fault_list import Untouched, join_faults
from pipelines.sample.merged_ids import merge_contacts
from pipelines.sample.other_currencies import take_other_currencies
from pipelines.sample.out_of_bounds import date_wrongly
from pipelines.sample.second_country import move_abroad
from pipelines.sample.staff_cards import lend_staff_card
from pipelines.sample.unreadable import write_unreadably
from pipelines.sample.world import World


def add_faults(world: World, seed: int, exported: Collection[tuple[str, str]]) -> World:
    """``world`` with faults; ``exported`` are the tables and columns that its exports have."""
    tables, untouched = dict(world.tables), Untouched()

    def stream(name: str) -> np.random.Generator:
        return random_stream(seed, f"faults: {name}")

    truth, erased = erase_people(stream("erased"), tables, world.truth, untouched)
    faults = [
        *erased,
        *lend_staff_card(stream("staff card"), tables, untouched),
        *merge_contacts(stream("merged ids"), tables, untouched),
        *move_abroad(stream("second country"), tables, truth, untouched),
        *take_other_currencies(stream("currencies"), tables, untouched),
        *date_wrongly(stream("dates"), tables, untouched),
        *write_unreadably(stream("unreadable"), tables, exported, untouched),
    ]
    return replace(world, tables=tables, truth=truth, faults=join_faults(faults))
