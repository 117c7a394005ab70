"""HubSpot by its CRM API.

``api`` asks, ``search`` reads a search to its end, ``objects`` are records of one kind, ``ticket_contacts`` say whose
tickets are, ``email_events`` what became of messages; ``tables`` are what a pull sees.
"""
