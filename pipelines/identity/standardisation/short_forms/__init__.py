"""Short forms of first names and the full names that they may stand for; what each file holds is in README.md."""
