"""Trains a new version of the identity model, compares it with the one in force, and puts it in force.

A job of its own, seeded; the nightly run loads the version in force and trains nothing. Explained in docs/identity.md,
"Training".
"""
