"""A home's backup: one file with all that cannot be made anew from the exports, and its way back into a home.

``contents`` says what belongs in it, ``snapshot`` opens all of it as of one moment, ``manifest`` and ``archive`` are
the file, ``encryption`` what keeps it from other eyes, ``restore`` the way back. What a home keeps, and whether it is
whole, is ``warehouse.kept_state``'s to say. Explained in docs/runbook.md.
"""
