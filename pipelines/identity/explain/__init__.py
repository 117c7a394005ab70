"""Why two records or customers are one, or are not, and how a customer came together; reads, decides nothing.

``explanations`` answers ``why`` and ``how``, ``compose`` tells an answer as a ``document``, and ``render_terminal`` and
``render_html`` show it (``render_json``: the answer itself). What is said stands in ``sentences`` and, by language, in
``pipelines.texts``. Explained in docs/identity.md, "Why and how".
"""
