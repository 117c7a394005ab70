"""Salesforce by its REST API.

``api`` asks, ``objects`` are the rows of one object, ``ids`` their ids in one length, ``tables`` are what a pull sees.
"""
