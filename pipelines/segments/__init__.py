"""Segments and traits that analysts define in `segments.yml`: read, checked, and remembered from night to night.

The SQL that evaluates them lies in dbt; here is what dbt is told, and what it cannot know: the nights before.
"""
