"""Google Ads by its REST API.

``api`` asks, ``spend`` is what campaigns cost by day, ``tables`` are what a pull sees.
"""
