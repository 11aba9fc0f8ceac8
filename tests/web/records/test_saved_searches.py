"""Saved searches: beside the box under a name, run again, shared with one's unit, watched, removed and brought back."""

from __future__ import annotations

import html
import re

import pytest

from intelhub.platform.actor import Place
from intelhub.records import queries
from intelhub.records.service import watching
from intelhub.records.service.saved_views import LONGEST_NAME, MOST
from tests.factories.record_world import submitted, travelled
from tests.factories.watchers import look


def ask(client, **form):
    return client.submit("/search", form).get_data(as_text=True)


def saved_by(client):
    """The searches above the box, in their order: name and, of another's, the owner; with the address."""
    page = client.get("/search").get_data(as_text=True)
    found = re.search(r'<nav class="views".*?</nav>', page, re.DOTALL)
    links = re.findall(r'<a class="chip" href="([^"]+)"[^>]*>(.*?)</a>', found.group(), re.DOTALL) if found else []
    return {" ".join(html.unescape(re.sub(r"<[^>]+>", " ", words)).split()): url for url, words in links}


def save(client, name, level=None, **question):
    page = ask(client, **(question or {"q": "phụ tùng"}))
    sealed = re.search(r'name="asked" value="([^"]+)"', page).group(1)
    return client.submit("/search/saved", {"asked": sealed, "name": name, **({"level": level} if level else {})})


def act(client, url, verb, **form):
    return client.submit(f"{url}/{verb}", form)


def lines(page):
    return page.count('class="row-line')


def test_a_search_is_found_again_with_its_words_filters_times_and_order(house, client_as):
    travelled(house, 1)
    travelled(house, 1, topic="smuggling")
    client = client_as("analyst")
    question = {"q": "phụ tùng", "topic": "smuggling", "from": "2026-01-01", "to": "2026-12-31", "order": "relevance"}
    answer = save(client, "  Phụ  tùng lậu ", **question)
    assert answer.status_code == 303
    assert saved_by(client) == {"Phụ tùng lậu": answer.location}
    assert "phu" not in answer.location
    page = client.get(answer.location).get_data(as_text=True)
    assert lines(page) == 1
    assert 'value="phụ tùng"' in page
    assert re.search(r'value="smuggling" checked', page)
    assert re.search(r'id="from" name="from" value="2026-01-01"', page)
    assert re.search(r'value="relevance" selected', page)
    assert f'data-address="{answer.location}"' in page, "going back comes to the saved search again"
    assert 'aria-current="page"' in page


def test_the_longest_question_can_be_saved(client_as):
    client = client_as("analyst")
    words = " ".join(f"từ{number}khó" for number in range(120))[:1000]
    answer = save(client, "Dài", q=words)
    assert answer.status_code == 303
    assert html.escape(words) in client.get(answer.location).get_data(as_text=True)


def test_the_empty_box_and_a_saved_search_offer_nothing_to_save(client_as):
    client = client_as("analyst")
    assert 'name="asked"' not in client.get("/search").get_data(as_text=True)
    assert 'name="asked"' not in ask(client, q="")
    answer = save(client, "Một")
    assert 'name="asked"' not in client.get(answer.location).get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("  ", "Đặt tên cho tìm kiếm."),
        ("x" * (LONGEST_NAME + 1), "Tên có nhiều nhất 60 ký tự"),
        ("một", "Bạn đã có tìm kiếm tên này"),
    ],
)
def test_a_refused_name_comes_back_as_it_was_typed_with_the_result(house, client_as, name, sentence):
    travelled(house, 1)
    client = client_as("analyst")
    save(client, "Một")
    answer = save(client, name, level="1")
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert sentence in page
    assert f'value="{name}"' in page
    assert re.search(r'<option value="1" selected', page)
    assert lines(page) == 1
    assert list(saved_by(client)) == ["Một"]


def test_there_are_at_most_twenty_beside_as_many_views_of_the_list(client_as):
    client = client_as("analyst")
    for number in range(MOST):
        assert save(client, f"Tìm {number}", q=f"từ {number}").status_code == 303
        assert client.submit("/records/views?state=received", {"name": f"Tìm {number}"}).status_code == 303
    assert save(client, "Thêm").status_code == 422
    assert len(saved_by(client)) == MOST
    page = client.get("/records").get_data(as_text=True)
    assert page.count('<li><a class="chip" href="/records') == MOST


def test_a_question_that_was_not_sealed_here_is_not_saved(client_as):
    client = client_as("analyst")
    for forged in ("", "AAAA", "x" * 30_000):
        answer = client.submit("/search/saved", {"asked": forged, "name": "Một"})
        assert (answer.status_code, answer.location) == (303, "/search")
    assert saved_by(client) == {}


def test_a_search_is_renamed_removed_and_brought_back_shared_and_watched(client_as):
    client, colleague = client_as("analyst"), client_as("head")
    url = save(client, "Cũ").location
    assert act(client, url, "rename", name="Mới").status_code == 303
    assert act(client, url, "rename", name=" ").status_code == 422
    unit = re.search(r'name="unit" value="([^"]+)"', client.get(url).get_data(as_text=True)).group(1)
    assert act(client, url, "share", unit=unit).status_code == 303
    assert act(client, url, "watch").status_code == 303
    assert list(saved_by(colleague)) == ["Mới Trần Thị Phân"]
    gone = act(client, url, "remove")
    assert "Đã xóa tìm kiếm “Mới”" in html.unescape(client.get(gone.location).get_data(as_text=True))
    assert saved_by(client) == saved_by(colleague) == {}
    assert client.get(url).status_code == colleague.get(url).status_code == 404
    assert act(client, url, "restore").status_code == 303
    assert list(saved_by(colleague)) == ["Mới Trần Thị Phân"]
    assert "Ngừng theo dõi" in client.get(url).get_data(as_text=True)
    assert act(client, url, "unwatch").status_code == 303
    assert act(client, url, "unwatch").status_code == 404
    assert act(client, url, "unshare").status_code == 303
    assert saved_by(colleague) == {}


def test_whoever_runs_a_shared_search_finds_what_they_may_read(house, client_as):
    """Officer and leader of one team: the leader reads the team's records, the officer their own."""
    submitted(house, "leader")
    submitted(house, "officer2", level="0", list_item=None)
    leader, officer = client_as("leader"), client_as("officer2")
    url = save(leader, "Phụ tùng", level="1").location
    unit = re.search(r'name="unit" value="([^"]+)"', leader.get(url).get_data(as_text=True)).group(1)
    act(leader, url, "share", unit=unit)
    assert lines(leader.get(url).get_data(as_text=True)) == 2
    page = officer.get(saved_by(officer)["Phụ tùng Lương Văn Kiểm"]).get_data(as_text=True)
    assert lines(page) == 1
    assert "do Lương Văn Kiểm chia sẻ" in page
    assert "/rename" not in page
    assert re.search(r'id="level-top" class="level-banner level-1"', page), "the words themselves are of level 1"


def test_alerts_stand_in_the_navigation_and_on_their_page(house, client_as):
    client = client_as("analyst")
    empty = client.get("/alerts").get_data(as_text=True)
    assert "Chưa theo dõi tìm kiếm nào" in empty
    act(client, save(client, "Phụ tùng", level="0").location, "watch")
    assert "Không có gì mới" in client.get("/alerts").get_data(as_text=True)
    record = travelled(house, 1)
    look(house)
    page = client.get("/alerts").get_data(as_text=True)
    assert "Phiếu tin mới: 1" in page
    assert number_of(page) == "1"
    (alert,) = re.findall(r'href="(/alerts/[0-9a-f-]{36})"', page)
    shown = client.get(alert)
    assert f"/records/{record}" in shown.get_data(as_text=True)
    assert re.search(r'id="level-top" class="level-banner level-1"', shown.get_data(as_text=True))
    assert client.submit(f"{alert}/read").status_code == 303
    page = client.get("/alerts").get_data(as_text=True)
    assert number_of(page) is None
    assert "Đánh dấu đã đọc" not in page
    assert client.get(alert).status_code == 200


def test_everything_is_marked_as_read_at_once_but_what_is_not_shown_here(house, client_as):
    client = client_as("analyst")
    act(client, save(client, "Phụ tùng", level="0").location, "watch")
    travelled(house, 1)
    travelled(house, 1, level="0", list_item=None)
    look(house)
    remote = client_as("analyst", place=Place.REMOTE)
    assert "Phiếu tin mới: 1" in remote.get("/alerts").get_data(as_text=True)
    assert mark_all(remote).status_code == 303
    assert "Đánh dấu đã đọc" not in remote.get("/alerts").get_data(as_text=True)
    page = client.get("/alerts").get_data(as_text=True)
    assert number_of(page) == "1", "what stayed unseen elsewhere is still unread at the desk"
    assert page.count("Phiếu tin mới: 1") == 2


def mark_all(client, page=None):
    """Send the form of the page that marks everything it shows."""
    shown = re.findall(r'name="alert" value="([^"]+)"', page or client.get("/alerts").get_data(as_text=True))
    return client.submit("/alerts/read", {"alert": shown})


def test_what_came_since_the_page_was_made_stays_unread_and_an_open_alert_stays_open(house, client_as):
    client = client_as("analyst")
    act(client, save(client, "Phụ tùng").location, "watch")
    travelled(house, 1)
    look(house)
    page = client.get("/alerts").get_data(as_text=True)
    (open_one,) = re.findall(r'href="(/alerts/[0-9a-f-]{36})"', page)
    travelled(house, 1)
    look(house)
    assert client.get(open_one).status_code == 200
    assert mark_all(client, page).status_code == 303
    assert number_of(client.get("/alerts").get_data(as_text=True)) == "1"


def test_the_page_of_alerts_bears_the_level_of_the_names_on_it_and_holds_fifty(house, client_as, monkeypatch):
    client = client_as("analyst")
    for name in ("Một", "Hai"):
        act(client, save(client, name, level="2").location, "watch")
    travelled(house, 1)
    look(house)
    monkeypatch.setattr(queries, "PAGE", 1)
    page = client.get("/alerts").get_data(as_text=True)
    assert 'class="level-banner level-2"' in page
    assert len(re.findall(r'href="/alerts/[0-9a-f-]{36}"', page)) == 1
    assert "Còn 1 thông báo" in page


def test_whoever_has_too_many_unread_is_told_so_by_what_this_session_shows(house, client_as, monkeypatch):
    client = client_as("analyst")
    act(client, save(client, "Phụ tùng", level="0").location, "watch")
    travelled(house, 1)
    look(house)
    travelled(house, 1, level="0", list_item=None)
    look(house)
    monkeypatch.setattr(watching, "MOST_UNREAD", 2)
    said = "hệ thống tạm ngừng tìm thông báo mới"
    assert said in client.get("/alerts").get_data(as_text=True)
    remote = client_as("analyst", place=Place.REMOTE).get("/alerts").get_data(as_text=True)
    assert "Phiếu tin mới: 1" in remote
    assert said not in remote, "it would tell of something above"


def test_a_watch_that_cannot_be_says_why(house, client_as, monkeypatch):
    travelled(house, 1)
    travelled(house, 1)
    monkeypatch.setattr(watching, "MOST_MATCHES", 1)
    client = client_as("analyst")
    answer = act(client, save(client, "Rộng").location, "watch")
    page = client.get(answer.location).get_data(as_text=True)
    assert "Quá nhiều phiếu tin khớp nên không theo dõi được" in page
    assert "Ngừng theo dõi" not in page


def test_a_watch_whose_last_look_could_not_see_everything_says_so(house, client_as, monkeypatch):
    client = client_as("analyst")
    url = save(client, "Phụ tùng", level="0").location
    act(client, url, "watch")
    assert "thông báo có thể đến muộn" not in client.get(url).text
    with monkeypatch.context() as hurried:
        hurried.setattr(watching, "SECONDS", 0.0)
        travelled(house, 0)
        look(house)
    assert "thông báo có thể đến muộn" in client.get(url).text
    look(house)
    assert "thông báo có thể đến muộn" not in client.get(url).text


def number_of(page):
    """The number beside “Alerts” in the navigation; none where nothing waits."""
    link = re.search(r'class="nav-link-item" href="/alerts"[^>]*>(.*?)</a>', page, re.DOTALL).group(1)
    number = re.search(r"</span>(\d+)</span>", link)
    return number and number.group(1)
