"""Klaviyo by its API.

``api`` asks, ``listing`` reads a list to its end, ``profiles`` and ``events`` are what there is, ``counts`` are those
of events by day; ``tables`` are what a pull sees.
"""
