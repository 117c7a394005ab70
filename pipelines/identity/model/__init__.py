"""The identity model as data: which fields are compared and how, blocking keys, trained versions, their history.

Declarations and files only. Learning parameters belongs in ``training``, using them in ``scoring``. Explained in
docs/identity.md, "The model".
"""
