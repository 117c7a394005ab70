"""The ``parcours`` command: arguments in, words and exit codes out.

``commands/`` holds one command a file, named like the command; beside it is what several of them share. What a command
does belongs to the package it calls. README.md lists the commands.
"""
