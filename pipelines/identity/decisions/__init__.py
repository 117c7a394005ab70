"""What people decided about records: the file they keep, read, checked and written.

How a decision constrains clusters is in ``clustering.link_constraints``, what the model learns of them in
``training.labels``. Explained in docs/identity.md, "Decisions".
"""
