"""Search: documents in, ids and snippets out; the only feature that knows words of all records at once."""

from intelhub.search.analysis import Recogniser, Spotted, fold, register_recogniser
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.elastic import (
    ElasticIndex,
    SearchServer,
    ServerAway,
    check_wall,
    connect,
    list_walls,
    shelve_partition,
)
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
from intelhub.search.merge import (
    TAIL_ROWS,
    count_waiting,
    list_merges_due,
    list_partitions,
    merge_partition,
    reindex_partition,
)
from intelhub.search.models import SearchDictionaryRow, SearchDocumentRow, SearchSegmentRow, SearchTailRow
from intelhub.search.query import read_span, unknown_date
from intelhub.search.sealed import SealedIndex
from intelhub.search.snippets import mark_query

__all__ = [
    "MOST_RANKED",
    "TAIL_ROWS",
    "Cursor",
    "ElasticIndex",
    "Hit",
    "Order",
    "Partition",
    "PartitionFilter",
    "Piece",
    "ReadFilter",
    "Recogniser",
    "SealedIndex",
    "SearchAnswer",
    "SearchDictionaryRow",
    "SearchDocument",
    "SearchDocumentRow",
    "SearchIndex",
    "SearchRequest",
    "SearchSegmentRow",
    "SearchServer",
    "SearchTailRow",
    "ServerAway",
    "Spotted",
    "check_wall",
    "connect",
    "count_waiting",
    "fold",
    "list_merges_due",
    "list_partitions",
    "list_walls",
    "mark_query",
    "merge_partition",
    "read_span",
    "register_recogniser",
    "reindex_partition",
    "shelve_partition",
    "unknown_date",
]
