"""The ``parcours`` command: arguments in, text and exit codes out.

``commands/`` has one file per command, named after it; what several commands share is beside it. What a command does
belongs in the package it calls. README.md lists the commands.
"""
