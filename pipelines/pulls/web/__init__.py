"""What pulls from web APIs share: requests that are tried again, tables of rows that come as JSON."""
