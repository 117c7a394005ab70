"""Brevo by its API v3.

``api`` asks, ``contacts`` and ``events`` are what there is, ``tables`` are what a pull sees.
"""
