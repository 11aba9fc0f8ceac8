"""Whoever took a credential of the search server, or may put something beside our indices there: what they can do."""

from __future__ import annotations

from uuid import uuid4

import pytest
from elasticsearch import ApiError

from intelhub.search.elastic.server import SearchServer, index_definition
from intelhub.search.elastic.tokens import index_name
from tests.factories.search_world import PARTITION, World, document

LOOKS = [
    ("GET", "/{index}/_termvectors/{id}", None),
    ("GET", "/{index}/_doc/{id}", None),
    ("POST", "/{index}/_terms_enum", {"field": "f", "string": "a"}),
    ("GET", "/{index}/_mapping", None),
    ("POST", "/{index}/_pit?keep_alive=1m", None),
    ("GET", "/_tasks", None),
    ("GET", "/_cat/indices", None),
]
WRITES = [
    ("PUT", "/{index}/_doc/{id}", {"p": "a"}),
    ("DELETE", "/{index}/_doc/{id}", None),
    ("DELETE", "/{index}", None),
]
DEFINITIONS = [
    ("PUT", "/_index_template/ours", {"index_patterns": ["ih-*"]}),
    ("PUT", "/{index}/_mapping", {"properties": {"k": {"type": "keyword"}}}),
    ("PUT", "/{index}/_settings", {"index": {"blocks.write": True}}),
    ("POST", "/_aliases", {"actions": [{"add": {"index": "{index}", "alias": "ih-other"}}]}),
    ("PUT", "/_snapshot/copies", {"type": "fs", "settings": {"location": "copies"}}),
]


@pytest.fixture
def index(database, search_server):
    """The name of an index with a document in it."""
    world = World(database.app_url, database.worker_url, database.superuser_url, server=search_server)
    world.process().write(document("Khối hàng phụ tùng", exposure=2))
    assert world.merge(PARTITION)
    return index_name(world.vault, PARTITION.level)


def refused(client, index, method, path, body):
    headers = {"accept": "application/json", "content-type": "application/json"}
    with pytest.raises(ApiError) as told:
        client.perform_request(method, path.format(index=index, id=uuid4().hex), headers=headers, body=body)
    return told.value.status_code == 403


@pytest.mark.parametrize(("method", "path", "body"), [*LOOKS, *WRITES, *DEFINITIONS])
def test_whoever_searches_may_do_nothing_else_there(search_server, index, method, path, body):
    assert search_server.searcher.search(index=index, size=1)["hits"]["hits"]
    assert refused(search_server.searcher, index, method, path, body)


@pytest.mark.parametrize(("method", "path", "body"), [*LOOKS, *DEFINITIONS])
def test_whoever_indexes_reads_nothing_more_and_says_nothing_of_what_an_index_is(
    search_server, index, method, path, body
):
    assert search_server.indexer.search(index=index, size=1)["hits"]["hits"]
    assert refused(search_server.indexer, index, method, path, body)


def test_a_template_that_somebody_put_there_makes_no_index_of_ours_keep_what_it_was_sent(search_server):
    """Had we a template of our own, one of a higher priority would stand in its place, and nothing would say so."""
    name, mappings = f"ih-{uuid4().hex[:16]}", index_definition()["mappings"]
    theirs = {"mappings": {"_source": {"enabled": True}, "dynamic": True, "properties": {"k": {"type": "text"}}}}
    search_server.admin.indices.put_index_template(
        name="theirs", index_patterns=[f"{name}*"], template=theirs, priority=1_000
    )
    try:
        search_server.admin.indices.create(index=f"{name}-control")
        SearchServer(search_server.indexer).prepare(name)
        made = search_server.admin.indices.get_mapping(index=f"{name}*")
        assert made[f"{name}-control"]["mappings"] != mappings, "the template was asked at all"
        assert made[name]["mappings"] == mappings
    finally:
        search_server.admin.indices.delete(index=f"{name},{name}-control", ignore_unavailable=True)
        search_server.admin.indices.delete_index_template(name="theirs")
