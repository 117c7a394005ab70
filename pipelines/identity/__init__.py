"""How people are recognised: records in, permanent customer ids out."""
