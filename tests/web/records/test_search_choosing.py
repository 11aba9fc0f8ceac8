"""Hits that are chosen together: the bar, the acts and the refusals of the list, and back to the result."""

from __future__ import annotations

import re
from html import unescape

from intelhub import records
from tests.factories.record_world import act, submitted, travelled
from tests.web.records.test_search_refining import address_of, parts


def boxes(page):
    return set(re.findall(r'form="bulk" name="chosen" value="([^"]*)"', page))


def bar(page):
    found = re.search(r'<form class="bulk-bar" id="bulk" method="post" action="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def test_what_can_be_assigned_can_be_chosen_and_nothing_else(house, client_as):
    open_one, taken = travelled(house, 1), travelled(house, 1)
    act(house, "analyst", taken, records.assign_record, assignee_id=house.people["analyst2"])
    travelled(house, 5)
    client = client_as("analyst")
    for answer in (client.submit("/search", {"q": "phu tung"}), parts(client, q="phu tung")):
        page = answer.get_data(as_text=True)
        assert page.count('class="row-line') == 3
        assert boxes(page) == {f"{open_one}:3", f"{taken}:4"}
        assert bar(page).startswith("/search/chosen/assign?asked=")
        assert page.count('id="bulk"') == 1
        assert "Đỗ Văn Tích" in page, "who has it is said where it can be given to another"
    swapped = parts(client, q="phu tung").get_data(as_text=True)
    assert re.search(r'id="chosen-bar" hx-swap-oob="innerHTML">\s*<form', swapped)
    nothing = parts(client, q="khongcogi").get_data(as_text=True)
    assert re.search(r'id="chosen-bar" hx-swap-oob="innerHTML">\s*</div>', nothing), "the bar of before goes"


def test_acting_comes_back_to_the_result_and_says_what_was_done(house, client_as):
    one = travelled(house, 1)
    client = client_as("analyst")
    page = client.submit("/search", {"q": "phu tung"}).get_data(as_text=True)
    here = address_of(client.submit("/search", {"q": "phu tung"}))
    take_on = unescape(re.search(r'formaction="(/search/chosen/take-on[^"]*)"', page)[1])
    answer = client.submit(take_on, {"chosen": [f"{one}:3"]})
    assert answer.status_code == 303
    assert answer.location.partition("?")[0] == here.partition("?")[0] == "/search"
    shown = client.get(answer.location).get_data(as_text=True)
    assert "Đã nhận xử lý 1 phiếu tin." in shown
    assert 'value="phu tung"' in shown
    assert f"{one}:4" in boxes(shown)


def test_a_refused_one_stays_chosen_in_its_result_and_says_why(house, client_as):
    first, second = travelled(house, 1), travelled(house, 1)
    client = client_as("analyst")
    address = bar(client.submit("/search", {"q": "phu tung"}).get_data(as_text=True))
    act(house, "head", second, records.assign_record, assignee_id=house.people["analyst2"])
    form = {"chosen": [f"{first}:3", f"{second}:3"], "assignee": str(house.people["analyst"])}
    answer = client.submit(address, form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 412
    assert "Đã phân công 1 phiếu tin." in page
    assert 'value="phu tung"' in page
    assert re.search(rf'value="{second}:4" checked', page)
    assert "Phạm Văn Trưởng" in page, "who was quicker is said"
    nobody = client.submit(address, {"chosen": [f"{second}:4"]})
    assert nobody.status_code == 422
    assert "Hãy chọn ít nhất một phiếu tin" in nobody.get_data(as_text=True)


def test_whoever_may_do_none_of_it_has_no_boxes(house, client_as):
    submitted(house)
    for username in ("officer", "leader"):
        page = client_as(username).submit("/search", {"q": "phu tung"}).get_data(as_text=True)
        assert page.count('class="row-line') == 1
        assert boxes(page) == set()
        assert bar(page) == ""


def test_a_question_too_long_for_an_address_offers_no_act_that_would_lose_it(house, client_as):
    travelled(house, 1)
    signs = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(900))
    page = client_as("analyst").submit("/search", {"q": f"phu tung {signs}"}).get_data(as_text=True)
    assert 'data-address=""' in page
    assert page.count('class="row-line') == 1
    assert boxes(page) == set()
    assert bar(page) == ""
