"""Charts and pages as text: SVG and HTML that need no script, no network and no fonts.

What a chart says of a model, a night or an explanation is decided by who draws it; the figures of the nightly report,
which flow with their page, are in ``report``. Explained in docs/report.md.
"""
