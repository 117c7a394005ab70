"""The commands of ``parcours``, one a file. Each imports what is heavy only when it runs: help comes at once."""
