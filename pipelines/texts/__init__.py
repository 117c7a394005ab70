"""What people read in a language of their choice: the report, explanations, the end of a run, the review.

One file per language (`en.yml`, `fr.yml`), all with the same keys; a further language is one more file. Errors, log
lines and `--help` are English and stand in the code. How to add a language: docs/report.md.
"""
