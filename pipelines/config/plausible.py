"""What can be true of a retailer's data, by default and as `sources.yml` declares it under `plausible`."""

from datetime import date
from typing import Annotated

from pydantic import Field

from pipelines.config.field_types import Day
from pipelines.yaml_document import ConfigModel

Largest = Annotated[float, Field(gt=0)]


class Plausible(ConfigModel):
    """The limits of columns, by what they hold; a table's own `plausible` sets those of a single column."""

    # Before the web, and before the tills that are read today: an earlier date is a system's zero (1970, 1900).
    earliest_date: Day = date(1990, 1, 1)
    # The oldest verified age is 122 years (Jeanne Calment), and customers of long ago stay in a CRM.
    oldest_age: Annotated[int, Field(gt=0, le=1000)] = 130
    # Of one row, in the configured currency: what is beyond is a barcode, or a decimal mark that was lost.
    largest_amount: Largest = 1_000_000
    # Units of one line.
    largest_quantity: Largest = 100_000
    # Points of one movement.
    largest_points: Largest = 1_000_000
    # Of people in a day or views of an advertisement.
    largest_count: Largest = 1_000_000_000
