"""What a column holds, going by its values alone: none of them leaves this package, only shapes and formats do."""
