"""The second engine: keyed tokens in Elasticsearch propose, sealed documents in PostgreSQL decide."""

from intelhub.search.elastic.engine import ElasticIndex
from intelhub.search.elastic.server import SearchServer, ServerAway, connect
from intelhub.search.elastic.shelving import Profiles, check_wall, list_walls, shelve_partition

__all__ = [
    "ElasticIndex",
    "Profiles",
    "SearchServer",
    "ServerAway",
    "check_wall",
    "connect",
    "list_walls",
    "shelve_partition",
]
