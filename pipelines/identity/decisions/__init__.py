"""Human decisions on pairs of records, must-link or cannot-link: the file that holds them, read, checked and written.

How a decision constrains clusters is in ``clustering.link_constraints``, how it labels pairs for the model in
``training.labels``. Explained in docs/identity.md, "Decisions".
"""
