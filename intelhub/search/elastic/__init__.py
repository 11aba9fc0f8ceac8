"""The second engine: keyed tokens in Elasticsearch propose, sealed documents in PostgreSQL decide."""

from intelhub.search.elastic.checking import Checked, check_wall, list_indices
from intelhub.search.elastic.engine import ElasticIndex
from intelhub.search.elastic.rebuilding import (
    CHANGED_SHARE,
    clear_epoch,
    drop_epochs,
    forget_wall,
    gets_tokens,
    levels_due,
    next_epoch,
    rebuild_wall,
    walls_of_level,
)
from intelhub.search.elastic.server import SearchServer, ServerAway, connect
from intelhub.search.elastic.shelving import Profiles, list_moves_due, shelve_partition
from intelhub.search.elastic.tokens import Wall
from intelhub.search.elastic.walls import count_behind_tokens, hold_level, list_walls

__all__ = [
    "CHANGED_SHARE",
    "Checked",
    "ElasticIndex",
    "Profiles",
    "SearchServer",
    "ServerAway",
    "Wall",
    "check_wall",
    "clear_epoch",
    "connect",
    "count_behind_tokens",
    "drop_epochs",
    "forget_wall",
    "gets_tokens",
    "hold_level",
    "levels_due",
    "list_indices",
    "list_moves_due",
    "list_walls",
    "next_epoch",
    "rebuild_wall",
    "shelve_partition",
    "walls_of_level",
]
