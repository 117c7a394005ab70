"""GA4 by its export to BigQuery, whose REST API (v2) is asked.

``service_account`` is how it lets us in, ``api`` asks, ``records`` reads rows, ``events`` are the tables of all days as
one, ``tables`` what a pull sees.
"""
