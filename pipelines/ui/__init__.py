"""The front of Dagster's page: who may ask it what, and the processes behind it. ``parcours ui`` is the only user.

Dagster asks nobody who they are, changes things by GET and believes any Host and Origin. ``front`` stands before its
application, in the same process, so that nothing else listens; docs/adr/0016 says why there. Each rule is a module.
What a launch may configure is not decided here but in the code location, ``pipelines.defs.launch_config``.
"""
