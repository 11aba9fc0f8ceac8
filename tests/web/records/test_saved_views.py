"""Saved views: filters and an order under a name, found again above the list, renamed, removed and brought back."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from intelhub.records.service.saved_views import LONGEST_NAME, MOST
from tests.factories.record_world import fill


def views_of(client, query=""):
    """The names above the list with their addresses, in their order."""
    page = client.get(f"/records{query}").get_data(as_text=True)
    found = re.search(r'<nav class="views".*?</nav>', page, re.DOTALL)
    links = re.findall(r'<a class="chip" href="([^"]+)"[^>]*>([^<]+)</a>', found.group()) if found else []
    return {html.unescape(name): html.unescape(url) for url, name in links}


def save(client, name, query="?state=received&sort=oldest"):
    return client.submit(f"/records/views{query}", {"name": name})


def id_of(client, name):
    """The id of a view, as the page of that view names it in its forms."""
    page = client.get(views_of(client)[name]).get_data(as_text=True)
    return re.search(r"/records/views/([0-9a-f-]{36})/rename", page).group(1)


def test_a_view_is_found_again_with_its_filters_and_its_order(house, client_as):
    fill(house)
    analyst = client_as("analyst")
    query = "?desk=triage&state=received&level=1&sort=urgent"
    before = analyst.get(f"/records{query}").get_data(as_text=True)
    answer = save(analyst, "  Việc  sáng nay ", f"{query}&after=00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.location).query)["desk"] == ["triage"]
    (name,) = views_of(analyst)
    assert name == "Việc sáng nay"
    address = views_of(analyst)[name]
    assert parse_qs(urlsplit(address).query) == parse_qs(query[1:])
    after = analyst.get(address).get_data(as_text=True)
    assert re.findall(r"data-row-link>([^<]+)", after) == re.findall(r"data-row-link>([^<]+)", before) != []
    assert re.search(r'class="chip" href="[^"]+" aria-current="page">Việc sáng nay', after)
    assert 'aria-current="page">Việc sáng nay' not in analyst.get("/records").get_data(as_text=True)


def test_views_stand_in_the_order_of_vietnamese(client_as):
    officer = client_as("officer")
    for name in ("Đồ cổ", "Xăng dầu", "Ô tô", "Dược liệu", "Ổi", "ăn uống", "An toàn"):
        assert save(officer, name).status_code == 303
    assert list(views_of(officer)) == ["An toàn", "ăn uống", "Dược liệu", "Đồ cổ", "Ô tô", "Ổi", "Xăng dầu"]


def test_a_view_is_renamed_removed_and_brought_back(client_as):
    officer = client_as("officer")
    save(officer, "Tin cũ")
    view_id = id_of(officer, "Tin cũ")
    here = urlsplit(views_of(officer)["Tin cũ"]).query
    assert officer.submit(f"/records/views/{view_id}/rename?{here}", {"name": "Tin mới"}).status_code == 303
    assert list(views_of(officer)) == ["Tin mới"]
    answer = officer.submit(f"/records/views/{view_id}/remove?{here}")
    assert answer.status_code == 303
    page = officer.get(answer.location).get_data(as_text=True)
    assert "Đã xóa bộ lọc “Tin mới”" in html.unescape(page)
    assert views_of(officer) == {}
    assert "Đã xóa" not in officer.get("/records").get_data(as_text=True)
    assert officer.submit(f"/records/views/{view_id}/restore?{here}").status_code == 303
    assert list(views_of(officer)) == ["Tin mới"]
    assert officer.submit(f"/records/views/{view_id}/restore?{here}").status_code == 404


def test_the_view_removed_last_alone_can_be_brought_back(client_as):
    officer = client_as("officer")
    for name in ("một", "hai"):
        save(officer, name, f"?state={'draft' if name == 'một' else 'submitted'}")
    first, second = id_of(officer, "một"), id_of(officer, "hai")
    for one in (first, second):
        assert officer.submit(f"/records/views/{one}/remove").status_code == 303
    assert officer.submit(f"/records/views/{first}/restore").status_code == 404
    assert officer.submit(f"/records/views/{second}/restore").status_code == 303
    assert list(views_of(officer)) == ["hai"]


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST_NAME + 1), "a\u202eb", "a\x00b"])
def test_a_name_that_is_none_is_refused_and_kept(client_as, name):
    officer = client_as("officer")
    answer = save(officer, name)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'aria-invalid="true"' in page
    if name.strip() == name != "":
        assert f'value="{name}"' in page or "\x00" in name
    assert views_of(officer) == {}


def test_a_name_is_given_once_and_at_most_twenty_are_kept(client_as):
    officer = client_as("officer")
    for number in range(MOST):
        query = f"?state={('draft', 'submitted', 'received', 'merged', 'collated')[number % 5]}&level={number // 5}"
        assert save(officer, f"Số {number}", query).status_code == 303
    assert save(officer, "số 3").status_code == 422
    assert save(officer, "Một nữa").status_code == 422
    assert len(views_of(officer)) == MOST
    gone = id_of(officer, "Số 3")
    officer.submit(f"/records/views/{gone}/remove")
    assert save(officer, "SỐ 3").status_code == 303
    answer = officer.submit(f"/records/views/{gone}/restore")
    assert answer.status_code == 422, "its place is taken"
    page = answer.get_data(as_text=True)
    assert f"/records/views/{gone}/restore" in page, "it can still be brought back"
    assert page.count("notice-bad") == 1
    assert 'aria-invalid="true"' not in page, "no name was typed that could be wrong"
    assert len(views_of(officer)) == MOST
    assert save(client_as("leader"), "Số 3").status_code == 303, "names are everybody's own"


def test_a_view_of_a_desk_that_is_not_mine_any_more_shows_what_is_still_there(house, client_as):
    fill(house)
    officer = client_as("officer")
    save(officer, "của người khác", "?desk=review&state=submitted&unit=nowhere&level=9&sort=urgent")
    assert parse_qs(urlsplit(views_of(officer)["của người khác"]).query) == {"state": ["submitted"]}
