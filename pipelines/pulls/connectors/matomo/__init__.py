"""Matomo by its Reporting API.

``api`` asks, ``day`` reads the visits of one day page by page, ``visits`` are the table of all days, ``tables`` what a
pull sees.
"""
