"""The commands of ``parcours``, one a file. Each imports what is heavy only when it runs: help comes at once.

A module has ``add``, which declares its arguments, and the function that runs it. ``main`` lists them.
"""
