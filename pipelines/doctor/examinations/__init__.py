"""What is looked at, in the order in which it is told: each module has ``SUBJECT`` and ``examine``."""

from types import ModuleType

from pipelines.doctor.examinations import (
    configuration,
    dagster_storage,
    disk_space,
    home_folder,
    kept,
    ledger,
    leftovers,
    lock,
    nights,
    permissions,
    pulled_sources,
    readers,
    schedule,
    versions,
    warehouse,
)

OF_THE_MACHINE: tuple[ModuleType, ...] = (home_folder, versions, configuration, pulled_sources)
"""What can be looked at where there is no home yet."""

OF_THE_HOME: tuple[ModuleType, ...] = (
    permissions,
    readers,
    disk_space,
    lock,
    warehouse,
    ledger,
    kept,
    nights,
    schedule,
    dagster_storage,
    leftovers,
)
