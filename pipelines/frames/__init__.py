"""Work on tables in memory that knows nothing of people or retail: sorting, comparing, SQL, writing in a thread.

Reading and writing the tables of a home belongs in ``lake``.
"""
