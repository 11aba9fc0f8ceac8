"""A page after the first weighs at most 40 kB over the wire: pages with secrets in them are not compressed."""

from __future__ import annotations

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
