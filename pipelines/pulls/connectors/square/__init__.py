"""Square by its API v2.

``api`` asks, ``orders`` are read and counted, ``order_rows`` and ``money`` say what becomes of one, ``payments`` prove
that none is missing; ``customers``, ``catalogue`` and ``locations`` are the other tables, ``tables`` are what a pull
sees.
"""
