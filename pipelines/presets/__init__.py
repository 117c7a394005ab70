"""The exports of well-known systems, and how each fills the canonical tables: one YAML file an export in ``exports``.

A table of `sources.yml` names one as its `preset`; ``config`` lays what the user writes over it, so that everything
behind sees one mapping. ``recognise`` tells of which export a file is, by its columns alone. What an export *means* is
said here and nowhere else; how files are read belongs in ``extracts``. Explained in docs/sources.md.
"""
