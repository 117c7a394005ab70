"""The ways by which somebody is told: a module of each, and what they have in common."""
