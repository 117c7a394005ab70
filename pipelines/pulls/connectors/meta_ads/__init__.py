"""Meta Ads, which Facebook and Instagram show, by the Graph API.

``api`` asks, ``spend`` is what campaigns cost by day, ``tables`` are what a pull sees.
"""
