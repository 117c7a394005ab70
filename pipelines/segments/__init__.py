"""Segments and traits that analysts define in `segments.yml`: read, checked, and who was in them from night to night.

``definitions`` reads the file, ``conditions`` judges its SQL over the ``columns`` there are; ``memberships`` records
who is in a segment on each published night, ``membership_log`` keeps that in the lake. Segments that every retailer has
(RFM, lifecycle) are dbt models. Explained in docs/segments.md.
"""
