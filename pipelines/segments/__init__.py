"""Segments and traits that analysts define in `segments.yml`: read, checked, and remembered from night to night.

Segments that every retailer has (RFM, lifecycle) are dbt models. Explained in docs/segments.md.
"""
