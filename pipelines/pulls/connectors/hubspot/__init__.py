"""HubSpot by its CRM API.

``api`` asks, ``search`` reads a search to its end, ``objects`` are records of one kind, ``ticket_contacts`` say whose
tickets are, ``tables`` are what a pull sees.
"""
