"""What a column may be, going by its header alone."""
