"""Pages of a search: by time and by relevance, exact counts, and no place that anybody could forge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intelhub import records
from intelhub.platform.actor import Place
from intelhub.records import Grade, Subject
from intelhub.records.service import searching
from intelhub.records.service.searching import PAGE
from intelhub.search import Order, SearchRequest
from tests.house import content
from tests.integration.records.test_way_up import act, submitted

COUNT = 60


def ids_of_pages(house, username, request):
    """Every id of every page, in order."""
    ids, cursor, pages, counted = [], "", 0, None
    while pages < 10:
        with house.acting(username) as (actor, session):
            result = searching.search_records(actor, session, request, cursor=cursor)
        assert counted in {None, result.counted.count}, "every page says the same of the whole"
        counted = result.counted.count
        ids += [one.line.id for one in result.found]
        pages += 1
        if result.next_cursor is None:
            return ids, pages
        cursor = result.next_cursor
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("order", [Order.NEWEST, Order.RELEVANCE])
def test_pages_bring_every_hit_once(house, order):
    wanted = {
        submitted(
            house, text=f"Tin số {number} về phụ tùng ô tô, nội dung đủ dài để gửi đi.", level="0", list_item=None
        )
        for number in range(COUNT)
    }
    request = SearchRequest(text="phu tung o to", order=order)
    ids, pages = ids_of_pages(house, "leader", request)
    assert sorted(ids) == sorted(wanted)
    assert pages == -(-COUNT // PAGE)
    with house.acting("leader") as (actor, session):
        first = searching.search_records(actor, session, request)
        forged = searching.search_records(actor, session, request, cursor="00ff")
        second = searching.search_records(actor, session, request, cursor=first.next_cursor or "")
        asked_otherwise = searching.search_records(
            actor, session, replace(request, text="phu tung"), cursor=first.next_cursor or ""
        )
    assert first.counted.count == COUNT
    assert second.counted == first.counted
    assert [one.line.id for one in second.found] == ids[PAGE : 2 * PAGE]
    assert [one.line.id for one in asked_otherwise.found][:1] == ids[:1], "another question begins at its first page"
    assert dict(first.counted.facets["topic"]) == {content()["topic"]: COUNT}
    assert [one.line.id for one in forged.found] == [one.line.id for one in first.found]


def test_another_reader_gains_nothing_from_a_page_s_place(house):
    for number in range(30):
        submitted(house, text=f"Tin số {number} về phụ tùng ô tô, nội dung đủ dài để gửi đi.")
    for order in Order:
        request = SearchRequest(text="phu tung", order=order)
        with house.acting("leader") as (actor, session):
            cursor = searching.search_records(actor, session, request).next_cursor
        assert cursor
        with house.acting("stranger") as (actor, session):
            found = searching.search_records(actor, session, request, cursor=cursor)
        assert (found.found, found.counted.count) == ((), 0)
        with house.acting("leader", place=Place.REMOTE) as (actor, session):
            found = searching.search_records(actor, session, request, cursor=cursor)
        assert (found.found, found.counted.count) == ((), 0), "at home nobody is told what was counted on site"


def test_a_name_that_reporter_and_analyst_wrote_stands_once_in_what_was_found(house):
    name = "Công ty bịa đặt Ngọc Lam"
    record_id = submitted(house, subjects=[{"kind": "enterprise", "name": name, "identifier": "0100000000"}])
    act(house, "leader", record_id, records.forward_record)
    act(house, "analyst", record_id, records.evaluate_record, grade=Grade(source="C", info="3"), reason="Chưa rõ")
    subject = Subject(kind="enterprise", name=name, identifier="0100000000")
    act(house, "analyst", record_id, records.collate_record, entities=(subject,))
    with house.acting("analyst") as (actor, session):
        (found,) = searching.search_records(actor, session, SearchRequest(text="bịa đặt")).found
    assert "".join(piece.text for piece in found.hit.snippet).count(name) == 1
