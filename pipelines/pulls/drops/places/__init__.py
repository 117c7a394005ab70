"""The machines that files come from, a module for each kind."""
