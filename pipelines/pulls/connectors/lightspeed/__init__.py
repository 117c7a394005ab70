"""Lightspeed Retail, X-Series, by its API 2.0.

``api`` asks, ``versions`` reads whatever has versions, ``sales`` and ``sale_rows`` are tickets, ``master_data`` are
customers, products and outlets; ``tables`` are what a pull sees.
"""
