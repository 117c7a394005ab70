"""How each kind of system is asked: one module per kind, found by ``registry``. A database has `open_snapshot`."""
