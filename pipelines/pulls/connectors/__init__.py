"""How each kind of system is asked: one module per kind, with a function ``open_snapshot``; ``registry`` finds it."""
