"""The draft on paper: a `sources.yml` that a person reads and corrects, and what is said of it on the terminal."""
