// Prints the rows of a query over a DuckDB file as JSON: node ask.mjs FILE QUERY
import { DuckDBInstance } from "@duckdb/node-api";

const [file, query] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
const connection = await instance.connect();
const reader = await connection.runAndReadAll(query);
console.log(JSON.stringify(reader.getRowsJson()));
