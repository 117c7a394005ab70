"""What runs and when, in Dagster: assets, checks, jobs and the schedule, thin modules by group.

How it is done belongs in the plain packages: a function here takes tables, calls one of theirs, and returns what
Dagster shall know. Explained in docs/architecture.md.
"""
