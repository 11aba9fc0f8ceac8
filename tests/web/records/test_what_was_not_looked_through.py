"""While not everything can be looked through, no page says that there is nothing."""

from __future__ import annotations

import html
import re

import pytest

from intelhub import records
from intelhub.platform.errors import RuleRefused
from intelhub.records.service import linking, reading, searching, similar, taking_along
from intelhub.records.service.nothing_found import Change, list_nearest
from intelhub.records.service.over_time import count_over_time
from intelhub.search import SearchRequest
from tests.factories.record_world import travelled
from tests.web.records.test_desks import ids_in

OPEN = {"level": "0", "list_item": None}
OTHER = {
    "text": "Tàu cá tắt định vị gần phao số 0 lúc nửa đêm, nghi sang mạn dầu.",
    "abstract": "Sang mạn",
    "subjects": [],
}
NOT_KNOWN = "Phần chưa tra được có thể vẫn có"
SOME_MISSING = "Hiện chưa tra được một phần chỉ mục tìm kiếm"


def found(client, text, **more):
    return html.unescape(client.submit("/search", {"q": text, **more}).get_data(as_text=True))


def test_nothing_found_is_not_nothing_there(house, client_as, outage):
    travelled(house, 1, text="Giao ở bãi Kolmarun trước khi trời sáng, hàng khai là phụ tùng ô tô.")
    client = client_as("analyst")
    with outage():
        travelled(house, 1, **OPEN, **(OTHER | {"text": "Tàu Kolmarum tắt định vị gần phao số 0 lúc nửa đêm."}))
        page = found(client, "Kolmarun")
        assert NOT_KNOWN in page
        for claim in ("bạn được đọc không có kết quả", "đã loại hết", "Có phải ý bạn là"):
            assert claim not in page
        assert 'class="offers"' not in page
        with house.acting("analyst") as (actor, session):
            offers = list_nearest(actor, session, SearchRequest(text="Kolmarun phao"))
        assert Change.SPELLING not in {offer.change for offer in offers}, "it may stand where nobody could look"
    assert NOT_KNOWN not in found(client, "Kolmarun")
    assert "bạn được đọc không có kết quả" in found(client, "khongcogi")


def test_what_is_counted_may_be_more(house, client_as, outage):
    travelled(house, 1)
    client = client_as("analyst")
    with outage():
        travelled(house, 1, **OPEN)
        page = found(client, "phụ tùng", topic="false_origin")
        with house.acting("analyst") as (actor, session):
            request = searching.limit_time(SearchRequest(text="phụ tùng"))
            spread = count_over_time(actor, session, request, exact=100)
    assert "Kết quả: 1+<" in page
    assert re.search(r'value="false_origin"[^>]*>.*?<span class="count">1\+</span>', page)
    assert (spread.months, spread.is_whole) == ((("2026-03", 1),), False)
    page = found(client, "phụ tùng", topic="false_origin")
    assert re.search(r'value="false_origin"[^>]*>.*?<span class="count">2</span>', page)


def test_none_alike_is_said_of_what_was_looked_through(house, client_as, outage):
    travelled(house, 1)
    record_id = travelled(house, 1)
    client = client_as("analyst")
    with outage():
        page = html.unescape(client.get(f"/records/{record_id}/similar").get_data(as_text=True))
        assert NOT_KNOWN in page
        with house.acting("analyst") as (actor, session):
            assert not similar.find_similar(actor, session, record_id).is_whole
    assert ids_in(client.get(f"/records/{record_id}/similar").get_data(as_text=True))


def test_whoever_grades_is_told_that_records_of_the_same_subjects_may_be_missing(house, client_as, outage):
    other = travelled(house, 1)
    record_id = travelled(house, 1)
    none = travelled(
        house, 1, **OPEN, **OTHER | {"subjects": [{"kind": "vehicle", "name": "", "identifier": "29C12345"}]}
    )
    client = client_as("analyst")
    with outage():
        page = html.unescape(client.get(f"/records/{record_id}").get_data(as_text=True))
        assert SOME_MISSING in page
        assert "Trong các phiếu tin bạn được đọc không có phiếu nào." not in page
    page = html.unescape(client.get(f"/records/{record_id}").get_data(as_text=True))
    assert SOME_MISSING not in page
    assert str(other) in page
    with house.acting("analyst") as (actor, session):
        related = reading.list_related(actor, session, records.read_record(actor, session, none))
    assert related == reading.Related((), is_whole=True)


def test_a_number_is_not_taken_for_another_nor_for_none(house, outage):
    target = travelled(house, 1)
    record_id = travelled(house, 1, **OTHER)
    with house.acting("analyst") as (actor, session):
        number = records.read_record(actor, session, target).summary.head.number
    with outage():
        for named in (number, "15BB-TT-2026-9999"):
            with house.acting("analyst") as (actor, session), pytest.raises(RuleRefused, match="address") as refused:
                linking.get_other(actor, session, record_id, named, field="target")
            assert refused.value.rule == "number_not_certain"
        with house.acting("analyst") as (actor, session):
            by_address = linking.get_other(actor, session, record_id, f"https://nha/records/{target}", field="target")
            assert by_address.id == target
            assert not linking.list_merged(actor, session, target).is_whole
    with house.acting("analyst") as (actor, session):
        assert linking.get_other(actor, session, record_id, number, field="target").id == target
        with pytest.raises(RuleRefused, match="no other record"):
            linking.get_other(actor, session, record_id, "15BB-TT-2026-9999", field="target")


def test_a_file_that_lacks_something_says_so_and_an_empty_one_is_not_called_all_there_is(house, outage):
    travelled(house, 1)
    asked = SearchRequest(text="phụ tùng")
    with outage():
        with house.acting("analyst") as (actor, session), pytest.raises(RuleRefused, match="can be looked through"):
            taking_along.select_lines(actor, session, asked)
        travelled(house, 1, **OPEN)
        with house.acting("analyst") as (actor, session):
            selection = taking_along.select_lines(actor, session, asked)
        assert (len(selection.lines), len(selection.notices)) == (1, 1)
    with house.acting("analyst") as (actor, session):
        selection = taking_along.select_lines(actor, session, asked)
    assert (len(selection.lines), selection.notices) == (2, ())
