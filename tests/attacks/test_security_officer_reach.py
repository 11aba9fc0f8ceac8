"""A security officer's lists and figures end at their department, and no act of theirs gives anybody a right."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from intelhub import access
from intelhub.audit import Criteria, search_entries
from intelhub.audit.refusals import count_refusals, find_refused, list_refused
from intelhub.organisation import load_tree
from intelhub.platform import clock
from tests.factories.audit_scene import SECRETS, scene
from tests.factories.compartments import compartment, console
from tests.house import PEOPLE
from tests.web.access.test_ending_rights import clear_until, hold_until, listed
from tests.web.audit.test_refusals_at_home import reasons
from tests.web.records.test_desks import home

__all__ = ["scene"]


@pytest.fixture
def elsewhere(house):
    """A security officer of another department, who was a contributor of Lạng Sơn until now."""
    with house.acting("operator") as (actor, session):
        user_id = access.create_user(actor, session, username="other.guard", display_name="Người Giữ Khác")
        unit = load_tree(actor, session).get("20ZZ").id
        access.grant_post(actor, session, user_id=user_id, function="security_officer", unit_id=unit)
    house.people["other.guard"] = user_id
    yield "other.guard"
    del house.people["other.guard"]


def english(client_as, username):
    browser = client_as(username)
    browser.set_cookie("language", "en")
    return browser


def test_refusals_of_another_department_are_neither_listed_nor_counted(scene, elsewhere, client_as):
    scene.sequence()
    here, there = english(client_as, "security"), english(client_as, elsewhere)
    before = reasons(here)
    for _ in range(3):
        scene.refuse("stranger", scene.record_id)
    scene.refuse("stranger", uuid4(), "record.evaluate")
    scene.sequence()
    assert reasons(here) == before
    assert {(times, people) for times, people, _ in reasons(there).values()} == {(4, 1), (1, 1)}
    assert "Hoàng Thị Mẫu" not in there.get("/audit/refusals").get_data(as_text=True)


def test_a_reference_of_another_department_s_refusals_is_one_that_nobody_has(scene, elsewhere, client_as):
    """A short reference is looked for in one's own refusals only: no other answer tells whether it is known."""
    there = english(client_as, elsewhere)
    known = str(scene.record_id)[:13]
    told = set()
    for reference in (known, "0badc0de-0bad", "nonsense"):
        answer = there.submit("/explain", {"username": "officer", "action": "read", "reference": reference})
        page = answer.get_data(as_text=True).replace(reference, "")
        told.add((answer.status_code, page.split("<main")[1].split('name="csrf_token"')[0]))
    assert {status for status, _ in told} == {422}
    assert len(told) == 1


def test_a_reference_opens_nothing_that_the_department_does_not_keep(scene, client_as):
    """A person of this department was refused a record of another one: its label is still not told."""
    foreign = uuid4()
    scene.refuse("neighbour", foreign)
    scene.sequence()
    here = english(client_as, "security")
    asked = {"username": "neighbour", "action": "read", "reference": str(foreign)[:13]}
    assert here.submit("/explain", asked).status_code == 422


def refusals_of(page, username):
    """What the button of each refusal of somebody sends."""
    forms = re.findall(r'<form class="explain-this".*?</form>', page, re.DOTALL)
    sent = [dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', form)) for form in forms]
    return [one for one in sent if one.pop("csrf_token") and one["username"] == username]


def test_an_id_made_to_look_alike_does_not_hide_what_was_refused(scene, client_as):
    """Whoever is refused chooses the id of the address: one that begins like the record's takes its reference."""
    alike = UUID(f"{str(scene.record_id)[:13]}-8000-8000-000000000001")
    assert client_as("neighbour").get(f"/records/{alike}").status_code == 404
    scene.sequence()
    here = english(client_as, "security")
    newest, real = refusals_of(here.get("/audit/refusals").get_data(as_text=True), "neighbour")
    for asked in (real, {**real, "entry": "", "reference": str(scene.record_id)[:13]}):
        answer = here.submit("/explain", asked)
        assert answer.status_code == 200
        assert str(scene.record_id) in answer.get_data(as_text=True)
    assert here.submit("/explain", newest).status_code == 422


def test_the_number_of_an_entry_outside_one_s_refusals_is_one_that_nobody_has(scene, elsewhere, client_as):
    (entry,) = scene.rows("SELECT max(seq) AS seq FROM audit_entries WHERE decision = 'deny'")
    (allowed,) = scene.rows(
        f"SELECT max(seq) AS seq FROM audit_entries WHERE object_id = '{scene.record_id}' AND decision = 'allow'"
    )
    here, there = english(client_as, "security"), english(client_as, elsewhere)
    told = set()
    for browser, numbers in ((there, (entry.seq, 10**6)), (here, (allowed.seq, 10**17, "9" * 40, "²", "-1", "x"))):
        for number in numbers:
            answer = browser.submit("/explain", {"username": "officer", "action": "read", "entry": str(number)})
            assert str(scene.record_id) not in answer.get_data(as_text=True)
            told.add(answer.status_code)
    assert told == {422}


def test_who_finds_people_elsewhere_sees_no_rights_of_theirs(house, client_as):
    """Two posts: watching over rights in one department, and finding people by name in another."""
    with console(house) as (actor, session):
        unit = load_tree(actor, session).get("20ZZ").id
        access.grant_post(actor, session, user_id=house.people["security"], function="analyst", unit_id=unit)
    here = english(client_as, "security")
    for username, sees in (("officer", True), ("stranger", False)):
        page = here.get(f"/people/{house.people[username]}").get_data(as_text=True)
        assert PEOPLE[username][0] in page
        for words in ("Clearance today", "Signs in"):
            assert (words in page) is sees, (username, words)


def test_nothing_sealed_stands_at_home(scene, client_as):
    page = home(english(client_as, "security"))
    for words in (*SECRETS.values(), str(scene.record_id), scene.number):
        assert words not in page


def test_the_log_is_shut_again_behind_the_home_page(scene):
    with scene.house.acting("security") as (actor, session):
        count_refusals(actor, session, clock.now() - timedelta(days=1))
        assert search_entries(actor, session, Criteria()).entries == ()


def test_whoever_may_not_see_refusals_is_counted_none(scene):
    for username in ("officer", "analyst", "head", "hq", "operator"):
        with scene.house.acting(username) as (actor, session):
            assert count_refusals(actor, session, clock.now() - timedelta(days=7)) == (), username
            assert list_refused(actor, session, str(scene.record_id)[:13]) == (), username
            for number in range(40):
                assert find_refused(actor, session, number) is None, (username, number)


def test_rights_of_another_department_s_people_are_not_listed(house, elsewhere, client_as):
    hold_until(house, "officer", 5)
    clear_until(house, "leader", 5)
    hold_until(house, "stranger", 5, unit="20ZZ.CBL", function="analyst")
    clear_until(house, "stranger", 5)
    clear_until(house, "hq", 5)
    pages = {
        username: english(client_as, username).get("/people/ending").get_data(as_text=True)
        for username in ("security", elsewhere, "operator")
    }
    assert set(listed(pages["security"])) == {"officer", "leader"}
    assert set(listed(pages[elsewhere])) == {"stranger"}
    assert set(listed(pages["operator"])) == {"officer", "leader", "stranger", "hq"}


def test_a_compartment_s_end_is_told_to_nobody(house, client_as):
    made = compartment(house, "officer", name="Nhóm Kín Zuvoken")
    with console(house) as (actor, session):
        access.remove_member(actor, session, compartment_id=made, user_id=house.people["officer"])
    for username in ("security", "operator"):
        page = english(client_as, username).get("/people/ending").get_data(as_text=True)
        assert "Zuvoken" not in page
        assert listed(page) == {}


def test_the_list_is_closed_to_everybody_else(client_as):
    for username in PEOPLE:
        if username not in {"security", "operator"}:
            assert client_as(username).get("/people/ending").status_code == 403, username
            assert 'id="desk-endings"' not in home(client_as(username)), username
