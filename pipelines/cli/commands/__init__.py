"""The commands of ``parcours``, one per file. Heavy imports happen only when a command runs, so help is instant.

A module has ``add``, which declares its arguments, and the function that runs it. ``main`` lists them.
"""
