"""What is offered while somebody types, or in place of a slip, tells of records that they may not read: nothing."""

from __future__ import annotations

import re
from html import unescape

import pytest

from intelhub import records
from intelhub.records.service import proposing
from intelhub.search.segment import Segment
from tests.factories.record_world import resubmitted, returned, submitted, travelled
from tests.house import content

SECRET = "Chữ lạ vonkavit nằm trong phiếu của đội bên, xe 29C-987.65, đủ dài để gửi."
HTMX = {"HX-Request": "true", "Accept": "application/json"}


def offered(client, typed):
    answer = client.submit("/search/words", {"q": typed})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return [unescape(value) for value in re.findall(r'<option value="([^"]*)"', answer.get_data(as_text=True))]


def meant(client, typed):
    page = client.submit("/search", {"q": typed}, headers=HTMX).get_data(as_text=True)
    return [unescape(words) for words in re.findall(r'<a class="btn btn-primary" href="[^"]+">(.*?)</a>', page)]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A machine that does something else at the same time takes no word away."""
    monkeypatch.setattr(proposing, "_SECONDS", 10.0)


@pytest.fixture
def neighbours(house):
    """A record that the officer of another team may not read, with words that stand nowhere else."""
    return submitted(house, "neighbour", text=SECRET)


@pytest.mark.usefixtures("neighbours")
@pytest.mark.parametrize("username", ["officer", "stranger", "hq", "contributor"])
def test_a_word_of_a_hidden_record_alone_is_never_offered(client_as, username):
    client = client_as(username)
    for typed in ("vonk", "xe vonkavi", "29C98", "plate:29C98", "plate:29C-987.6", "(vonk", "NOT vonk"):
        assert offered(client, typed) == [], typed
    for typed in ("vonkavitt", "vonkovit", "29C98764"):
        assert meant(client, typed) == [], typed


@pytest.mark.usefixtures("neighbours")
def test_whoever_may_read_it_is_offered_the_word_as_it_is_spelt(client_as):
    client = client_as("neighbour")
    assert offered(client, "vonk") == ["vonkavit"]
    assert offered(client, "đội vonk") == ["đội vonkavit"]
    assert offered(client, "plate:29c98") == ["plate:29C-987.65"]
    assert offered(client, "niemphong:29c98") == []
    assert meant(client, "vonkovit") == ["vonkavit"]
    assert meant(client, "xe vonkovit") == ["xe vonkavit"]


def test_a_draft_and_what_is_no_longer_said_is_offered_to_nobody(house, client_as):
    with house.acting("officer") as (actor, session):
        records.create_draft(actor, session, content(text="Chữ nháp lomakuta chưa gửi, đủ dài để lưu lại."))
    returned(house, text="Chữ chưa gửi lomakuta hai, đủ dài để lưu lại.")
    for username in ("officer", "leader", "analyst", "head"):
        assert offered(client_as(username), "lomak") == []
        assert meant(client_as(username), "lomakutta") == []


def test_how_hidden_records_are_spelt_shows_beside_no_result(house, client_as):
    submitted(house, "officer", abstract="Vận chuyển thuốc lá ngoại")
    submitted(house, "neighbour", abstract="Nghi vấn thuộc về kho là chính")
    for username, is_told in (("officer", False), ("neighbour", True)):
        page = client_as(username).submit("/search", {"q": "thuốc lá"}, headers=HTMX).get_data(as_text=True)
        assert page.count('class="row-line') == 1
        assert ("Không kết quả nào viết đúng dấu" in page) is is_told, username
        assert "Chỉ kết quả viết đúng dấu" not in page, username


def test_hidden_words_do_not_change_what_is_offered_of_one_s_own(house, client_as):
    submitted(house, text="Xe vonkare, vonkabo và vonkami chở hàng, đủ dài để gửi.", level="0", list_item=None)
    client = client_as("officer")
    before = offered(client, "vonk")
    assert before == ["vonkabo", "vonkami", "vonkare"]
    for _ in range(3):  # the neighbour's are commoner, and one of them is one's own too
        submitted(house, "neighbour", text=SECRET + " vonkare vonkabi")
    assert offered(client, "vonk") == before


def test_a_hidden_word_takes_no_place_from_one_s_own_however_many_were_planted(house, client_as):
    """Filler that was written and taken back again stands in the vocabulary still, and would count hidden words."""
    filler = " ".join(f"zyx{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(63))
    record = submitted(house, text=f"Chữ mồi của mình, đủ dài để gửi. {filler}", level="0", list_item=None)
    resubmitted(house, record, "0", text="Chữ đã sửa, không còn chữ mồi nào nữa, đủ dài.")
    submitted(house, text="Xe zyxzzz chở hàng, đủ dài để gửi đi.", level="0", list_item=None)
    officer = client_as("officer")
    assert offered(officer, "zyx") == ["zyxzzz"]
    assert meant(officer, "zyxzzq") == ["zyxzzz"]
    submitted(
        house, "neighbour", text=f"Đội bên có zyxmat, đủ dài để gửi đi. {filler} zyxzzw", level="0", list_item=None
    )
    assert offered(officer, "zyx") == ["zyxzzz"]
    assert meant(officer, "zyxzzq") == ["zyxzzz"]


def test_how_many_words_are_hidden_shows_in_nothing_that_is_asked(house, client_as, monkeypatch):
    """One hidden word or a hundred: the index is asked as often."""
    asked = []
    answer = Segment.newest

    def noting(self, plan, **how):
        asked.append(plan)
        return answer(self, plan, **how)

    monkeypatch.setattr(Segment, "newest", noting)
    words = " ".join(f"zyx{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100))
    submitted(house, "neighbour", text=f"{SECRET} {words}")
    officer = client_as("officer")
    assert offered(officer, "vonk") == []
    one_hidden = len(asked)
    asked.clear()
    assert offered(officer, "zyx") == []
    assert len(asked) == one_hidden


@pytest.mark.usefixtures("neighbours")
def test_what_there_is_no_time_for_is_not_offered(client_as, monkeypatch):
    monkeypatch.setattr(proposing, "_SECONDS", 0.0)
    assert offered(client_as("neighbour"), "vonk") == []


@pytest.mark.parametrize(
    "typed", ["", "v", "v" * 999, '"vonk', "topic:fal", "x:vonk", "vonk*", "\x00", "đ" * 1000, "a:b:c"]
)
def test_what_is_no_beginning_of_a_word_is_completed_by_none(house, client_as, typed):
    submitted(house, "neighbour", text=SECRET)
    assert offered(client_as("neighbour"), typed) == []


def test_each_look_is_an_entry_that_shows_no_word(scene):
    """What was typed and offered is sealed to the auditors; whoever has the tables reads neither."""
    client = scene.client_as("analyst")
    before = _logged(scene)
    assert offered(client, "ph") != []
    assert offered(client, "khongcogi") == []
    assert _logged(scene) == before + 2
    [(raw,)] = scene.sql("select string_agg(p::text, '') from audit_pending p")
    assert "phụ" not in raw
    assert "khongcogi" not in raw


def test_a_person_without_search_is_offered_nothing(house, client_as):
    travelled(house, 1)
    for username in ("security", "operator"):
        answer = client_as(username).submit("/search/words", {"q": "phu"})
        assert answer.status_code == 403
        assert "option" not in answer.get_data(as_text=True)


def _logged(scene):
    [(waiting,)] = scene.sql("select count(*) from audit_pending")
    [(placed,)] = scene.sql("select count(*) from audit_entries")
    return waiting + placed
