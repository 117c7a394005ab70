"""How a source is read: connectors, the canonical tables, and what happens to rows that do not fit."""
