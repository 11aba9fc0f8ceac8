"""The pages of records through the whole application, as people use them."""

from __future__ import annotations

import html
import re
import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine

from intelhub import records
from intelhub.audit import Criteria, search_entries, sequence_once
from intelhub.platform.actor import Place
from intelhub.platform.database import open_engine
from tests.house import content

_ID = re.compile(r"/records/([0-9a-f-]{36})")


def form_of(fields):
    """The fields as the form sends them."""
    form = {name: value for name, value in fields.items() if value is not None and name != "subjects"}
    for number, subject in enumerate(fields["subjects"]):
        form |= {f"subjects-{number}-{part}": value for part, value in subject.items()}
    return form


def write(client, **changes):
    """File a record through the form and send it; its id."""
    saved = client.submit("/records/new", {**form_of(content(**changes)), "do": "check"})
    assert saved.status_code == 303, saved.get_data(as_text=True)
    record_id = _ID.search(saved.location).group(1)
    checked = client.get(saved.location)
    assert checked.status_code == 200
    version = re.search(r'name="row_version" value="(\d+)"', checked.get_data(as_text=True)).group(1)
    sent = client.submit(f"/records/{record_id}/submit", {"row_version": version})
    assert sent.status_code == 303
    return record_id


def page(client, url, status=200):
    answer = client.get(url)
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text[:2000]
    return text


def act(client, record_id, move, *, status=303, **form):
    """Press a button on the record's page; the page that is shown then."""
    shown = page(client, f"/records/{record_id}")
    version = re.search(r'name="row_version" value="(\d+)"', shown).group(1)
    answer = client.submit(f"/records/{record_id}/{move}", {"row_version": version, **form})
    assert answer.status_code == status
    return page(client, answer.location) if status == 303 else answer.get_data(as_text=True)


def test_a_record_goes_up_the_tree_by_buttons(client_as):
    officer, leader, analyst, head, hq = map(client_as, ("officer", "leader", "analyst", "head", "hq"))
    record_id = write(officer)
    assert "Phụ tùng ô tô nghi gian lận xuất xứ" in page(leader, "/")
    act(leader, record_id, "forward")
    assert "Phụ tùng ô tô" in page(analyst, "/")
    act(analyst, record_id, "acknowledge")
    act(analyst, record_id, "evaluate", source_grade="C", info_grade="2", reason="Khớp với tin trước đây")
    act(analyst, record_id, "collate", **{"entities-0-kind": "enterprise", "entities-0-name": "Công ty bịa"})
    page(hq, f"/records/{record_id}", 404)
    act(head, record_id, "share-up")
    shown = page(hq, f"/records/{record_id}")
    assert "C2" in shown
    assert "MẬT" in shown
    assert "Công ty bịa" in shown


def test_a_version_in_which_nothing_was_written_anew_says_so(client_as):
    officer, leader, analyst = map(client_as, ("officer", "leader", "analyst"))
    record_id = write(officer)
    act(leader, record_id, "forward")
    assert "chưa có ai" in page(analyst, f"/records/{record_id}")
    act(analyst, record_id, "acknowledge")
    assert "chưa có ai" not in page(analyst, f"/records/{record_id}")
    act(analyst, record_id, "evaluate", source_grade="C", info_grade="2", reason="Khớp với tin trước đây")
    act(analyst, record_id, "collate", **{"entities-0-kind": "enterprise", "entities-0-name": "Công ty bịa"})
    sections = page(analyst, f"/records/{record_id}/versions").split('<section class="version">')[1:]
    assert sections
    assert all("<dt>" in one or "Nội dung người viết ghi không thay đổi" in one for one in sections)
    assert not any('<dl class="facts"></dl>' in one for one in sections)


def test_versions_name_the_subjects_and_times_that_changed(client_as):
    officer, leader = map(client_as, ("officer", "leader"))
    record_id = write(officer)
    act(leader, record_id, "return", reason="Ghi rõ doanh nghiệp")
    edit = page(officer, f"/records/{record_id}/edit")
    version = re.search(r'name="row_version" value="(\d+)"', edit).group(1)
    subjects = [{"kind": "enterprise", "name": "Công ty Bịa Thêm", "identifier": ""}]
    form = form_of(content(subjects=subjects)) | {"row_version": version, "do": "check"}
    check = page(officer, officer.submit(f"/records/{record_id}/edit", form).location)
    version = re.search(r'name="row_version" value="(\d+)"', check).group(1)
    assert officer.submit(f"/records/{record_id}/submit", {"row_version": version}).status_code == 303
    shown = page(leader, f"/records/{record_id}/versions")
    assert "<dt>Ai và cái gì</dt>" in shown
    assert "Công ty Bịa Thêm<" in shown


@pytest.mark.parametrize("username", ["stranger", "neighbour", "auditor", "operator", "security", "contributor"])
def test_whoever_may_not_read_gets_the_answer_of_an_unknown_address(client_as, username):
    record_id = write(client_as("officer"))
    client = client_as(username)
    client.get("/")  # the first answer of a browser brings the form cookie
    hidden, unknown = client.get(f"/records/{record_id}"), client.get(f"/records/{uuid4()}")
    assert hidden.status_code == unknown.status_code
    assert hidden.status_code in {403, 404}
    assert hidden.data == unknown.data
    assert dict(hidden.headers) == dict(unknown.headers)


def test_what_needs_another_word_comes_back_with_everything_that_was_typed(client_as):
    officer = client_as("officer")
    saved = officer.submit("/records/new", {**form_of(content(text="ngắn", level="1", list_item=None)), "do": "check"})
    refused = officer.get(saved.location)
    text = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert 'href="#text"' in text
    assert 'href="#list_item"' in text
    assert "Bãi kiểm hóa số 2" in text


def test_two_windows_on_one_draft_lose_nobody_s_words(client_as):
    officer = client_as("officer")
    saved = officer.submit("/records/new", {**form_of(content()), "do": "save"})
    record_id = _ID.search(saved.location).group(1)
    first = {**form_of(content(text="Lời của cửa sổ thứ nhất, dài hơn hai mươi chữ.")), "row_version": "1"}
    second = {**form_of(content(text="Lời của cửa sổ thứ hai, cũng dài hơn hai mươi chữ.")), "row_version": "1"}
    assert officer.submit(f"/records/{record_id}/edit", first).status_code == 303
    both = officer.submit(f"/records/{record_id}/edit", second)
    assert both.status_code == 412
    text = both.get_data(as_text=True)
    assert "cửa sổ thứ nhất" in text
    assert "cửa sổ thứ hai" in text


def test_two_windows_are_compared_in_every_field(client_as):
    officer = client_as("officer")
    saved = officer.submit("/records/new", {**form_of(content()), "do": "save"})
    record_id = _ID.search(saved.location).group(1)
    changed = {
        "abstract": "Trích yếu khác", "topic": "smuggling", "method": "", "place_unit": "15BE",
        "place_text": "Kho số 9", "learned_at": "2026-03-02T09:30",
        "happened_from": "2026-03-01T08:00", "happened_to": "2026-03-01T10:15",
        "channel": "hotline", "source_kind": "pseudonym", "source": "CS-0042", "source_grade": "B", "info_grade": "2",
        "level": "0", "list_item": "", "urgency": "express", "handling": "H4", "handling_conditions": "Chỉ trong ca",
        "plan_item": "", "outside_plan": "Phát sinh đột xuất", "subjects-0-identifier": "MSKU1234565",
    }  # fmt: skip
    first = {**form_of(content()), **changed, "row_version": "1", "do": "save"}
    assert officer.submit(f"/records/{record_id}/edit", first).status_code == 303
    both = officer.submit(f"/records/{record_id}/edit", {**form_of(content()), "row_version": "1", "do": "save"})
    shown = html.unescape(both.get_data(as_text=True))
    assert both.status_code == 412
    rows = dict(re.findall(r'<tr><th scope="row"[^>]*>(.*?)</th>(.*?)</tr>', shown, re.DOTALL))
    assert len(rows) == len(changed), sorted(rows)
    for name, mine, stored in (
        ("Ai và cái gì", "CSQU3054383", "MSKU1234565"),
        ("Độ mật", "Mật", "Không mật"),
        ("Địa điểm", "Bãi kiểm hóa số 2", "Kho số 9"),
        ("Xảy ra từ", "–", "01/03/2026 08:00"),
    ):
        found = re.findall(r"<td[^>]*>(.*?)</td>", rows[name])
        assert mine.lower() in found[0].lower(), (name, found)
        assert stored.lower() in found[1].lower(), (name, found)
    assert "Tin nói gì" not in rows
    kept = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', shown))
    again = officer.submit(f"/records/{record_id}/edit", {**kept, "do": "save"})
    assert again.status_code == 303
    assert "CSQU3054383" in page(officer, again.location)


def test_a_window_on_a_draft_that_was_sent_meanwhile_shows_what_it_holds(client_as):
    officer = client_as("officer")
    record_id = write(officer)
    late = {**form_of(content(text="Lời thêm vào sau khi đã gửi, dài hơn hai mươi chữ.")), "row_version": "1"}
    shown = officer.submit(f"/records/{record_id}/edit", {**late, "do": "save"})
    assert shown.status_code == 409
    text = html.unescape(shown.get_data(as_text=True))
    assert "Lời thêm vào sau khi đã gửi" in text
    assert 'name="do" value="save"' not in text, "there is nothing to overwrite"
    told = officer.submit(f"/records/{record_id}/edit", {**late, "do": "autosave"})
    assert told.status_code == 409
    assert "đã gửi" in told.json["message"] or "đã được gửi" in told.json["message"]


def test_the_time_of_a_save_is_vietnam_s(client_as, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        with time_machine.travel(datetime(2026, 3, 1, 20, 30, tzinfo=UTC), tick=True):
            answer = client_as("officer").submit("/records/new", {**form_of(content()), "do": "autosave"})
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "03:3" in answer.json["saved"]


def test_a_draft_saves_itself(client_as):
    officer = client_as("officer")
    answer = officer.submit("/records/new", {**form_of(content()), "do": "autosave"})
    assert answer.status_code == 200
    assert answer.json["row_version"] == 1
    again = officer.submit(answer.json["action"], {**form_of(content()), "do": "autosave", "row_version": "1"})
    assert again.json["row_version"] == 2
    assert "nháp" in page(officer, "/").lower()


def test_search_finds_without_diacritics_and_only_for_readers(client_as):
    record_id = write(client_as("officer"))
    found = client_as("leader").submit("/search", {"q": "tem nhan"})
    assert record_id in found.get_data(as_text=True)
    assert "<mark>" in found.get_data(as_text=True)
    for username in ("neighbour", "stranger", "contributor"):
        hidden = client_as(username).submit("/search", {"q": "tem nhan"})
        assert record_id not in hidden.get_data(as_text=True)
    assert record_id in client_as("leader").submit("/search", {"q": "csqu 305438-3"}).get_data(as_text=True)


def test_a_remote_session_sees_nothing_that_is_marked(client_as):
    officer = client_as("officer")
    record_id = write(officer)
    remote = client_as("officer", place=Place.REMOTE)
    assert remote.get(f"/records/{record_id}").status_code == 404
    assert "Phụ tùng" not in page(remote, "/")
    assert "Phụ tùng" not in page(remote, "/records")


def test_every_page_of_every_person_renders_in_both_languages(client_as, house):
    record_id = write(client_as("officer"))
    act(client_as("leader"), record_id, "return", reason="Ghi rõ hơn")
    for username in house.people:
        client = client_as(username)
        for language in ("vi", "en"):
            client.set_cookie("language", language)
            for url in ("/", "/records", "/records/new", "/search", f"/records/{record_id}", "/units"):
                answer = client.get(url)
                assert answer.status_code in {200, 403, 404}, (username, url, answer.get_data(as_text=True)[:500])
    assert "Ghi rõ hơn" in page(client_as("officer"), f"/records/{record_id}/edit")
    versions = client_as("officer").get(f"/records/{record_id}/versions")
    assert versions.status_code == 200


def test_filters_stay_in_the_address_and_words_do_not(client_as):
    write(client_as("officer"))
    leader = client_as("leader")
    assert "Phụ tùng" in page(leader, "/records?state=submitted&level=1&unit=15BB")
    assert "Phụ tùng" not in page(leader, "/records?state=received")
    assert "Phụ tùng" not in page(leader, "/records?level=0")


def test_a_post_without_token_or_from_another_site_does_nothing(client_as):
    officer = client_as("officer")
    assert officer.post("/records/new", data=form_of(content())).status_code == 403
    foreign = officer.submit("/records/new", form_of(content()), headers={"Origin": "https://other.example"})
    assert foreign.status_code == 403
    assert "Phụ tùng" not in page(officer, "/")


def test_a_heap_shows_some_the_urgent_first_and_says_how_many_there_are(client_as, house):
    with house.acting("officer") as (actor, session):
        for number in range(21):
            urgency = "express" if number == 20 else "normal"
            fields = content(abstract=f"Tin số {number:02d}", urgency=urgency)
            draft = records.create_draft(actor, session, fields)
            records.submit_record(actor, session, draft.id, draft.row_version)
    shown = page(client_as("leader"), "/")
    heap = shown.split('id="desk-review"')[1].split("</section>")[0]
    lines = re.findall(r"Tin số (\d\d)</a>", heap)
    assert lines == ["20", *(f"{number:02d}" for number in range(9))]
    assert ">21<" in heap
    assert 'href="/records?desk=review"' in heap
    sequencer = open_engine(house.database.sequencer_url, pool_size=1)
    sequence_once(sequencer, house.vault)
    sequencer.dispose()
    with house.acting("auditor") as (actor, session):
        listed = search_entries(actor, session, Criteria(action="record:listed")).entries
    assert [len(one.entry.shown) for one in listed] == [5, len(lines)]  # what changed near, and the heap
