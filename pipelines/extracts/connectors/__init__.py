"""How each kind of system is reached: one module per `connector.type`, named like it, with a function ``open_rows``.

``protocol`` says what that function is given and returns, ``registry`` finds it; what `sources.yml` may say of a
connector is declared in ``config/connectors``. ``decoding`` and ``malformed_lines`` serve ``files``. What the rows mean
to the canonical table belongs in ``extracts.conform``. Explained in docs/connectors.md.
"""
