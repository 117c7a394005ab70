"""The files of a folder, and of each what its first rows show: how it is written, its columns, some values.

Files are read by the connectors of ``extracts``, as a run will read them.
"""
