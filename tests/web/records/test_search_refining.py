"""A search that is refined: parts of the page, addresses to come back to, choices with counts, ways out of nothing."""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape

import pytest

from intelhub.audit import entry
from intelhub.records.service import over_time, rephrasing, searching
from intelhub.records.service.searching import PAGE
from tests.factories.record_world import submitted, travelled

HTMX = {"HX-Request": "true", "Accept": "application/json"}


def parts(client, **asked):
    return client.submit("/search", asked, headers=HTMX)


def address_of(answer):
    return unescape(re.search(r'data-address="([^"]*)"', answer.get_data(as_text=True)).group(1))


def counts(page, name):
    """The choices of one filter with their counts, as the page says them."""
    found = re.findall(rf'name="{name}" id="[^"]*" value="(\w+)".*?<span class="count">([\d+]+)</span>', page)
    return dict(found)


def lines(page):
    return page.count('class="row-line')


def test_a_script_gets_the_parts_that_change_and_no_page(house, client_as):
    travelled(house, 1)
    answer = parts(client_as("analyst"), q="phu tung")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert lines(page) == 1
    assert "<html" not in page
    assert "<main" not in page
    assert re.search(r'id="level-top" class="level-banner level-1"[^>]*hx-swap-oob', page)
    assert re.search(r'id="print-level-bottom" hx-swap-oob="true"><strong>MẬT', page), "paper follows too"
    assert re.search(r'id="live" hx-swap-oob="innerHTML">Kết quả: 1<', page)
    assert 'id="filter-choices" hx-swap-oob="innerHTML"' in page
    nothing = parts(client_as("analyst"), q="khongcogi").get_data(as_text=True)
    assert re.search(r'id="level-top" class="level-banner level-0"[^>]*hidden', nothing), "and comes down again"


def test_the_address_brings_the_same_result_back_and_says_no_word(house, client_as):
    travelled(house, 1)
    travelled(house, 1, topic="smuggling")
    client = client_as("analyst")
    form = {"q": "phụ tùng", "topic": "smuggling", "from": "2026-01-01", "to": "2026-12-31", "order": "relevance"}
    answer = parts(client, **form)
    address = address_of(answer)
    assert address.startswith("/search?asked=")
    assert len(address) < 500
    assert not any(word in address for word in ("ph%E1", "phu", "smuggling", "2026", "relevance"))
    page = client.get(address).get_data(as_text=True)
    assert lines(page) == lines(answer.get_data(as_text=True)) == 1
    assert 'value="phụ tùng"' in page
    assert re.search(r'value="smuggling" checked', page)
    assert 'name="from" value="2026-01-01"' in page
    assert 'name="to" value="2026-12-31"' in page
    assert '<option value="relevance" selected>' in page


def test_a_question_too_long_for_an_address_has_none_and_is_answered(house, client_as):
    travelled(house, 1)
    signs = (chr(0x4E00 + byte * 64 + number % 64) for number in range(28) for byte in sha256(bytes([number])).digest())
    words = f"phụ tùng NOT {''.join(signs)}"
    answer = parts(client_as("analyst"), q=words)
    assert answer.status_code == 200
    assert lines(answer.get_data(as_text=True)) == 1
    assert address_of(answer) == ""


def test_a_value_can_be_chosen_beside_the_chosen_one(house, client_as):
    travelled(house, 1)
    travelled(house, 1, topic="smuggling")
    travelled(house, 1, topic="smuggling", channel="police")
    page = parts(client_as("analyst"), q="", topic="smuggling").get_data(as_text=True)
    assert lines(page) == 2
    assert counts(page, "topic") == {"smuggling": "2", "false_origin": "1"}
    assert sum(map(int, counts(page, "channel").values())) == 2, "the other fields count what is shown"
    both = parts(client_as("analyst"), q="", topic=["smuggling", "false_origin"]).get_data(as_text=True)
    assert lines(both) == 3


def test_counts_beside_a_choice_tell_of_no_hidden_record(house, client_as):
    submitted(house, "officer2", level="0", list_item=None)
    submitted(house, "neighbour", topic="smuggling", level="0", list_item=None)
    page = parts(client_as("leader"), q="", topic="false_origin").get_data(as_text=True)
    assert counts(page, "topic") == {"false_origin": "1"}


def test_a_bar_of_the_time_axis_narrows_the_search_to_it(house, client_as):
    for month in ("01", "01", "03"):
        travelled(house, 1, learned_at=f"2026-{month}-05T08:00:00+07:00")
    page = parts(client_as("analyst"), q="phụ tùng").get_data(as_text=True)
    bars = re.findall(r'name="span" value="([\d-]+)">(\d+)<span class="visually-hidden">: ([^<]+)<', page)
    assert bars == [("2026-01", "2", "01/2026"), ("2026-03", "1", "03/2026")]
    assert page.count('<span class="span"') == 1, "February stands on the axis without a bar"
    narrowed = parts(client_as("analyst"), q="phụ tùng", span="2026-01").get_data(as_text=True)
    assert lines(narrowed) == 2
    assert 'name="from" value="2026-01-01"' in narrowed
    assert 'name="to" value="2026-01-31"' in narrowed
    for wrong in ("2026-13", "x", "-", "99999", "2026-1-1"):
        assert lines(parts(client_as("analyst"), q="phụ tùng", span=wrong).get_data(as_text=True)) == 3


def test_more_hits_than_are_counted_at_once_are_counted_over_all_time_when_asked(house, client_as, monkeypatch):
    monkeypatch.setattr(searching, "EXACT", 2)
    for month in ("2025-11", "2026-02", "2026-03", "2026-03", "2026-03"):
        travelled(house, 1, learned_at=f"{month}-05T08:00:00+07:00")
    analyst = client_as("analyst")
    bars = r'name="span" value="([\d-]+)">(\d+\+?)<'
    page = parts(analyst, q="phụ tùng").get_data(as_text=True)
    assert 'name="over_time"' in page
    assert "2025-11" not in dict(re.findall(bars, page))
    page = parts(analyst, q="phụ tùng", over_time="1").get_data(as_text=True)
    assert re.findall(bars, page) == [("2025-11", "1"), ("2026-02", "1"), ("2026-03", "2+")]
    assert 'name="over_time"' not in page
    monkeypatch.setattr(over_time, "MOST_LOOKS", 1)
    cut = parts(analyst, q="phụ tùng", over_time="1").get_data(as_text=True)
    assert "chưa đếm phiếu tin cũ hơn" in cut


def test_a_long_time_is_told_in_years(house, client_as):
    for year in ("2021", "2026"):
        travelled(house, 1, learned_at=f"{year}-02-05T08:00:00+07:00")
    page = parts(client_as("analyst"), q="phụ tùng").get_data(as_text=True)
    assert re.findall(r'name="span" value="([\d-]+)"', page) == ["2021", "2026"]
    assert lines(parts(client_as("analyst"), q="phụ tùng", span="2021").get_data(as_text=True)) == 1


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ({"q": "phụ tùng khongcotu"}, ["Bỏ “khongcotu”"]),
        ({"q": "phụ tùng AND khongcotu"}, ["Bỏ “khongcotu”"]),
        ({"q": 'phụ "khongcotu nao"'}, ['Bỏ “"khongcotu nao"”']),
        ({"q": "phụ tùng NOT xuất"}, ["Bỏ “xuất”"]),
        ({"q": "phụ tùng", "topic": "smuggling"}, ["Bỏ lọc “Chuyên đề vi phạm”"]),
        ({"q": "phụ tùng", "from": "2031-01-01"}, ["Bất kỳ lúc nào"]),
        ({"q": "phụ topic:smuggling"}, ["Bỏ “topic:smuggling”"]),
        ({"q": '"phu tùng"'}, ["Bỏ dấu ngoặc kép"]),
        ({"q": "khongcotu phụ khacnua"}, ["Một trong các từ này"]),
        ({"q": "xuatkhau"}, ["Từ bắt đầu bằng “xuat”"]),
        ({"q": "qqqqqq"}, []),
    ],
)  # fmt: skip
def test_nothing_found_says_what_excludes_everything_and_offers_the_nearest(house, client_as, asked, offered):
    travelled(house, 1)
    client = client_as("analyst")
    page = parts(client, **asked).get_data(as_text=True)
    assert lines(page) == 0
    found = re.findall(r'<li><a class="btn" href="([^"]+)">(.*?)</a>', page)
    assert [unescape(words) for _, words in found] == offered
    for url, _ in found:
        assert lines(client.get(unescape(url)).get_data(as_text=True)) == 1


def test_a_slip_is_asked_about_beside_what_excludes_everything(house, client_as):
    travelled(house, 1)
    client = client_as("analyst")
    page = parts(client, q="phụ tungf NOT khongco").get_data(as_text=True)
    assert re.findall(r'<a class="btn btn-primary" href="[^"]+">(.*?)</a>', page) == ["phụ tùng NOT khongco"]
    assert "Có phải ý bạn là" in page
    assert "Bỏ “tungf”" in page
    (url,) = re.findall(r'<a class="btn btn-primary" href="([^"]+)"', page)
    assert "tung" not in url
    assert lines(client.get(unescape(url)).get_data(as_text=True)) == 1
    both = parts(client, q="phuj tungf").get_data(as_text=True)
    assert re.findall(r'<a class="btn btn-primary" href="[^"]+">(.*?)</a>', both)[0] == "phụ tùng"


def test_who_types_diacritics_is_told_what_has_others_and_may_leave_it_out(house, client_as):
    client = client_as("analyst")
    travelled(house, 1, abstract="Nghi vấn thuộc về kho là chính")
    other = parts(client, q="thuốc lá").get_data(as_text=True)
    assert lines(other) == 1
    assert "Không kết quả nào viết đúng dấu" in other
    assert "Chỉ kết quả viết đúng dấu" not in other
    travelled(house, 1, abstract="Vận chuyển thuốc lá ngoại")
    both = parts(client, q="thuốc lá").get_data(as_text=True)
    assert lines(both) == 2
    assert "Không kết quả nào viết đúng dấu" not in both
    address = unescape(re.search(r'<a href="([^"]*)">Chỉ kết quả viết đúng dấu', both).group(1))
    only = client.get(address).get_data(as_text=True)
    assert lines(only) == 1
    assert "đúng dấu" not in only
    for typed in ("thuoc la", "thuốc OR thuộc OR là", '"thuốc lá"'):
        assert "đúng dấu" not in parts(client, q=typed).get_data(as_text=True), typed


def test_of_what_was_not_looked_through_none_is_said_to_be_missing(house, client_as, monkeypatch):
    for _ in range(3):
        travelled(house, 1, abstract="Nghi vấn thuộc về kho là chính")
    monkeypatch.setattr(searching, "EXACT", 2)
    page = parts(client_as("analyst"), q="thuốc lá").get_data(as_text=True)
    assert "Không kết quả nào viết đúng dấu" not in page, "a third one may be spelt so"
    assert "Chỉ kết quả viết đúng dấu" in page
    monkeypatch.setattr(searching, "EXACT", 100)
    monkeypatch.setattr(rephrasing, "means_as_spelt", lambda *_: False)
    travelled(house, 1, abstract="Vận chuyển thuốc lá ngoại")
    assert "đúng dấu" not in parts(client_as("analyst"), q="thuốc lá").get_data(as_text=True), "it cannot be typed"


def test_a_field_asks_for_one_kind_in_records_too(house, client_as):
    travelled(
        house,
        1,
        text="Xe 29C-123.45 chở phụ tùng, mã HS 8708.99, nghi gian lận xuất xứ, đủ dài để gửi.",
        subjects=[{"kind": "enterprise", "name": "Công ty Phụ Tùng Mẫu", "identifier": "0101234567"}],
    )
    client = client_as("analyst")
    found = ("bienso:29C-123.45", "bien:29c*", "hs:8708", "mst:0101234567", 'congty:"phu tung"', "2GC-123.45~")
    for typed in found:
        assert lines(parts(client, q=typed).get_data(as_text=True)) == 1, typed
    for typed in ("niemphong:29C12345", "imo:0101234567", "nguoi:mau", "hs:8709"):
        assert lines(parts(client, q=typed).get_data(as_text=True)) == 0, typed
    page = parts(client, q="bienso:29C-123.45").get_data(as_text=True)
    assert 'name="plate"' not in page, "a kind is nothing to choose"
    assert "<mark>29C-123.45</mark>" in page
    assert "Không có trường “mausac”" in parts(client, q="mausac:phụ").get_data(as_text=True)


def test_what_is_offered_tells_of_no_hidden_record(house, client_as):
    submitted(house, "neighbour", text="Chữ lạ vonkavit nằm trong phiếu của đội bên, đủ dài để gửi.")
    page = parts(client_as("officer"), q="vonkavit khongcotu").get_data(as_text=True)
    assert 'class="offers"' not in page


def test_without_a_script_the_form_and_its_buttons_do_the_same(house, client_as):
    for _ in range(PAGE + 1):
        submitted(house, level="0", list_item=None)
    client = client_as("leader")
    first = client.submit("/search", {"q": "phụ tùng"})
    page = first.get_data(as_text=True)
    assert lines(page) == PAGE
    assert "<html" in page
    cursor = re.search(r'name="cursor" value="([^"]+)"', page).group(1)
    second = client.submit("/search", {"q": "phụ tùng", "cursor": cursor})
    assert lines(second.get_data(as_text=True)) == 1
    assert lines(client.get(address_of(second)).get_data(as_text=True)) == 1, "a further page can be gone back to"


def test_a_script_whose_session_is_over_is_told_so_in_words(client):
    answer = parts(client, q="phụ tùng")
    assert answer.status_code == 401
    assert set(answer.json) == {"message"}


def test_a_script_is_told_in_words_what_cannot_be_logged(client_as, monkeypatch):
    monkeypatch.setattr(entry, "MAX_ENTRY_BYTES", 2000)
    answer = parts(client_as("analyst"), q="\U00020000" * 1000)
    assert answer.status_code == 422
    assert set(answer.json) == {"message"}
