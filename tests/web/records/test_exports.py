"""A result taken along: as a file at once, or above the first level once another person has agreed."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html import unescape

import pytest

from intelhub.platform.messages import Message
from intelhub.records.service import exporting, taking_along
from tests.factories.record_world import LIST_ITEMS, travelled
from tests.unit.records.test_export_files import cells_of
from tests.web.records.test_search_refining import address_of

SECRET = {"level": "2", "list_item": LIST_ITEMS["2"]}
WHY = "Họp giao ban Kormalin"


def asked(client, text="phu tung"):
    """The sealed question of a result, as its page carries it."""
    return address_of(client.submit("/search", {"q": text})).partition("asked=")[2]


def export(client, kind="csv", text="phu tung"):
    return client.submit(f"/search/export?asked={asked(client, text)}", {"format": kind})


def rows(answer):
    """A text file: what stands above its rows, and the rows by their titles."""
    told = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=";"))
    gap = told.index([])
    titles, *lines = told[gap + 1 :]
    return told[:gap], [dict(zip(titles, line, strict=True)) for line in lines]


def ask(client, house, approver="head", reason=WHY, text="phu tung", kind="csv"):
    """Ask somebody to agree; the answer, which leads to the request where it was taken."""
    form = {"format": kind, "reason": reason, "approver": str(house.people.get(approver, approver))}
    return client.submit(f"/exports?asked={asked(client, text)}", form)


@pytest.fixture
def request_of(house, client_as):
    """The address of a request of the analyst's to the head, for two records, one of them secret."""
    travelled(house, 1)
    travelled(house, 1, **SECRET)
    answer = ask(client_as("analyst"), house)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location


def test_a_result_is_a_text_file_with_its_marks_above(house, client_as):
    travelled(house, 1)
    travelled(house, 2, level="0", list_item=None, abstract="Phụ tùng cũ; =1+1")
    answer = export(client_as("analyst"))
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r'attachment; filename="intelhub-[0-9a-f]{8}\.csv"', answer.headers["Content-Disposition"])
    above, lines = rows(answer)
    assert above[0] == ["MẬT"]
    marks = dict(above[1:])
    assert marks["Người xuất"] == "Trần Thị Phân (analyst)"
    assert marks["Làm việc tại"] == "Tại trụ sở"
    assert marks["Số phiếu tin"] == "2"
    assert {line["Trích yếu"] for line in lines} == {"Phụ tùng ô tô nghi gian lận xuất xứ", "Phụ tùng cũ; '=1+1"}
    assert lines[0]["Biết tin lúc"] == "2026-03-01 14:05"
    assert {line["Độ mật"] for line in lines} == {"MẬT", "Không mật"}


def test_a_result_is_a_workbook_with_the_same_marks(house, client_as):
    travelled(house, 1)
    answer = export(client_as("analyst"), "xlsx")
    assert answer.content_type == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    found, sheet = cells_of(answer.data)
    assert found["A1"] == "MẬT"
    assert "Phụ tùng ô tô nghi gian lận xuất xứ" in found.values()
    number = found[next(place.replace("A", "B") for place, said in found.items() if said == "Số bản xuất")]
    assert re.search(rf"oddFooter>[^<]*{number}", sheet)


def test_the_search_page_offers_it_to_those_who_may(house, client_as):
    travelled(house, 1)
    for username, is_offered in (("analyst", True), ("head", True), ("leader", True), ("officer", False)):
        page = client_as(username).submit("/search", {"q": "phu tung"}).get_data(as_text=True)
        assert ('form="export"' in page) == is_offered, username
        assert ('id="export"' in page) == is_offered, username
        page = client_as(username).submit("/search", {"q": "khongcogi"}).get_data(as_text=True)
        assert 'form="export"' not in page


def test_a_leader_takes_the_own_unit_along_up_to_the_first_level(house, client_as):
    travelled(house, 0)
    travelled(house, 0, **SECRET)
    above, lines = rows(export(client_as("leader")))
    assert len(lines) == 1
    assert dict(above[1:])["Bỏ lại"] == "1 phiếu tin không được mang ra khỏi hệ thống."


def test_more_than_a_file_holds_is_said(house, client_as, monkeypatch):
    for _ in range(3):
        travelled(house, 1)
    monkeypatch.setattr(taking_along, "MOST", 2)
    above, lines = rows(export(client_as("analyst")))
    assert len(lines) == 2
    assert "Nhiều hơn 2" in dict(above[1:])["Chưa đủ"]


def test_what_nobody_may_take_along_is_a_sentence(client_as):
    answer = export(client_as("analyst"))
    assert answer.status_code == 422
    assert "bạn được xuất ra khỏi hệ thống" in answer.get_data(as_text=True)
    lost = client_as("analyst").submit("/search/export?asked=xyz", {"format": "csv"})
    assert lost.status_code == 303
    assert lost.location == "/search"


def test_above_the_first_level_somebody_else_is_asked_first(house, client_as):
    travelled(house, 1)
    travelled(house, 1, **SECRET)
    answer = export(client_as("analyst"))
    page = answer.get_data(as_text=True)
    assert answer.content_type.startswith("text/html")
    assert 'class="level-banner level-2"' in page
    assert "1 TỐI MẬT, 1 MẬT" in page
    assert re.findall(r'<option value="[0-9a-f-]{36}">([^<]*)', page) == ["Phạm Văn Trưởng"]


@pytest.mark.parametrize(("approver", "reason", "said"), [("head", " ", "lý do"), ("", WHY, "Hãy chọn người")])
def test_a_refused_request_keeps_what_was_typed(house, client_as, approver, reason, said):
    travelled(house, 1, **SECRET)
    answer = ask(client_as("analyst"), house, approver, reason)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in unescape(page)
    assert reason.strip() in page
    assert not approver or f'value="{house.people["head"]}" selected' in page


def test_the_way_of_a_request(client_as, request_of):
    analyst, head = client_as("analyst"), client_as("head")
    for client in (analyst, head):
        assert request_of in client.get("/exports").get_data(as_text=True)
    assert "Xuất dữ liệu" in head.get("/").get_data(as_text=True)
    assert request_of in head.get("/").get_data(as_text=True)
    assert request_of not in analyst.get("/").get_data(as_text=True), "nothing is to be done by the one who asked"
    page = head.get(request_of).get_data(as_text=True)
    assert WHY in page
    assert "phu tung" in page
    assert 'class="level-banner level-3"' in page, "the words come from a session of the third level"
    assert head.submit(f"{request_of}/approve").status_code == 303
    assert request_of not in head.get("/").get_data(as_text=True)
    assert request_of in analyst.get("/").get_data(as_text=True)
    answer = analyst.submit(f"{request_of}/fetch")
    above, lines = rows(answer)
    assert len(lines) == 2
    assert above[0] == ["TỐI MẬT"]
    marks = dict(above[1:])
    assert marks["Người duyệt"] == "Phạm Văn Trưởng"
    assert request_of.endswith(marks["Số bản xuất"])
    again = analyst.submit(f"{request_of}/fetch")
    assert again.status_code == 409
    assert "text/html" in again.content_type
    assert "Đã tải về" in analyst.get(request_of).get_data(as_text=True)


def test_a_file_that_is_not_whole_says_so_when_it_is_asked_for_agreed_to_and_fetched(house, client_as, monkeypatch):
    for _ in range(3):
        travelled(house, 1, **SECRET)
    travelled(house, 1)
    monkeypatch.setattr(taking_along, "MOST", 3)
    selected = taking_along.select_lines

    def with_a_notice(*about):
        said = Message("Only the first %(count)d were compared.", {"count": 7})
        return replace(selected(*about), kept_back=2, notices=(said,))

    monkeypatch.setattr(taking_along, "select_lines", with_a_notice)
    analyst, head = client_as("analyst"), client_as("head")
    answer = ask(analyst, house)
    for client in (analyst, head):
        page = unescape(client.get(answer.location).get_data(as_text=True))
        assert "Có nhiều hơn 1000 phiếu" in page
        assert "Only the first 7 were compared." in page
        assert "Bỏ lại" in page
    assert head.submit(f"{answer.location}/approve").status_code == 303
    above, _ = rows(analyst.submit(f"{answer.location}/fetch"))
    missing = [words for name, words in above[1:] if name == "Chưa đủ"]
    assert len(missing) == 2
    assert "Nhiều hơn" in missing[0]
    assert "7" in missing[1]
    assert "2 phiếu tin" in dict(above[1:])["Bỏ lại"]


def test_declining_takes_a_reason_and_tells_it(client_as, request_of):
    analyst, head = client_as("analyst"), client_as("head")
    assert head.submit(f"{request_of}/decline", {"reason": ""}).status_code == 422
    assert head.submit(f"{request_of}/decline", {"reason": "Chưa cần thiết"}).status_code == 303
    page = analyst.get(request_of).get_data(as_text=True)
    assert "Chưa cần thiết" in page
    assert "Đã từ chối" in page
    assert analyst.submit(f"{request_of}/fetch").status_code == 409
    assert head.submit(f"{request_of}/approve").status_code == 409


@pytest.mark.parametrize("is_approved", [False, True])
def test_a_request_lapses(client_as, request_of, monkeypatch, is_approved):
    analyst, head = client_as("analyst"), client_as("head")
    if is_approved:
        assert head.submit(f"{request_of}/approve").status_code == 303
    monkeypatch.setattr(exporting, "LIVES", -exporting.LIVES)
    assert "Quá hạn" in analyst.get(request_of).get_data(as_text=True)
    assert head.submit(f"{request_of}/approve").status_code == 409
    assert analyst.submit(f"{request_of}/fetch").status_code == 409
