"""Parcours: customer data pipeline for omnichannel retail."""
