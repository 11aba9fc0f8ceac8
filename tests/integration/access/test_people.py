"""Accounts, posts, clearances and compartments: who may give what to whom, and who is found by it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from intelhub.access import (
    Label,
    add_member,
    create_compartment,
    create_first_user,
    create_user,
    grant_post,
    has_another_leader,
    issue_setup_code,
    list_compartment_names,
    list_people,
    list_people_who_may,
    remove_member,
    set_clearance,
    set_first_password,
)
from intelhub.access.sign_in import actor_named
from intelhub.organisation import today
from intelhub.platform import clock
from intelhub.platform.errors import Conflict, NotFound, NotPermitted, RuleRefused
from tests.integration.access.conftest import PASSWORD, House


def named(house: House, username: str):
    with house.begin() as session:
        return actor_named(session, username)


def submitted(house: House, author_id, **changes: object) -> Label:
    label = Label(
        kind="record",
        object_id=uuid4(),
        level=1,
        owning_unit_id=house.unit("15BB.D1"),
        origin_department_id=house.unit("15ZZ"),
        author_id=author_id,
        exposure=1,
        state="submitted",
    )
    return replace(label, **changes)


def test_the_first_administrator_is_made_once_even_by_two_consoles(house):
    outcomes = []

    def try_it(name: str) -> None:
        try:
            with house.begin() as session:
                user_id = create_first_user(session, username=name, display_name="Người đầu tiên")
                set_first_password(session, user_id, PASSWORD)
                outcomes.append(user_id)
        except Conflict as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=try_it, args=(name,)) for name in ("first.one", "second.one")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(isinstance(outcome, Conflict) for outcome in outcomes) == [False, True]
    made = next(outcome for outcome in outcomes if not isinstance(outcome, Conflict))
    with house.begin() as session, pytest.raises(NotPermitted):
        set_first_password(session, made, "another password of mine")


def test_an_operator_gives_others_rights_and_never_themselves(house):
    house.person("the.operator", ("operator", "TCHQ"))
    operator = named(house, "the.operator")
    with house.begin(operator) as session:
        other = create_user(operator, session, username="an.nguyen", display_name="Nguyễn  Văn An ")
        grant_post(operator, session, user_id=other, function="analyst", unit_id=house.unit("15ZZ.CBL"))
        set_clearance(operator, session, user_id=other, level=2, expires_on=None)
    analyst = named(house, "an.nguyen")
    assert analyst.posts[0].unit_ids == {house.unit("15ZZ.CBL")}
    for attempt in (
        lambda s: grant_post(operator, s, user_id=operator.user_id, function="leader", unit_id=house.unit("TCHQ")),
        lambda s: set_clearance(operator, s, user_id=operator.user_id, level=3, expires_on=None),
        lambda s: issue_setup_code(operator, s, operator.user_id),
        lambda s: create_user(analyst, s, username="x.y", display_name="X"),
        lambda s: grant_post(analyst, s, user_id=other, function="unit_head", unit_id=house.unit("15ZZ.CBL")),
        lambda s: set_clearance(analyst, s, user_id=operator.user_id, level=0, expires_on=None),
    ):
        with house.begin(operator) as session, pytest.raises(NotPermitted):
            attempt(session)
    made = [entry for entry in house.entries() if entry[3] == operator.user_id]
    assert [entry[0] for entry in made] == ["user:created", "user:post-granted", "user:clearance-set"]


@pytest.mark.parametrize(
    ("function", "code"), [("analyst", "15BB"), ("group_leader", "15ZZ"), ("leader", "15ZZ"), ("king", "TCHQ")]
)
def test_a_function_is_held_at_its_own_tier(house, function, code):
    user_id, console = house.person("an.nguyen"), house.console()
    with house.begin(console) as session, pytest.raises(RuleRefused):
        grant_post(console, session, user_id=user_id, function=function, unit_id=house.unit(code))


@pytest.mark.parametrize("username", ["", "A B", "nguyễn", "x", "-an", "an" * 40, "an.nguyen"])
def test_usernames_are_plain_and_unique(house, username):
    house.person("an.nguyen")
    console = house.console()
    with house.begin(console) as session, pytest.raises(RuleRefused) as refused:
        create_user(console, session, username=username, display_name="Ai đó")
    assert "username" in refused.value.fields


def test_grants_that_make_no_sense_are_refused(house):
    user_id, console = house.person("an.nguyen"), house.console()
    unit = house.unit("15BB")
    with house.begin(console) as session:
        with pytest.raises(RuleRefused):
            set_clearance(console, session, user_id=user_id, level=4, expires_on=None)
        with pytest.raises(RuleRefused):
            set_clearance(console, session, user_id=user_id, level=1, expires_on=today() - timedelta(days=1))
        with pytest.raises(RuleRefused):
            grant_post(console, session, user_id=user_id, function="contributor", unit_id=unit, ends_at=clock.now())
        with pytest.raises(RuleRefused):
            grant_post(console, session, user_id=user_id, function="contributor", unit_id=uuid4())
        with pytest.raises(NotFound):
            set_clearance(console, session, user_id=uuid4(), level=1, expires_on=None)


def test_a_department_head_does_not_reach_into_offices_by_unit(house):
    house.person("the.head", ("unit_head", "15ZZ"))
    (post,) = named(house, "the.head").posts
    assert post.unit_ids == {house.unit(code) for code in ("15ZZ", "15ZZ.CBL", "15ZZ.KS")}


def test_a_unit_has_another_leader_or_has_none(house):
    author = house.person("the.author", ("contributor", "15BB.D1"), ("group_leader", "15BB.D1"))
    head = house.person("the.head", ("unit_head", "15ZZ.CBL"))
    actor = named(house, "the.author")
    label = submitted(house, author)
    with house.begin(actor) as session:
        assert not has_another_leader(actor, session, label)
        for code in ("H0", "HX"):  # these stay with their unit, leader or not
            assert has_another_leader(actor, session, replace(label, handling=code))
        forwarders = list_people_who_may(actor, session, "forward", replace(label, exposure=2))
        assert [person.id for person in forwarders] == [head]
    house.person("the.deputy", ("group_leader", "15BB"), clearance=1)
    house.person("neighbour", ("group_leader", "15BC"))
    with house.begin(actor) as session:
        assert has_another_leader(actor, session, label)
        assert has_another_leader(actor, session, replace(label, handling="H0"))
        assert not has_another_leader(actor, session, replace(label, level=2))
        assert has_another_leader(actor, session, replace(label, exposure=0, state="DRAFT"))


def test_compartments_are_named_to_members_only_and_leave_at_once(house):
    member, console = house.person("a.member"), house.console()
    house.person("an.outsider")
    with house.begin(console) as session:
        compartment = create_compartment(console, session, name="Chuyên án Sông Kỳ Cùng")
        add_member(console, session, compartment_id=compartment, user_id=member)
        with pytest.raises(Conflict):
            add_member(console, session, compartment_id=compartment, user_id=member)
    with house.superuser.connect() as connection:
        dump = str(connection.exec_driver_sql("SELECT * FROM compartments").all())
        assert "Sông" not in dump
    inside, outside = named(house, "a.member"), named(house, "an.outsider")
    assert inside.compartments == {compartment}
    with house.begin(inside) as session:
        assert list_compartment_names(inside, session) == {compartment: "Chuyên án Sông Kỳ Cùng"}
    with house.begin(outside) as session:
        assert list_compartment_names(outside, session) == {}
    with house.begin(console) as session:
        remove_member(console, session, compartment_id=compartment, user_id=member)
        with pytest.raises(NotFound):
            remove_member(console, session, compartment_id=compartment, user_id=member)
    assert named(house, "a.member").compartments == frozenset()


def test_people_are_listed_in_vietnamese_order_and_by_pages(house):
    people = ("Đỗ Thị Bình", "Lê Văn Ân", "Lê Văn Ân", "Lê Văn An", "Trần Đức", "Phạm Dũng")
    for number, name in enumerate(people):
        console = house.console()
        with house.begin(console) as session:
            create_user(console, session, username=f"user.{number}", display_name=name)
    with house.begin() as session:
        console = house.console()
        everybody = list_people(console, session)
        names = [person.display_name for person in everybody]
        assert names == ["Lê Văn An", "Lê Văn Ân", "Lê Văn Ân", "Đỗ Thị Bình", "Phạm Dũng", "Trần Đức"]
        page = list_people(console, session, limit=2, after=(everybody[1].sort_key, everybody[1].id))
        assert page == everybody[2:4]
        assert list_people(console, session, function="analyst") == ()
