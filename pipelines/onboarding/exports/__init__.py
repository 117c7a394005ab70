"""Which files are one export: those of one pattern, as one table."""
