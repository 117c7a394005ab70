"""How much of everything a file may have before it is read: far beyond any export, far below what harms a night."""

MOST_COLUMNS = 16_384  # As many as the widest sheet of Excel; systems export some hundreds.
LONGEST_HEADER = 1 << 20  # Bytes; names of 60 letters for as many columns as there may be.
MOST_TIMES_PACKED = 200  # What deflate makes of exports is 1:50 at most; of bytes that are all the same, 1:1032.
ALWAYS_FINE = 200 << 20  # Bytes; whatever the ratio, so much harms nobody.


def count_fine(packed: int) -> int:
    """How many bytes a file of ``packed`` bytes may unpack to before it is taken for a bomb."""
    return max(ALWAYS_FINE, MOST_TIMES_PACKED * packed)
