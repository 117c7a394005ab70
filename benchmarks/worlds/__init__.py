"""Retailers of other countries, generated with truth: who is behind each record of CRM, shop and till.

``country`` has what a country is like (names, places, numbers, how people write them), ``people`` households in it,
``written`` their records. First names, surnames, towns and streets are those of the package Faker; a country's file
(``germany.yml``) adds which of them are the most frequent, everyday forms of names, and what it calls things.
"""
