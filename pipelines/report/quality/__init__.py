"""The page for data engineers: what came in, who was recognised, and how the nights went. A section a module.

A section's ``draw`` is given the home folder besides what a section of the report is given: what the warehouse does not
hold, it reads from the lake and the logs. Its texts stand beside those of the report, as :data:`GROUPS` names them.
"""

GROUPS: dict[str, tuple[str, ...]] = {
    "data": ("pulls", "rows", "fields", "references"),
    "identity": ("people", "accuracy", "thresholds", "drift", "review"),
    "nights": ("nights",),
}
"""The modules of the sections by the part of the page they are in."""

SECTIONS = tuple(name for names in GROUPS.values() for name in names)
