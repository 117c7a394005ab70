"""Where the Parquet tables of a home lie, how they are written, and the lock that admits one run at a time.

The only package that names a path under ``<home>/lake``. Explained in docs/architecture.md.
"""
