"""What the answers tell of records that are not shown: addresses, counts, cursors, numbers, links and hints."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.platform import clock
from intelhub.platform.roles import driver_address
from intelhub.records import ListFilter
from tests.factories.record_world import ENTITY, GRADE, act, drafted, returned, submitted, travelled, version_of
from tests.house import content
from tests.noise import without_noise

# Everything that can be asked about one record, with a form that would be right for it.
READ = ("", "/edit", "/check", "/versions", "/preview")
MOVES: dict[str, dict[str, str]] = {
    "edit": {"row_version": "1", "text": "Một nội dung khác, dài hơn hai mươi chữ.", "do": "save"},
    "submit": {"row_version": "1"},
    "return": {"row_version": "2", "reason": "Ghi rõ hơn"},
    "forward": {"row_version": "2", "reason": ""},
    "acknowledge": {"row_version": "3"},
    "evaluate": {"row_version": "3", "source_grade": "C", "info_grade": "3", "reason": "Khớp"},
    "duplicate": {"row_version": "3", "reason": "Trùng", "target": str(uuid4())},
    "collate": {"row_version": "3", "reason": "Không rõ"},
    "share-up": {"row_version": "3", "reason": ""},
}


def answers(client: Any, token: str, record_id: Any) -> dict[str, tuple[Any, ...]]:
    """What a browser is told about a record, byte by byte."""
    found = {}
    for address in READ:
        found[f"GET {address}"] = client.get(f"/records/{record_id}{address}")
    for move, form in MOVES.items():
        for wrong in ({}, {"row_version": ""}, {"row_version": "999"}):
            data = {**form, **wrong, "csrf_token": token}
            found[f"{move} {wrong}"] = client.post(f"/records/{record_id}/{move}", data=data)
    chosen = {"assignee": str(uuid4()), "chosen": f"{record_id}:3", "csrf_token": token}
    told = {name: (answer.status_code, answer.data, sorted(answer.headers.items())) for name, answer in found.items()}
    # An act on a heap answers with the page it was sent from: what may not be read is told like what is not there.
    heap = client.post("/records/assign", data=chosen)
    told["assign"] = (heap.status_code, without_noise(heap.get_data(as_text=True)), heap.headers["Content-Type"])
    return told


@pytest.mark.parametrize(
    "username",
    ["stranger", "neighbour", "hq", "auditor", "security", "operator", "contributor", "officer2", "analyst", "head"],
)
def test_a_hidden_record_answers_as_none_at_all(house, client_as, username):
    hidden = [drafted(house), submitted(house), returned(house, text="Chưa gửi lại, dài hơn hai mươi chữ.")]
    if username in {"stranger", "neighbour", "hq", "officer2", "contributor"}:
        hidden.append(travelled(house, 4))
    client = client_as(username)
    token = client.token("/")
    unknown = answers(client, token, uuid4())
    assert unknown["assign"][0] in {403, 404, 409}
    assert not {status for name, (status, *_) in unknown.items() if name != "assign"} & {200, 409, 412, 422, 500}
    for record_id in hidden:
        told = answers(client, token, record_id)
        assert [name for name in told if told[name] != unknown[name]] == []


def test_what_one_may_read_but_not_change_is_a_403_and_nothing_more(house, client_as):
    record_id = travelled(house, 1)
    leader = client_as("leader")
    version = str(version_of(house, "leader", record_id))
    for move in ("evaluate", "collate", "share-up", "acknowledge"):
        assert leader.submit(f"/records/{record_id}/{move}", {"row_version": version}).status_code == 403


def shown(client: Any, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def surfaces(client: Any) -> dict[str, str]:
    """Lists, home, counts, navigation, search with its facets and hints."""
    pages = {
        address: shown(client, address)
        for address in ("/", "/records", "/records?state=submitted&unit=15BB", "/records?desk=triage")
    }
    for question in ("", "phụ tùng", "CSQU3054383", "unit:15BB", "khongcogi phụ", "topic:false_origin"):
        pages[f"search {question}"] = client.submit("/search", {"q": question}).get_data(as_text=True)
    return {name: without_noise(page) for name, page in pages.items()}


@pytest.mark.parametrize("username", ["stranger", "neighbour", "hq", "officer2", "contributor", "security", "auditor"])
def test_records_that_are_not_theirs_change_nothing_anywhere(house, client_as, username):
    """Counts, facets, “100+”, hints and navigation are the same before and after others wrote."""
    client = client_as(username)
    # One moment for both: an auditor is told when entries wait longer than five seconds, whosever they are.
    with clock.telling(clock.now() + timedelta(minutes=1)):
        before = surfaces(client)
        for steps in (0, 1, 4):
            travelled(house, steps)
        drafted(house)
        returned(house)
        after = surfaces(client)
    assert [name for name in before if before[name] != after[name]] == []


def test_counts_and_facets_come_from_readable_records_alone(house, client_as):
    for _ in range(3):
        travelled(house, 1, level="0", list_item=None)
    for _ in range(4):
        travelled(house, 1, level="2", list_item="VD-TM-02", topic="smuggling")
    with house.acting("analyst2") as (actor, session):
        assert records.count_records(actor, session, ListFilter()) == 3
    page = client_as("analyst2").submit("/search", {"q": "phụ tùng"}).get_data(as_text=True)
    assert set(re.findall(r'name="level" id="[^"]*" value="(\d)"', page)) <= {"0", "1"}
    assert "smuggling" not in re.findall(r'name="topic" id="[^"]*" value="(\w+)"', page)


def test_a_cursor_is_a_record_of_the_page_and_tells_no_more(house, client_as):
    """The order of pages counts everybody's records: its number never leaves the server."""
    for _ in range(3):
        submitted(house)
    foreign = submitted(house, "neighbour")
    with house.acting("leader") as (actor, session):
        page = records.show_list(actor, session, ListFilter(), limit=2)
        assert page.last == page.lines[-1].id
        older = records.show_list(actor, session, ListFilter(), after=page.last, limit=2)
        assert len(older.lines) == 1
        assert older.first == older.lines[0].id
        newer = records.show_list(actor, session, ListFilter(), before=older.first, limit=2)
        assert [line.id for line in newer.lines] == [line.id for line in page.lines]
        for stray in (foreign, uuid4()):
            again = records.show_list(actor, session, ListFilter(), after=stray, limit=2)
            assert (again.lines, again.first) == (page.lines, page.first)
    leader = client_as("leader")
    leader.get("/records")
    pages = [without_noise(shown(leader, f"/records?after={stray}")) for stray in (foreign, uuid4(), "17", "x'--")]
    assert len(set(pages)) == 1


def test_no_number_of_the_order_stands_in_a_page(house, client_as):
    """Positions are set far above everything else a page may count to, and looked for."""
    for number in range(53):
        submitted(house, "leader", abstract=f"Tin thứ {number}")
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        connection.execute("alter table records alter pos drop identity")
        connection.execute("update records set pos = pos + 7351900000")
    leader = client_as("leader")
    page = shown(leader, "/records")
    (older,) = set(re.findall(r"after=([^&\"]+)", page))
    for address in ("/", "/records", f"/records?after={older}"):
        assert "73519" not in shown(leader, address)
    assert "73519" not in leader.submit("/search", {"q": "tin thu"}).get_data(as_text=True)


def test_a_gap_in_numbers_tells_nothing_of_a_higher_level(house):
    """Each level counts by itself: whoever sees one series alone finds it whole."""
    for level, item in (("0", None), ("2", "VD-TM-02"), ("0", None), ("1", "VD-M-02"), ("2", "VD-TM-02"), ("0", None)):
        travelled(house, 1, level=level, list_item=item)
    with house.acting("analyst2") as (actor, session):
        lines = records.show_list(actor, session, ListFilter(levels=(0,))).lines
    assert sorted(line.head.number.rsplit("-", 1)[1] for line in lines) == ["0001", "0002", "0003"]


def test_related_records_are_those_the_reader_may_read(house, client_as):
    """The panel of one record names no other that its reader may not open."""
    visible = travelled(house, 1, abstract="Tin liên quan được xem")
    travelled(house, 1, abstract="Tin liên quan ở mức cao", level="2", list_item="VD-TM-02")
    submitted(house, abstract="Tin liên quan chưa lên đến nơi")
    graded = travelled(house, 1)
    page = shown(client_as("analyst2"), f"/records/{graded}")
    assert str(visible) in page
    for hidden in ("ở mức cao", "chưa lên đến nơi"):
        assert hidden not in page


def test_a_link_to_a_hidden_record_is_not_shown_to_its_readers(house, client_as):
    """What an analyst of a higher level rested a grade on stays in the sealed body."""
    secret = travelled(house, 1, level="2", list_item="VD-TM-02", abstract="Tin tối mật xác nhận")
    record_id = travelled(house, 1)
    act(house, "analyst", record_id, records.evaluate_record, **GRADE, corroborating=(secret,))
    act(house, "analyst", record_id, records.collate_record, entities=(ENTITY,))
    other = travelled(house, 1)
    act(house, "analyst", other, records.mark_duplicate, target=secret, reason="Trùng tin")
    analyst2 = client_as("analyst2")
    for one in (record_id, other):
        assert analyst2.get(f"/records/{one}").status_code == 200
        for address in READ:
            page = shown(analyst2, f"/records/{one}{address}")
            assert str(secret) not in page
            assert "Tin tối mật xác nhận" not in page


def test_naming_a_hidden_record_in_a_form_says_what_an_unknown_one_says(house, client_as):
    hidden, record_id = submitted(house), travelled(house, 1)
    analyst = client_as("analyst")
    version = str(version_of(house, "analyst", record_id))
    told = {}
    for name, other in (("hidden", hidden), ("unknown", uuid4())):
        form = {"row_version": version, "reason": "Khớp"}
        grade = {**form, "source_grade": "B", "info_grade": "1", "corroborating": str(other)}
        for address, data in (("evaluate", grade), ("duplicate", {**form, "target": str(other)})):
            answer = analyst.submit(f"/records/{record_id}/{address}", data)
            assert answer.status_code == 422
            # What was typed stands in the form again, and nothing else may differ.
            told[name, address] = without_noise(answer.get_data(as_text=True)).replace(str(other), "")
    for address in ("evaluate", "duplicate"):
        assert told["hidden", address] == told["unknown", address]


def test_being_assigned_opens_nothing(house, client_as):
    """Whoever may not grade a record is not given it, and learns nothing of the attempt."""
    record_id = travelled(house, 1, level="2", list_item="VD-TM-02")
    version = version_of(house, "head", record_id)
    head = client_as("head")
    for username in ("analyst2", "stranger", "officer", "auditor", "operator"):
        client = client_as(username)
        before = surfaces(client)
        form = {"assignee": str(house.people[username]), "chosen": f"{record_id}:{version}"}
        head.submit("/records/assign", form)
        assert surfaces(client) == before, username
    assert version_of(house, "head", record_id) == version


def test_a_right_that_is_gone_is_gone_everywhere_at_once(house, client_as):
    """A clearance taken back between two requests closes page, list, search and counts with the next one."""
    record_id = travelled(house, 1)
    analyst = client_as("analyst2")
    assert analyst.get(f"/records/{record_id}").status_code == 200
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        access.set_clearance(console, session, user_id=house.people["analyst2"], level=0, expires_on=None)
    assert analyst.get(f"/records/{record_id}").status_code in {303, 404}
    again = client_as("analyst2")
    assert again.get(f"/records/{record_id}").status_code == 404
    assert all(str(record_id) not in page for page in surfaces(again).values())


def test_the_words_of_a_return_are_for_the_author_and_the_unit(house, client_as):
    record_id = returned(house, comment="Wexford nói khác")
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        records.submit_record(actor, session, record_id, draft.row_version, content())
    for username in ("analyst", "hq", "stranger", "officer2"):
        assert "Wexford" not in shown(client_as(username), f"/records/{record_id}")
    assert "Wexford" in shown(client_as("leader"), f"/records/{record_id}")
