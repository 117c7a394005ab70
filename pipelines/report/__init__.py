"""The report of a night: one HTML page for people who run the shop, drawn from the marts of the published warehouse.

Counts and sums only: no customer, record or contact is on it. Each section is a question with its answer as a title, a
chart, and the numbers behind the chart as a table. The same warehouse gives the same bytes.
"""
