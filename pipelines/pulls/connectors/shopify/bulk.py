"""Bulk operations: the API gathers all rows of a list into one file, which is believed only as far as it is counted.

A file that has fewer objects or bytes than the operation says, or an operation that does not end well, is of no use:
the rows are then read page by page.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.pulls.connectors.shopify import queries
from pipelines.pulls.connectors.shopify.graphql import GraphqlClient, TooCostlyError
from pipelines.pulls.errors import SourceError, TableError
from pipelines.pulls.web import client as web

LEAST = 5_000  # Rows from which on a file is made faster than pages are read: it takes a minute or so to begin.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
LONGEST = 6 * 3_600.0  # Seconds.
LARGEST = 2**36


def export(client: GraphqlClient, root: str, search: str, fields: str, path: Path) -> bool:
    """Whether all rows of ``root`` that ``search`` finds are in the file ``path``, a line each, each part behind its
    whole."""
    try:
        operation = _run(client, queries.export_all(root, search, fields), root)
        return operation is not None and _fetch(client, operation, path)
    except (TableError, TooCostlyError, AttributeError, TypeError):  # Or it answers in another form.
        return False


def _run(client: GraphqlClient, query: str, shown: str) -> dict[str, Any] | None:
    """An operation that has ended well; None of one that has not, or that may not be begun beside another."""
    begun = client.query(queries.RUN_BULK, {"query": query}, shown)
    asked = begun.get("bulkOperationRunQuery") or {}
    number = (asked.get("bulkOperation") or {}).get("id")
    if asked.get("userErrors") or not isinstance(number, str):
        return None
    pause, waited = FIRST_PAUSE, 0.0
    while waited < LONGEST:
        web.sleep(pause)
        waited, pause = waited + pause, min(2 * pause, LONGEST_PAUSE)
        operation: Any = client.query(queries.BULK, {"id": number}, shown).get("node")
        status = operation.get("status") if isinstance(operation, dict) else None
        if status == "COMPLETED":
            return dict(operation)
        if status not in ("CREATED", "RUNNING"):
            return None
    return None


def _fetch(client: GraphqlClient, operation: dict[str, Any], path: Path) -> bool:
    """Whether the file has all that the operation counted."""
    try:
        objects, roots = int(operation["objectCount"]), int(operation["rootObjectCount"])
        size = int(operation["fileSize"] or 0)
    except (KeyError, TypeError, ValueError):
        return False
    url = operation.get("url")
    if not objects:
        path.write_bytes(b"")
        return True
    if not isinstance(url, str):
        return False
    try:
        client.download(url, path, LARGEST)
    except SourceError:
        return False
    if size and path.stat().st_size != size:
        return False
    return _count(path) == (objects, roots)


def _count(path: Path) -> tuple[int, int] | None:
    """How many objects the file has, and how many of them are no part of another; None where it is none of ours."""
    objects = roots = 0
    whole: str | None = None
    with path.open("rb") as file:
        for line in file:
            try:
                node = json.loads(line.decode())
                parent = node.get("__parentId")
                whole = node["id"] if parent is None else whole
            except (ValueError, KeyError, AttributeError):
                return None
            if parent is not None and parent != whole:
                return None  # Behind another: which are grouped is asked for, and not so.
            objects, roots = objects + 1, roots + (parent is None)
    return objects, roots


def read(path: Path, part: str | None) -> Iterator[dict[str, Any]]:
    """The rows of a file that ``export`` has made, as pages have them: with their parts as connection ``part``."""
    whole: dict[str, Any] | None = None
    with path.open(encoding="utf-8") as file:
        for line in file:
            node = json.loads(line)
            if node.pop("__parentId", None) is None:
                if whole is not None:
                    yield whole
                whole = node
                if part:
                    whole[part] = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
            elif whole is not None and part:
                whole[part]["nodes"].append(node)
    if whole is not None:
        yield whole
