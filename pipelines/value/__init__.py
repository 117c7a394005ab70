"""What customers will buy and what it is worth: models fitted to their purchase histories."""
