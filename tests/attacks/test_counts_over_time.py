"""The months beside a result count what the reader may read: what is hidden moves no number and cuts no axis short."""

from __future__ import annotations

import pytest

from intelhub.platform.actor import Place
from intelhub.records.service import searching
from intelhub.records.service.over_time import count_over_time
from intelhub.search import SearchRequest
from tests.factories.record_world import LIST_ITEMS, submitted
from tests.integration.records.test_over_time import written

ASKED = SearchRequest(text="phu tung")


def told(house, username, place=Place.ONSITE):
    with house.acting(username, place=place) as (actor, session):
        return count_over_time(actor, session, ASKED, exact=2)


def test_what_others_wrote_moves_no_number(house):
    written(house, months={"2025-03": 2, "2026-01": 4})
    before = told(house, "officer")
    assert before.months == (("2025-03", 2), ("2026-01", 3))
    written(house, "neighbour", months={"2025-03": 3, "2025-08": 6, "2026-01": 2, "2026-02": 1, "2024-12": 1})
    assert told(house, "officer") == before
    assert told(house, "stranger").months == ()


def test_what_lies_above_this_session_moves_no_number(house):
    written(house, months={"2025-03": 2, "2026-01": 1})
    before = told(house, "leader", Place.REMOTE)
    written(house, months={"2025-03": 1, "2025-06": 4}, level="2", list_item=LIST_ITEMS["2"])
    assert told(house, "leader", Place.REMOTE) == before
    assert dict(told(house, "leader").months) == {"2025-03": 3, "2025-06": 3, "2026-01": 1}


def test_a_place_in_the_pages_carries_the_months_of_no_other_session(house, monkeypatch):
    """Further pages repeat what was counted once, sealed to the session's rights."""
    monkeypatch.setattr(searching, "EXACT", 2)
    monkeypatch.setattr(searching, "PAGE", 2)
    written(house, months={"2025-03": 2, "2026-01": 2})
    submitted(house, "leader", level="2", list_item=LIST_ITEMS["2"], learned_at="2025-05-01T08:00:00+07:00")
    with house.acting("leader") as (actor, session):
        first = searching.search_records(actor, session, ASKED, over_time=True)
        assert first.counted.is_over_time
        assert "2025-05" in dict(first.counted.months)
        again = searching.search_records(actor, session, ASKED, cursor=first.next_cursor)
        assert again.counted == first.counted
    with house.acting("leader", place=Place.REMOTE) as (actor, session):
        elsewhere = searching.search_records(actor, session, ASKED, cursor=first.next_cursor)
        assert "2025-05" not in dict(elsewhere.counted.months)
        assert not elsewhere.counted.is_over_time


@pytest.mark.parametrize("username", ["analyst", "hq"])
def test_what_was_not_forwarded_is_counted_for_nobody_further_up(house, username):
    written(house, months={"2025-03": 2}, level="1", list_item=LIST_ITEMS["1"])
    assert told(house, username).months == ()
