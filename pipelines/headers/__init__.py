"""What a column may be, going by its header alone: by the words that exports use, in French and English."""
