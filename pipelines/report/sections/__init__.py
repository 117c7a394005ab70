"""The sections of the report, one module each: its query, its title and texts, its charts and tables.

A section is a module of this folder with a function ``draw`` (``report.section_contract.Draw``), a group of texts of
the same name under ``report:`` of each language, and a place in :data:`GROUPS`. Explained in docs/report.md.
"""

GROUPS: dict[str, tuple[str, ...]] = {
    "summary": ("revenue", "headlines", "changes"),
    "money": ("channels", "stores"),
    "customers": ("personas", "customer_value", "stages", "transitions", "retention"),
    "segments": ("rfm", "built_in_segments", "own_segments"),
    "crossing": ("funnel", "overlap", "value", "omnichannel_paths"),
    "marketing": ("attribution", "next_products"),
    "service": ("friction", "loyalty", "satisfaction"),
}
"""The modules of the sections by the part of the page they are in, in the order in which one would tell them."""

SECTIONS = tuple(name for names in GROUPS.values() for name in names)
