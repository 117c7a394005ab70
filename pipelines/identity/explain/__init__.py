"""Why two records or customers are one, or are not, and how a customer came together; reads, decides nothing.

What is told is made once, as data, and rendered for a terminal, as a page and as JSON; its texts are those of
``pipelines.texts``. Explained in docs/identity.md, "Why and how".
"""
