"""From records to scored pairs: profiles, blocking, comparison, match weights in bits.

What is compared is declared in ``model.specification``; what a weight leads to is decided in ``clustering``. Explained
in docs/identity.md, "Scoring".
"""
