"""The sections of the report, one module each: its query, what it tells, and how it is drawn.

``report.page`` lists them in their order; figures are in ``report.figures``, texts in ``pipelines.texts``. Explained in
docs/report.md.
"""
