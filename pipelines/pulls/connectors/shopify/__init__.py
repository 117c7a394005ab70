"""Shopify by its GraphQL Admin API.

``graphql`` asks, ``queries`` says what, ``resources`` reads and counts, ``rows`` are what becomes of an answer,
``tables`` are what a pull sees.
"""
