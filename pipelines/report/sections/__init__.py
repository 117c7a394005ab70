"""The sections of the report, one module each: its query, what it tells, and how it is drawn."""
