"""Prints the rows of queries over a DuckDB file as JSON, each value as its text: ask.py FILE < JSON list of queries."""

import json
import sys

import duckdb

connection = duckdb.connect(sys.argv[1], read_only=True)
answers = [
    [[str(value) for value in row] for row in connection.execute(query).fetchall()] for query in json.load(sys.stdin)
]
sys.stdout.write(json.dumps({"version": duckdb.__version__, "answers": answers}))
