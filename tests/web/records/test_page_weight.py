"""A page after the first weighs at most 40 kB over the wire: pages with secrets in them are not compressed."""

from __future__ import annotations

from intelhub.records.service.searching import PAGE
from intelhub.records.views.listing import _LINES
from tests.factories.record_world import travelled

LIMIT = 40_000
# As long as an abstract of the trade is, with letters of three bytes.
ABSTRACT = "Nghi vấn vận chuyển trái phép hàng hóa cấm nhập khẩu qua đường mòn cửa khẩu"


def weight(client, path):
    answer = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
    return len(answer.data)


def test_a_full_page_of_the_list_is_light(house, client_as):
    """All lines marked and to be chosen; the filters, the order and the bar are there, saved views come on top."""
    ids = [travelled(house, 3, abstract=f"{ABSTRACT} {number:02}", urgency="normal") for number in range(_LINES + 1)]
    analyst = client_as("analyst")
    page = analyst.get("/records").get_data(as_text=True)
    assert page.count('name="chosen"') == page.count("MẬT</span><span") == _LINES
    for path in ("/records", f"/records?after={ids[-1]}"):
        assert weight(analyst, path) <= LIMIT, path
    assert weight(client_as("leader"), "/records") <= LIMIT


def test_home_is_light_when_every_desk_is_full(house, client_as):
    for number in range(10):
        travelled(house, 3, abstract=f"{ABSTRACT} {number:02}", urgency="normal")
        travelled(house, 2, abstract=f"{ABSTRACT} {number + 10:02}", urgency="normal")
    for username in ("analyst", "head", "leader", "hq"):
        assert weight(client_as(username), "/") <= LIMIT, username


def test_a_form_and_a_record_are_light(house, client_as):
    record = travelled(house, 3, abstract=ABSTRACT)
    assert weight(client_as("officer"), "/records/new") <= LIMIT
    for username in ("officer", "analyst", "head"):
        assert weight(client_as(username), f"/records/{record}") <= LIMIT, username


def test_a_full_page_of_results_is_light(house, client_as):
    for number in range(PAGE + 1):
        travelled(house, 2, abstract=f"{ABSTRACT} {number:02}", urgency="normal")
    analyst = client_as("analyst")
    answer = analyst.submit("/search", {"q": "phu tung"})
    assert answer.status_code == 200
    assert answer.get_data(as_text=True).count("data-row-link") == PAGE
    assert len(answer.data) <= LIMIT
