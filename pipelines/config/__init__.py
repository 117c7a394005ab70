"""What the operator configures: the home folder, the environment and `sources.yml`.

`sources.yml` as a whole is ``sources``, one source of it ``connectors``, what presets add to it ``preset_tables``, what
its structure does not show ``source_checks``. Reading the exports that it names belongs in ``extracts``; analysts'
`segments.yml` in ``segments``. Explained in docs/sources.md.
"""
