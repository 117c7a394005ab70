"""Names and texts as DuckDB SQL writes them."""


def quote_name(name: str) -> str:
    """``name`` as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """``text`` as a literal."""
    return "'" + text.replace("'", "''") + "'"
