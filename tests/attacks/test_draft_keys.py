"""The key of an empty form makes its saves one draft; it opens, changes and tells of nobody else's."""

from __future__ import annotations

import re
import threading
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intelhub.platform.actor import Place
from intelhub.platform.database import open_engine
from intelhub.records.models import RecordRow
from tests.factories.record_world import drafted, submitted
from tests.house import content
from tests.web.records.test_record_pages import _ID, form_of, page


def rows(house):
    engine = open_engine(house.database.migrator_url, pool_size=1)
    with Session(engine) as session:
        found = {
            row.id: (row.author_id, row.state, row.row_version, row.digest)
            for row in session.scalars(select(RecordRow))
        }
    engine.dispose()
    return found


def saved(client, key, **changes):
    answer = client.submit("/records/new", {**form_of(content(**changes)), "draft_key": key, "do": "autosave"})
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return _ID.search(answer.json["action"]).group(1), answer.json["row_version"]


def test_a_lost_answer_makes_no_second_draft(house, client_as):
    officer = client_as("officer")
    key = re.search(r'name="draft_key" value="([^"]*)"', page(officer, "/records/new"))[1]
    assert key != re.search(r'name="draft_key" value="([^"]*)"', page(officer, "/records/new"))[1]
    first = saved(officer, key)
    again = saved(officer, key, text="Lời viết thêm khi đường truyền chập chờn, đủ dài.")
    assert (first[0], again) == (again[0], (first[0], 2))
    assert len(rows(house)) == 1
    assert "đường truyền chập chờn" in page(officer, f"/records/{first[0]}/edit")


def test_words_of_another_window_are_not_overwritten_by_it(house, client_as):
    officer = client_as("officer")
    key = str(uuid4())
    record_id, version = saved(officer, key)
    other = {**form_of(content(text="Lời của cửa sổ thứ hai, cũng dài hơn hai mươi chữ.")), "row_version": version}
    officer.submit(f"/records/{record_id}/edit", {**other, "do": "save"})
    late = officer.submit("/records/new", {**form_of(content()), "draft_key": key, "do": "save"})
    assert late.status_code == 412
    assert "cửa sổ thứ hai" in late.get_data(as_text=True)
    assert len(rows(house)) == 1


@pytest.mark.parametrize("username", ["officer2", "leader", "neighbour", "contributor"])
def test_the_key_of_somebody_else_is_an_unknown_key(house, client_as, username):
    key = str(uuid4())
    theirs, _ = saved(client_as("officer"), key)
    before = rows(house)
    other = client_as(username)
    known, unknown = (
        other.submit(
            "/records/new", {**form_of(content(level="0", list_item=None)), "draft_key": one, "do": "autosave"}
        )
        for one in (key, str(uuid4()))
    )
    assert (known.status_code, known.json["row_version"]) == (unknown.status_code, unknown.json["row_version"])
    after = rows(house)
    assert {one: row for one, row in after.items() if one in before} == before
    assert {row[0] for one, row in after.items() if one not in before} == {house.people[username]}
    assert theirs not in known.json["action"]


def test_the_id_of_a_record_is_no_key_to_it(house, client_as):
    """Neither of somebody else's nor of one's own."""
    before = {drafted(house), submitted(house), drafted(house, "leader")}
    stood = rows(house)
    for username in ("officer", "leader"):
        for identity in before:
            made, version = saved(client_as(username), str(identity))
            assert UUID(made) not in before
            assert version == 1
    assert {one: row for one, row in rows(house).items() if one in before} == stood


@pytest.mark.parametrize("key", ["", "x", "' OR 1=1", "0" * 400, "../../etc", "{}", "\x00"])
def test_what_is_no_key_is_a_new_draft(house, client_as, key):
    officer = client_as("officer")
    assert saved(officer, key)[0] != saved(officer, key)[0]
    assert len(rows(house)) == 2


def test_a_key_of_a_draft_that_was_sent_changes_nothing_of_it(house, client_as):
    officer = client_as("officer")
    key = str(uuid4())
    record_id, version = saved(officer, key)
    assert officer.submit(f"/records/{record_id}/submit", {"row_version": version}).status_code == 303
    before = rows(house)
    late = officer.submit("/records/new", {**form_of(content()), "draft_key": key, "do": "save"})
    assert late.status_code == 409
    assert rows(house) == before


def test_a_draft_that_a_place_hides_stays_as_it_is_and_the_words_are_kept_beside_it(house, client_as):
    key = str(uuid4())
    hidden, _ = saved(client_as("officer"), key)
    before = rows(house)
    remote = client_as("officer", place=Place.REMOTE)
    made, version = saved(remote, key, level="0", list_item=None)
    assert (made != hidden, version) == (True, 1)
    assert {one: row for one, row in rows(house).items() if one in before} == before


def test_two_saves_at_once_are_one_draft(house, client_as):
    clients = [client_as("officer") for _ in range(2)]
    tokens = [client.token("/") for client in clients]
    key, found = str(uuid4()), []

    def save(client, token):
        form = {**form_of(content()), "draft_key": key, "do": "autosave", "csrf_token": token}
        found.append(client.post("/records/new", data=form))

    threads = [threading.Thread(target=save, args=pair) for pair in zip(clients, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in found} == {200}
    assert len(rows(house)) == 1
