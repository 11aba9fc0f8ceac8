"""The home page of every duty: what waits for whom, in which order, and what is done from there."""

from __future__ import annotations

import re

import pytest

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.organisation import load_directory, today
from intelhub.records import queries, sealing
from intelhub.records.service import desks
from tests.factories.record_world import GRADE, act, submitted, travelled, version_of
from tests.house import TestHouse

NO_WORK = {"sent", "near", "chain", "health", "endings", "refusals", "late", "today"}
_ID = re.compile(r'href="/records/([0-9a-f-]{36})')


def home(client):
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def desk(client, key):
    """The ids on a desk of somebody's home in their order, or None where there is no such desk."""
    _, found, rest = home(client).partition(f'id="desk-{key}"')
    return ids_in(rest.split("</section>")[0]) if found else None


def ids_in(page):
    """The records that a page links to, in their order."""
    return list(dict.fromkeys(_ID.findall(page)))


def desks_of(client):
    return [key for key in re.findall(r'id="desk-([a-z]+)"', home(client)) if key not in NO_WORK]


def hold(house: TestHouse, username: str, function: str, unit: str, *, clearance: int = 3, is_deputy: bool = False):
    """Give somebody new a post."""
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        user_id = access.create_user(console, session, username=username, display_name=f"Người Thử {username}")
        unit_id = load_directory(session).as_of(today()).get(unit).id
        access.grant_post(console, session, user_id=user_id, function=function, unit_id=unit_id, is_deputy=is_deputy)
        access.set_clearance(console, session, user_id=user_id, level=clearance, expires_on=None)
    house.people[username] = user_id


def test_everybody_has_the_desks_of_what_the_policy_lets_them_do(house, client_as):
    hold(house, "deputy", "unit_head", "15ZZ.CBL", is_deputy=True)
    hold(house, "departmentleader", "department_leader", "15ZZ")
    hold(house, "divisionhead", "division_head", "DTCBL.TTNV")
    expected = {
        "officer": ["drafts"],
        "contributor": ["drafts"],
        "leader": ["review", "drafts"],
        "analyst": ["mine", "triage", "colleagues"],
        "head": ["approve", "review", "triage", "colleagues"],
        "deputy": ["approve", "review", "triage", "colleagues"],
        "departmentleader": ["approve", "review", "triage", "colleagues"],
        "hq": ["shared"],
        "divisionhead": ["shared"],
        "auditor": [],
        "security": [],
        "operator": [],
    }
    assert {username: desks_of(client_as(username)) for username in expected} == expected


def test_whoever_grades_what_nobody_works_on_takes_it_on(house, client_as):
    record_id = travelled(house, 1)
    assert desk(client_as("analyst"), "triage") == [str(record_id)]
    act(house, "analyst", record_id, records.evaluate_record, **GRADE)
    with house.acting("analyst") as (actor, session):
        events = [step.event for step in records.list_timeline(actor, session, record_id)]
    assert events == ["evaluate", "acknowledge", "forward", "submit"]
    assert desk(client_as("analyst"), "mine") == [str(record_id)]
    assert desk(client_as("analyst"), "triage") == []
    assert desk(client_as("head"), "colleagues") == [str(record_id)]


def test_grading_again_leaves_a_record_with_whom_it_was_given_to(house, client_as):
    record_id = travelled(house, 2, level="0", list_item=None)
    act(house, "analyst2", record_id, records.evaluate_record, **GRADE)
    assert desk(client_as("analyst"), "mine") == [str(record_id)]
    assert desk(client_as("analyst2"), "mine") == []
    assert desk(client_as("analyst2"), "colleagues") == [str(record_id)]


def test_a_graded_record_that_is_nobody_s_is_on_the_department_s_desk_and_can_be_taken_on(house, client_as):
    record_id = travelled(house, 3)
    with house.acting("analyst") as (actor, session):
        row = queries.get_row(actor, session, record_id, for_update=True)
        row.assignee_id = None
        sealing.put_label_mac(session, row)
    assert desk(client_as("analyst"), "triage") == desk(client_as("head"), "triage") == [str(record_id)]
    act(house, "analyst", record_id, records.acknowledge_record)
    assert desk(client_as("analyst"), "mine") == [str(record_id)]


def test_what_a_unit_s_only_leader_wrote_waits_for_whoever_stands_in(house, client_as):
    hold(house, "departmentleader", "department_leader", "15ZZ")
    record_id = submitted(house, "leader")
    assert desk(client_as("leader"), "review") == []
    for username in ("head", "departmentleader"):
        assert desk(client_as(username), "review") == [str(record_id)], username
    assert desk(client_as("analyst"), "triage") == []


def test_what_a_leader_wrote_waits_for_the_unit_s_deputy_if_there_is_one(house, client_as):
    hold(house, "deputy", "group_leader", "15BB", is_deputy=True)
    record_id = submitted(house, "leader")
    assert desk(client_as("deputy"), "review") == [str(record_id)]
    assert desk(client_as("leader"), "review") == []
    assert str(record_id) not in home(client_as("head"))


def test_what_may_not_be_forwarded_still_waits_for_the_leader(house, client_as):
    record_id = submitted(house, handling="H0")
    assert desk(client_as("leader"), "review") == [str(record_id)]


def test_only_what_may_be_shared_up_waits_to_be_approved(house, client_as):
    shareable, _ = travelled(house, 4), travelled(house, 4, handling="H1")
    assert desk(client_as("head"), "approve") == [str(shareable)]
    act(house, "head", shareable, records.share_up_record)
    assert desk(client_as("head"), "approve") == []
    assert desk(client_as("hq"), "shared") == [str(shareable)]


def test_a_head_gives_a_colleague_s_record_to_somebody_else(house, client_as):
    record_id = travelled(house, 3)
    head = client_as("head")
    shown = home(head)
    assert "Trần Thị Phân" in shown.split('id="desk-colleagues"')[1].split("</section>")[0]
    chosen = f"{record_id}:{version_of(house, 'head', record_id)}"
    assert f'form="assign-colleagues" name="chosen" value="{chosen}"' in shown
    answer = head.submit("/records/assign", {"assignee": str(house.people["analyst2"]), "chosen": chosen})
    assert answer.status_code == 303
    assert desk(client_as("analyst2"), "mine") == [str(record_id)]
    assert desk(client_as("analyst"), "mine") == []
    assert desk(client_as("analyst"), "colleagues") == [str(record_id)]


def test_those_who_grade_in_the_department_are_offered_and_nobody_else(house, client_as):
    hold(house, "oldanalyst", "analyst", "15ZZ.CBL", clearance=0)
    travelled(house, 1)
    for username in ("analyst", "head"):
        offered = set(re.findall(r'<option value="([0-9a-f-]{36})"', home(client_as(username))))
        assert offered == {str(house.people[name]) for name in ("analyst", "analyst2", "oldanalyst")}


def test_who_leaves_grading_keeps_nothing_hidden(house, client_as):
    """What somebody took on before they became the head is on the head's desk, to be given to others."""
    record_id = travelled(house, 2)
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        (held,) = access.list_posts(console, session, house.people["analyst"])
        access.revoke_post(console, session, held.id)
        access.grant_post(console, session, user_id=house.people["analyst"], function="unit_head", unit_id=held.unit_id)
    assert desk(client_as("analyst"), "colleagues") == [str(record_id)]


def test_nobody_takes_on_what_they_may_not_grade(house, client_as):
    record_id = travelled(house, 1)
    version = str(version_of(house, "head", record_id))
    assert client_as("head").submit(f"/records/{record_id}/acknowledge", {"row_version": version}).status_code == 403


def test_the_next_record_is_the_one_that_stands_first_on_the_desk(house, client_as):
    old, urgent, new = (submitted(house, urgency=one) for one in ("normal", "express", "normal"))
    leader = client_as("leader")
    assert desk(leader, "review") == [str(urgent), str(old), str(new)]
    form = {"row_version": str(version_of(house, "leader", new)), "reason": "", "then": "review"}
    assert leader.submit(f"/records/{new}/forward", form).location == f"/records/{urgent}"
    form |= {"row_version": str(version_of(house, "leader", urgent))}
    assert leader.submit(f"/records/{urgent}/forward", form).location == f"/records/{old}"
    form |= {"row_version": str(version_of(house, "leader", old))}
    assert leader.submit(f"/records/{old}/forward", form).location == "/"


def test_the_next_record_is_offered_after_grading(house, client_as):
    first, second, mine = travelled(house, 1), travelled(house, 1), travelled(house, 2)
    analyst = client_as("analyst")
    assert 'name="then" value="triage"' in analyst.get(f"/records/{first}").get_data(as_text=True)
    form = {"source_grade": "C", "info_grade": "3", "reason": "Khớp", "then": "triage"}
    form |= {"row_version": str(version_of(house, "analyst", first))}
    assert analyst.submit(f"/records/{first}/evaluate", form).location == f"/records/{second}"
    assert 'name="then" value="mine"' in analyst.get(f"/records/{mine}").get_data(as_text=True)
    form |= {"row_version": str(version_of(house, "analyst", mine)), "then": "mine"}
    assert analyst.submit(f"/records/{mine}/evaluate", form).location == f"/records/{first}"
    form |= {"row_version": str(version_of(house, "analyst", mine))}
    assert analyst.submit(f"/records/{mine}/evaluate", {**form, "then": "approve"}).location == "/"


def test_of_more_than_are_looked_through_the_oldest_are_shown_and_the_page_could_say_so(house):
    oldest = [submitted(house, urgency="normal") for _ in range(3)]
    submitted(house, urgency="express")
    with house.acting("leader") as (actor, session):
        (review,) = [one for one in desks.list_desks(actor, session) if one.key == "review"]
        cut = desks.show_desk(actor, session, review.wanted, limit=15, looked_through=3)
        assert ([line.id for line in cut.lines], cut.count, cut.is_cut) == (oldest, 3, True)
        whole = desks.show_desk(actor, session, review.wanted, limit=15, looked_through=4)
        assert (len(whole.lines), whole.count, whole.is_cut) == (4, 4, False)


@pytest.mark.parametrize("key", ["mine", "triage", "colleagues"])
def test_the_list_shows_what_the_desk_holds_and_says_so_in_a_chip(house, client_as, key):
    where = {"mine": travelled(house, 2), "triage": travelled(house, 1)}
    theirs = where["colleagues"] = travelled(house, 1)
    with house.acting("head") as (actor, session):
        records.assign_record(actor, session, theirs, 3, assignee_id=house.people["analyst2"])
    analyst = client_as("analyst")
    page = analyst.get(f"/records?desk={key}").get_data(as_text=True)
    assert set(_ID.findall(page)) == {str(where[key])}
    chips = page.split('class="chips"')[1].split("</ul>")[0]
    assert {"mine": "Được phân công cho tôi"}.get(key, "") in chips
    narrowed = analyst.get(f"/records?desk={key}&state=collated").get_data(as_text=True)
    assert set(_ID.findall(narrowed)) == set()
    assert len(set(_ID.findall(analyst.get("/records?desk=approve").get_data(as_text=True)))) == 3
