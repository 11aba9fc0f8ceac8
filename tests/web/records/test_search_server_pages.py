"""With a search server everybody finds what they found without, and in the same order."""

from __future__ import annotations

import itertools

import pytest

from intelhub.search import ElasticIndex
from tests.attacks.test_sharing_with_units import end, share
from tests.factories.behind_tokens import flatten_everything, move_everything, shelve_everything
from tests.factories.record_world import fill, travelled
from tests.web.records.test_desks import ids_in

QUESTIONS = (
    "", "phụ tùng", "phu tung", '"phụ tùng ô tô"', "phu*", "tùng NOT xe", "phụ OR khongcogi", "CSQU3054383",
    "unit:15BB", "level:1 phu", "-phu", "NOT topic:smuggling", "from:2020-01-01 to:2030-01-01 tung", "khongcogi",
)  # fmt: skip
RANKED = ("phụ tùng", '"phụ tùng ô tô"', "phu*", "tùng NOT xe", "phụ OR khongcogi", "level:1 phu")


# By relevance the order is the ranking's, and only words have one.
ASKED = tuple(itertools.product(QUESTIONS, ("newest",))) + tuple((one, "relevance") for one in RANKED)


def found(client_as, usernames):
    answers = {}
    for username in usernames:
        client = client_as(username)
        for question, order in ASKED:
            page = client.submit("/search", {"q": question, "order": order}).get_data(as_text=True)
            answers[username, question, order] = ids_in(page)
    return answers


@pytest.mark.parametrize("usernames", [("officer", "leader"), ("analyst", "stranger"), ("head", "hq", "neighbour")])
def test_everybody_finds_the_same_with_tokens_as_without(house, client_as, house_server, usernames):
    world = fill(house)
    for name, code in (("after 3 steps", "15BE"), ("after 5 steps", "15BE"), ("after 5 steps", "20ZZ")):
        share(house, world[name], code)
    for steps in (1, 3, 5):
        travelled(house, steps)
    before = found(client_as, usernames)
    assert any(before.values())
    epochs: dict = {}
    for move in (shelve_everything, flatten_everything):
        earlier, epochs = epochs, move_everything(house, house_server.indexing, move)
        assert all(epoch > earlier.get(wall, 0) for wall, epoch in epochs.items()), "each lies elsewhere than before"
        house.units.info["search_index"] = ElasticIndex(house_server.searching)
        after = found(client_as, usernames)
        for asked, ids in before.items():
            assert set(after[asked]) == set(ids), (move.__name__, asked)
            if asked[2] == "newest":
                assert after[asked] == ids, (move.__name__, asked)


@pytest.mark.parametrize("move", [shelve_everything, flatten_everything])
def test_what_was_shared_is_found_by_keyed_tokens_of_its_recipients(house, client_as, house_server, move):
    first, second = travelled(house, 3), travelled(house, 3)
    share(house, first, "15BE")
    for record_id in (first, second):
        share(house, record_id, "20ZZ")

    def seen(username):
        return set(ids_in(client_as(username).submit("/search", {"q": "phụ tùng"}).get_data(as_text=True)))

    def moved():
        move_everything(house, house_server.indexing, move)
        house.units.info["search_index"] = ElasticIndex(house_server.searching)

    moved()
    assert seen("neighbour") == {str(first)}
    assert seen("stranger") == {str(first), str(second)}
    house.units.info["search_index"] = ElasticIndex(None)
    assert seen("neighbour") == seen("stranger") == set(), "they were found behind tokens and nowhere else"
    house.units.info["search_index"] = ElasticIndex(house_server.searching)
    end(house, first, "15BE")
    assert seen("neighbour") == set(), "at once, while its tokens still name the gate"
    moved()
    assert seen("neighbour") == set()
    assert seen("stranger") == {str(first), str(second)}


def test_a_page_without_its_server_says_what_may_be_missing(house, client_as, house_server):
    record_id = travelled(house, 1)
    move_everything(house, house_server.indexing)
    page = client_as("analyst").submit("/search", {"q": "phụ tùng"}).get_data(as_text=True)
    assert "Máy chủ tìm kiếm không trả lời" in page
    assert str(record_id) not in ids_in(page)
    house.units.info["search_index"] = ElasticIndex(house_server.searching)
    assert str(record_id) in ids_in(client_as("analyst").submit("/search", {"q": "phụ tùng"}).get_data(as_text=True))
