"""A new version of the identity model: learned, compared with the one in force, described and put in force.

A job of its own, seeded; the nightly run loads the version in force and learns nothing. Explained in docs/identity.md,
"Training".
"""
