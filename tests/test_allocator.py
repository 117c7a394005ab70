"""How long polars keeps memory is said before it is loaded: later, it would not be heard."""

import os
import subprocess
import sys

import pytest

ENTRIES = ("pipelines.cli.main", "pipelines.definitions")
ASKED = """
import importlib.abc, importlib, os, sys

class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "polars":
            print(os.environ.get("_RJEM_MALLOC_CONF"))
        return None

sys.meta_path.insert(0, Watch())
importlib.import_module({entry!r})
import polars
"""


@pytest.mark.long
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("chosen", [None, "dirty_decay_ms:0"])
def test_it_is_said_first_and_what_somebody_chose_stays(entry, chosen):
    environment = {name: value for name, value in os.environ.items() if name != "_RJEM_MALLOC_CONF"}
    environment |= {"_RJEM_MALLOC_CONF": chosen} if chosen else {}
    code = ASKED.format(entry=entry)
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == [chosen or "dirty_decay_ms:30000"]
