"""Which canonical tables an export fills, and by which of its columns: headers and values weighed together."""
