"""“Paste a list”: known, unknown and invalid identifiers of a pasted column, in any spelling, each once."""

from __future__ import annotations

import html
import re

import pytest

from intelhub.records.service import pasting
from tests.factories.record_world import submitted, travelled


def paste(client, text):
    return html.unescape(client.submit("/search/identifiers", {"identifiers": text}).get_data(as_text=True))


def known(page):
    """Each known identifier with its count."""
    rows = re.findall(r'<button class="btn btn-sm" form="search-one" name="q" value="([^"]+)">([\d+]+)<', page)
    return dict(rows)


def listed(page, part):
    found = re.search(rf'<h2 id="{part}">.*?<pre[^>]*>(.*?)</pre>', page, re.DOTALL)
    return found.group(1).split("\n")[:-1] if found else []


def test_each_is_recognised_in_any_spelling_and_counted(house, client_as):
    travelled(house, 1)
    travelled(house, 1)
    travelled(
        house,
        1,
        subjects=[{"kind": "vehicle", "name": "", "identifier": "29C12345"}],
        text="Xe chở hàng lạ qua cổng B.",
    )
    client = client_as("analyst")
    page = paste(client, "CSQU 305438-3\n29C-123.45; csqu3054383\t9074729,\n\n MSKU 123456 5\nCSQU3054384\nxin chào\n")
    assert known(page) == {"CSQU3054383": "2", "29C12345": "1"}
    assert "CSQU 305438-3; csqu3054383" in page
    assert listed(page, "unknown") == ["IMO 9074729", "MSKU 123456 5"]
    assert "CSQU305438 sẽ có chữ số cuối là 3" in page or "CSQU305438" in page
    assert "Đây không phải số container" in page
    assert "Đã có: 2. Chưa có: 2. Không phải số hiệu: 2." in page


def test_the_button_of_each_finds_as_many_as_it_says(house, client_as):
    travelled(house, 1)
    client = client_as("analyst")
    texts = {
        "vessel": ("9074729", "Tàu IMO 9074729 cập cảng lúc nửa đêm."),
        "enterprise": ("0101234567-001", "Doanh nghiệp lạ mở tờ khai lúc nửa đêm, chờ xác minh."),
        "seal": ("HQ123456", "Niêm phong bị cắt, nghi thay đổi hàng bên trong."),
        "goods": ("870899", "Hàng khai là phụ tùng, thực tế là thứ khác hẳn."),
        "declaration": ("103456789012", "Tờ khai có dấu hiệu lặp lại nhiều lần trong ngày."),
        "vehicle": ("29C12345", "Xe chở hàng lạ qua cổng B lúc nửa đêm, không đèn."),
    }
    for kind, (identifier, words) in texts.items():
        travelled(house, 1, subjects=[{"kind": kind, "name": "", "identifier": identifier}], text=words)
    page = paste(client, "\n".join(value for value, _ in texts.values()))
    assert known(page) == {value: "1" for value, _ in texts.values()}
    for value in known(page):
        answer = client.submit("/search", {"q": value}).get_data(as_text=True)
        assert answer.count('class="row-line') == 1, value


def test_more_than_a_hundred_are_said_as_such(house, monkeypatch):
    monkeypatch.setattr(pasting, "EXACT", 2)
    monkeypatch.setattr(pasting, "_HITS", 2)
    for _ in range(4):
        travelled(house, 1)
    travelled(
        house,
        1,
        subjects=[{"kind": "vehicle", "name": "", "identifier": "29C12345"}],
        learned_at="2026-01-01T08:00:00+07:00",
    )
    with house.acting("analyst") as (actor, session):
        answer = pasting.look_up_pasted(actor, session, "CSQU3054383\n29C12345")
    assert {one.identifier.value: one.count for one in answer.found} == {"CSQU3054383": 3, "29C12345": 1}


def test_five_hundred_are_answered_and_what_stands_behind_them_is_said(house, client_as):
    travelled(house, 1)
    plates = [f"29C{number:05}" for number in range(10_000, 10_000 + pasting.MOST_PASTED - 1)]
    page = paste(client_as("analyst"), "\n".join(["CSQU3054383", *plates, "30A11111", "30A22222"]))
    assert known(page) == {"CSQU3054383": "1"}
    assert len(listed(page, "unknown")) == len(plates)
    assert "còn 2 số hiệu chưa tra" in page


def test_what_there_was_no_time_for_is_neither_known_nor_unknown(house, client_as, monkeypatch):
    travelled(house, 1)
    monkeypatch.setattr(pasting, "SECONDS", 0.0)
    page = paste(client_as("analyst"), "CSQU3054383\n29C12345")
    assert known(page) == {}
    assert listed(page, "unknown") == []
    assert listed(page, "unfinished") == ["CSQU 305438 3", "29C-123.45"]
    assert "Hết giờ trước khi dò hết" in page


def test_what_could_not_be_looked_through_is_unknown_to_nobody(house, client_as, outage):
    travelled(house, 1)
    shared = [{"kind": "vehicle", "name": "", "identifier": "29C12345"}]
    travelled(house, 1, subjects=shared, text="Xe chở hàng lạ qua cổng B.")
    with outage():
        travelled(house, 1, subjects=shared, text="Xe chở hàng lạ qua cổng C.", level="0", list_item=None)
        page = paste(client_as("analyst"), "CSQU3054383\n29C12345\n9074729")
    assert known(page) == {"29C12345": "1+"}
    assert listed(page, "unknown") == []
    assert listed(page, "unfinished") == ["CSQU 305438 3", "29C-123.45", "IMO 9074729"]
    assert "Chưa dò hết phiếu tin: còn 3 số hiệu" in page
    assert "Hết giờ" not in page
    page = paste(client_as("analyst"), "CSQU3054383\n29C12345\n9074729")
    assert known(page) == {"CSQU3054383": "1", "29C12345": "2"}
    assert listed(page, "unknown") == ["IMO 9074729"]
    assert listed(page, "unfinished") == []


@pytest.mark.parametrize("text", ["", "  \n ; , "])
def test_nothing_pasted_is_said_and_an_empty_list_breaks_nothing(client_as, text):
    answer = client_as("analyst").submit("/search/identifiers", {"identifiers": text})
    assert answer.status_code in {200, 422}
    if not text:
        assert "Hãy dán ít nhất một số hiệu" in answer.get_data(as_text=True)


def test_what_is_too_long_is_refused_whole_and_counted_in_no_part(house, client_as):
    travelled(house, 1)
    text = "CSQU3054383\n" + "x" * 40_000
    answer = client_as("analyst").submit("/search/identifiers", {"identifiers": text})
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert text in page
    assert "40012 chữ" in page
    assert "Đã có:" not in page


def test_a_whole_paragraph_is_no_identifier(client_as):
    page = paste(client_as("analyst"), "x" * 39_000)
    assert "Quá dài so với một số hiệu" in page
    assert "x" * 39_000 in page, "it comes back in the field to be mended"
    assert f">{'x' * 60}</th>" in page


def test_what_lies_with_others_is_unknown(house, client_as):
    submitted(house)
    assert listed(paste(client_as("neighbour"), "CSQU3054383"), "unknown") == ["CSQU 305438 3"]
