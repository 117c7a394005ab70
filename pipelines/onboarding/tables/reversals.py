"""Columns that say of some rows that they are no sale as it stands: a return, a cancellation, a test."""

from collections.abc import Sequence

from pipelines.contracts import Table
from pipelines.headers.vocabulary import Vocabulary
from pipelines.onboarding.exports.export import Export
from pipelines.onboarding.tables.matching import Match

SOLD = ("pos/tickets", "pos/ticket_lines", "ecommerce/orders", "ecommerce/order_lines")
MOST_WORDS = 20  # Different values of a list of kinds; more are names or texts.


def find_reversals(export: Export, table: Table, matches: Sequence[Match], vocabulary: Vocabulary) -> list[str]:
    """The columns that nothing is taken from, of which the header or a value is such a word."""
    if table.path not in SOLD:
        return []
    taken = {each.source for match in matches for each in match.assigned.values() if each.is_sure}
    return [column for column in export.columns if column not in taken and _tells(export, column, vocabulary)]


def _tells(export: Export, column: str, vocabulary: Vocabulary) -> bool:
    shape = export.shapes[column]
    is_said = bool(vocabulary.reversals.intersection(vocabulary.folding.fold(column).words))
    if is_said and shape.are_booleans and shape.distinct > 1:
        return True
    kinds = shape.commonest if 1 < shape.distinct <= MOST_WORDS and not shape.are_numbers else []
    return any(vocabulary.reversals.intersection(vocabulary.folding.fold(kind).words) for kind in kinds)
