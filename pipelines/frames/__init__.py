"""Work on tables in memory that knows nothing of people or retail: set operations on hashes, sorting, SQL, threads.

Reading and writing the tables of a home belongs in ``lake``.
"""
