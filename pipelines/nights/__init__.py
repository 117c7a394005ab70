"""Nights that nobody watches: when they begin, whose exports they wait for, how they ended, and who is told.

What a person declares stands in `nights.yml`; what became of the nights lies in the home, in `last_night.json` and
`nights/`. Whoever runs a night, the command or Dagster, says here how it went; what runs in it, and when, is not
decided here. Explained in docs/nights.md.
"""
