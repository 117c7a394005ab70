"""What the operator configures: the home folder, the environment and `sources.yml`.

Reading the exports that `sources.yml` names belongs in ``extracts``; analysts' `segments.yml` in ``segments``, which
reads it with the same ``yaml_document``. Explained in docs/sources.md.
"""
