"""A question in an address is sealed: for one session, for its time, saying nothing; anything else asks nothing."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest

from intelhub.platform import clock
from intelhub.records.service import asked
from intelhub.search import SearchRequest
from tests.attacks.test_search_leaks import shapes
from tests.factories.record_world import submitted
from tests.noise import without_noise

WORDS = "phụ tùng vonkavit"


def address_after(client, **form):
    page = client.submit("/search", form).get_data(as_text=True)
    return unescape(re.search(r'data-address="([^"]*)"', page).group(1))


def asks_nothing(client, address):
    """Whether an address answers with the empty box, byte for byte like one without a question."""
    blank, answer = client.get("/search"), client.get(address)
    return answer.status_code == 200 and _bare(answer) == _bare(blank)


def _bare(answer):
    return without_noise(answer.get_data(as_text=True))


def test_another_session_and_another_person_get_the_empty_box(house, client_as):
    submitted(house)
    mine = client_as("leader")
    address = address_after(mine, q="phụ tùng")
    assert not asks_nothing(mine, address)
    assert asks_nothing(client_as("leader"), address), "the same person in another session"
    assert asks_nothing(client_as("officer"), address)
    assert asks_nothing(client_as("stranger"), address)


def test_what_was_altered_cut_or_made_up_asks_nothing(house, client_as):
    submitted(house)
    client = client_as("leader")
    address = address_after(client, q="phụ tùng")
    sealed = address.partition("asked=")[2]
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    for place in (0, 3, 20, len(raw) // 2, len(raw) - 1):
        altered = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert asks_nothing(client, "/search?asked=" + base64.urlsafe_b64encode(altered).decode())
    for wrong in ("", sealed[:-8], sealed + "AAAA", sealed * 9, "é", "%00", "A" * 4000, "<script>", "..", "=", "SUIB"):
        assert asks_nothing(client, f"/search?asked={wrong}"), wrong


def test_it_is_worth_nothing_after_its_time(house):
    with house.acting("leader") as (actor, session):
        live = _with_session(actor)
        sealed = asked.seal_question(live, session, SearchRequest(text=WORDS))
        assert asked.open_question(live, session, sealed) == SearchRequest(text=WORDS)
        now = clock.now()
        for wrong in (now + timedelta(hours=8, minutes=1), now - timedelta(minutes=1)):
            with clock.telling(wrong):
                assert asked.open_question(live, session, sealed) is None


def test_its_length_says_roughly_how_long_the_question_is_and_no_more(house):
    with house.acting("leader") as (actor, session):
        live = _with_session(actor)
        lengths = {
            len(asked.seal_question(live, session, SearchRequest(text="m" * number, facets={"topic": ("smuggling",)})))
            for number in range(40)
        }
    assert len(lengths) == 1


def test_nobody_s_session_seals_and_opens_nothing(house):
    with house.acting("leader") as (actor, session):
        sealed = asked.seal_question(_with_session(actor), session, SearchRequest(text=WORDS))
        assert asked.seal_question(actor, session, SearchRequest(text=WORDS)) == ""
        assert asked.open_question(actor, session, sealed) is None


@pytest.mark.parametrize("words", ["vonkavit", '"vonkavit" NOT gavorun', "<b>vonkavit</b>"])
def test_no_word_stands_in_the_address_or_in_a_header(house, client_as, words):
    submitted(house)
    client = client_as("leader")
    answer = client.submit("/search", {"q": words, "topic": "smuggling"})
    address = address_after(client, q=words, topic="smuggling")
    sealed = address.partition("asked=")[2]
    opened = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    told = address.encode() + opened + str(answer.headers).encode()
    for word in ("vonkavit", "smuggling", "gavorun"):
        assert not any(shape in told for shape in shapes(word))


def test_coming_back_is_a_search_in_the_log_like_the_first(scene):
    def searches():
        [(count,)] = scene.sql("select count(*) from audit_pending where action = 'record:searched'")
        return count

    client = scene.client_as("leader")
    scene.sequence()
    address = address_after(client, q="phụ tùng")
    before = searches()
    client.get(address)
    assert searches() == before + 1


def _with_session(actor):
    return replace(actor, session_id=uuid4())
