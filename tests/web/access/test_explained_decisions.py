"""A security officer learns why, in the order of the questions, and nothing of what a record says."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from intelhub.records import create_draft, submit_record
from tests.house import CONTENT, content
from tests.noise import without_noise


@pytest.fixture
def record(house):
    """A submitted record of 15BB at level 1."""
    with house.acting("officer") as (actor, session):
        draft = create_draft(actor, session, content(level="1"))
        submit_record(actor, session, draft.id, draft.row_version, content(level="1"))
        return draft.id


def ask(client, reference, username="officer2", action="read", place="onsite"):
    typed = {"username": username, "action": action, "reference": str(reference), "place": place}
    return client.submit("/explain", typed)


def test_the_answer_names_every_question_and_no_word_of_content(client_as, record, entries):
    answer = ask(client_as("security"), record)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert page.count('<th scope="row"') >= 4
    for words in (CONTENT["text"], CONTENT["abstract"], CONTENT["place_text"], "CSQU3054383"):
        assert words not in page
    assert ("decision:explained", "allow", "") in entries()


def test_the_place_is_part_of_the_question(client_as, record):
    client = client_as("security")
    at_desk = ask(client, record, "leader").get_data(as_text=True)
    away = ask(client, record, "leader", place="remote").get_data(as_text=True)
    assert "state-warning" not in at_desk.split("<table")[0]
    assert "state-warning" in away.split("<table")[0]


def test_the_address_of_a_record_is_a_reference_too(client_as, record):
    assert ask(client_as("security"), f"http://localhost/records/{record}/versions?x=1#y").status_code == 200


def test_a_foreign_record_and_no_record_are_the_same_bytes(client_as, house, record):
    # The same question, asked where the record is foreign and where it never was.
    with house.acting("operator") as (actor, session):
        from intelhub.access import grant_post
        from intelhub.organisation import load_tree

        unit = load_tree(actor, session).get("20ZZ").id
        user_id = house.people["contributor"]
        grant_post(actor, session, user_id=user_id, function="security_officer", unit_id=unit)
    client = client_as("contributor")
    references = (str(record), str(uuid4()), "no reference at all")
    told = set()
    for reference in references:
        answer = ask(client, reference)
        page = answer.get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        told.add((answer.status_code, page.replace(reference, "").replace(token, "")))
    assert {status for status, _ in told} == {422}
    assert len({without_noise(page) for _, page in told}) == 1


def test_others_are_not_told(client_as, record):
    for username in ("officer", "leader", "head", "auditor", "operator", "hq"):
        client = client_as(username)
        assert client.get("/explain").status_code == 403
        assert ask(client, record).status_code == 403


def test_nobody_by_that_name(client_as, record):
    assert ask(client_as("security"), record, "nobody.here").status_code == 422


def test_a_refused_question_is_logged(client_as, entries):
    ask(client_as("security"), uuid4())
    assert ("decision:explained", "deny", "not_of_the_department") in entries()


def test_the_function_gives_the_application_labels_of_named_departments_alone(house, record):
    call = text("SELECT * FROM intelhub_label_for_explaining(:record, cast(:departments AS uuid[]))")
    with house.acting("officer") as (actor, _):
        department = actor.posts[0].department_id
    engine = create_engine(house.database.app_url)
    with engine.begin() as connection:
        assert connection.execute(call, {"record": record, "departments": []}).all() == []
        assert connection.execute(call, {"record": record, "departments": [uuid4()]}).all() == []
        (row,) = connection.execute(call, {"record": record, "departments": [department]}).mappings()
        assert set(row) == {
            "level", "compartments", "owning_unit_id", "origin_department_id", "author_id", "handling", "exposure",
            "state", "recipient_unit_ids",
        }  # fmt: skip
        # The setting of the policy opens nothing to the application itself.
        connection.execute(text("SELECT set_config('intelhub.explaining', 'on', true)"))
        assert connection.execute(text("SELECT count(*) FROM records")).scalar_one() == 0
    engine.dispose()


def test_other_roles_may_not_ask_the_function(house, record):
    for url in (house.database.worker_url, house.database.sequencer_url):
        engine = create_engine(url)
        with engine.begin() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("SELECT * FROM intelhub_label_for_explaining(:record, '{}')"), {"record": record})
        engine.dispose()
