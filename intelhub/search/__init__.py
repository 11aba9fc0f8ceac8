"""Sealed search: documents in, ids and snippets out; the only feature that knows words of all records at once."""

from intelhub.search.analysis import Recogniser, Spotted, fold, register_recogniser
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.engine import (
    MOST_RANKED,
    Cursor,
    Hit,
    Order,
    PartitionFilter,
    Piece,
    ReadFilter,
    SearchAnswer,
    SearchIndex,
    SearchRequest,
)

__all__ = [
    "MOST_RANKED",
    "Cursor",
    "Hit",
    "Order",
    "Partition",
    "PartitionFilter",
    "Piece",
    "ReadFilter",
    "Recogniser",
    "SearchAnswer",
    "SearchDocument",
    "SearchIndex",
    "SearchRequest",
    "Spotted",
    "fold",
    "register_recogniser",
]
