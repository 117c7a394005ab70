"""The sections of the report, one module each: its query, its title and texts, its charts and tables.

A section is a module of this folder with a function ``draw`` (``report.section_contract.Draw``), a group of texts of
the same name under ``report:`` of each language, and a line of :data:`SECTIONS`. Explained in docs/report.md.
"""

SECTIONS = (
    "headlines",
    "funnel",
    "stages",
    "transitions",
    "channels",
    "overlap",
    "value",
    "omnichannel_paths",
    "attribution",
    "friction",
    "retention",
    "rfm",
    "loyalty",
    "satisfaction",
)
"""The modules of the sections, in the order in which one would tell them."""
