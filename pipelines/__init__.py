"""Parcours: customer data pipeline for omnichannel retail."""

import os

# Polars' allocator (jemalloc) gives memory back to the system half a second after its last use, and a night's next
# step asks for as much again: half a minute spares it 7% of its CPU time, for 10% more memory at the peak (a full run:
# 30% more). Read when polars is loaded, so before any other import.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:30000")
