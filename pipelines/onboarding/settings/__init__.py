"""What holds for the whole file: country, time zone, currency and language, told from values and headers."""
