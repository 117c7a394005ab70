"""From a folder of exports to a first `sources.yml`: what is recognised is written, what is not is asked.

``heads`` looks at the files, ``exports`` puts like ones together; ``headers`` and ``values`` say what their columns may
mean, ``tables`` decides which canonical tables they fill, ``settings`` what holds for all; ``writing`` puts it on
paper. Words are data (`headers/vocabulary.yml`). How a file is read belongs in ``extracts``, what a known system
exports in ``presets``.
"""
