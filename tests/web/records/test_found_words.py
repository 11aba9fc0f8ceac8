"""Words that were looked for, marked where the record stands; and the preview, which is a reading like any other."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.factories.record_world import submitted, travelled

SCRIPT = {"HX-Request": "true", "Accept": "application/json"}
MARK = re.compile(r'<mark id="found-(\d+)">(.*?)</mark>')


def found(client, words, **more):
    """The sealed question that the links of a result carry."""
    page = client.submit("/search", {"q": words, **more}).get_data(as_text=True)
    return re.search(r'data-found="([^"]*)"', page).group(1)


def marked(client, address):
    return [unescape(words) for _, words in MARK.findall(client.get(address).get_data(as_text=True))]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("phu tung", ["Phụ tùng", "phụ tùng"]),
        ('"phụ tùng ô tô"', ["Phụ tùng ô tô", "phụ tùng ô tô"]),
        ('"xuat xu"', ["xuất xứ", "xuất xứ"]),
        ("tem NOT khongcotu", ["tem"]),
        ("csqu 305438-3", ["CSQU3054383"]),
        ("kiểm hóa", ["kiểm", "kiểm hóa"]),
        ("bien ban tra", ["Biên bản", "tra"]),
        ("nha*", ["nhãn"]),
    ],
)
def test_the_words_of_the_question_are_marked_in_the_record(house, client_as, typed, words):
    record_id = submitted(house)
    client = client_as("leader")
    sealed = found(client, typed)
    for address in (f"/records/{record_id}", f"/records/{record_id}/preview"):
        assert marked(client, f"{address}?found={sealed}") == words
    assert not MARK.search(client.get(f"/records/{record_id}").get_data(as_text=True))


def test_the_line_above_the_text_counts_the_places_and_leads_back_to_the_plain_page(house, client_as):
    record_id = submitted(house)
    client = client_as("leader")
    page = client.get(f"/records/{record_id}?found={found(client, 'phu tung')}").get_data(as_text=True)
    assert "Tìm thấy 2 chỗ" in page
    assert re.search(rf'class="found-off" href="/records/{record_id}"', page)
    assert re.search(r'href="#found-1"[^>]*data-shortcut="n"', page)
    assert re.search(r'href="#found-2"[^>]*data-shortcut="N"', page)


def test_a_text_of_several_lines_keeps_them_and_a_phrase_over_their_end_is_marked_on_both(house, client_as):
    record_id = submitted(house, text="Dòng đầu có ngà voi\ntrong thùng hàng khai phế liệu.\n\nDòng cuối.")
    client = client_as("leader")
    sealed = found(client, '"ngà voi trong thùng"')
    page = client.get(f"/records/{record_id}?found={sealed}").get_data(as_text=True)
    text = re.search(r'<article class="reading record-text">(.*?)</article>', page, re.DOTALL).group(1)
    assert re.sub(r'<mark id="found-\d+">|</mark>', "", text) == (
        "<p>Dòng đầu có ngà voi</p><p>trong thùng hàng khai phế liệu.</p><p>Dòng cuối.</p>"
    )
    assert MARK.findall(text) == [("1", "ngà voi"), ("2", "trong thùng")]


def test_a_question_of_filters_alone_marks_nothing(house, client_as):
    submitted(house)
    page = client_as("leader").submit("/search", {"q": " ", "topic": "false_origin"}).get_data(as_text=True)
    assert 'class="row-line"' in page
    assert "data-found=" not in page


def test_the_first_words_of_a_question_that_is_too_long_are_marked(house, client_as):
    record_id = submitted(house)
    client = client_as("leader")
    sealed = found(client, "phụ tùng", place=["15BB", *(f"{number * 7919:x}" for number in range(120))])
    assert len(sealed) < 1200
    assert marked(client, f"/records/{record_id}?found={sealed}") == ["Phụ tùng", "phụ tùng"]


def test_of_very_many_places_the_first_are_marked(house, client_as):
    record_id = submitted(house, text="Hàng lạ và hàng quen. " * 200)
    client = client_as("leader")
    marks = marked(client, f"/records/{record_id}?found={found(client, 'hang')}")
    assert len(marks) == 200
    page = client.get(f"/records/{record_id}?found={found(client, 'hang')}").get_data(as_text=True)
    assert "Tìm thấy 200+ chỗ" in page
    assert 'href="#found-200"' in page


def test_the_preview_shows_text_and_facts_to_a_script_and_as_a_page(house, client_as):
    record_id = travelled(house, 1)
    client = client_as("analyst")
    part = client.get(f"/records/{record_id}/preview", headers=SCRIPT).get_data(as_text=True)
    assert "<html" not in part
    for words in ("Doanh nghiệp khai phụ tùng ô tô", "CSQU3054383", "Bãi kiểm hóa số 2", "MẬT", "Nông Văn Thử"):
        assert words in part
    page = client.get(f"/records/{record_id}/preview").get_data(as_text=True)
    assert re.search(r'id="level-top" class="level-banner level-1">', page)
    assert "Doanh nghiệp khai phụ tùng ô tô" in page


@pytest.mark.parametrize(("around", "is_raised"), [("", True), ("0", True), ("1", False), ("2", False), ("x", True)])
def test_the_preview_raises_the_level_of_the_page_around_it_and_never_lowers_it(house, client_as, around, is_raised):
    record_id = travelled(house, 1)
    part = client_as("analyst").get(f"/records/{record_id}/preview?level={around}", headers=SCRIPT)
    page = part.get_data(as_text=True)
    assert ('id="level-top"' in page) is is_raised
    assert ('id="print-level-top"' in page) is is_raised
    assert part.headers["Cache-Control"] == "no-store"
