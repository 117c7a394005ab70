"""The contact fields of every identity-bearing record, cleaned and made comparable; nothing else cleans them.

A file per kind of field; values that identify nobody are in ``attributes.yml`` and ``shared_values``. dbt never cleans
a contact field again. Explained in docs/identity.md, "Standardisation".
"""
