"""The first rows of every table, through the same extracts as a run, in a folder that is thrown away.

It tells in seconds what a night would say of `sources.yml` and of the exports; nothing of the home is read or written.
What is right and wrong is judged in ``extracts`` and ``identity``, and only there.
"""
