"""Somebody brings words down to readers of a lower level: alone, by a forged form, or with the database in hands."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from intelhub import access, records
from intelhub.platform.actor import Place
from intelhub.platform.errors import Tampered
from intelhub.platform.roles import driver_address
from tests.factories.record_world import WHY_LOWER, act, proposed, returned, submitted, version_of
from tests.house import TestHouse, content
from tests.web.records.test_record_pages import form_of

HIGH = "Gavorun chỉ viết ở độ mật cao, dài hơn hai mươi chữ."
LOW = "Peltamir là nội dung còn lại, dài hơn hai mươi chữ."
AGREED = "Sinoket: đã công khai"
FORGED = {
    "level": "0", "proposed_level": "0", "list_item": "", "proposed_list_item": "", "lower_level": "0",
    "level_reason": "x", "author_id": str(uuid4()), "state": "submitted", "exposure": "3", "then": "approve",
}  # fmt: skip


def sql(house: TestHouse, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        done = connection.execute(statement, values)
        return done.fetchall() if done.description else []


def level_of(house: TestHouse, record_id: UUID) -> int:
    return sql(house, "select level from records where id = %s", record_id)[0][0]


def agree(client: Any, house: TestHouse, record_id: UUID, **form: Any) -> Any:
    """Send the form of the agreement as it stands, whoever is asked to take it."""
    (version,) = sql(house, "select row_version from records where id = %s", record_id)[0]
    data = {"row_version": str(version), "reason": AGREED, **form}
    return client.submit(f"/records/{record_id}/lower-level", data)


def came_down(house: TestHouse, high: str = "1", low: str = "0") -> UUID:
    """A record whose first version said more than the one that came down."""
    record_id = submitted(house, level=high, list_item={"1": "VD-M-02", "2": "VD-TM-02"}[high], text=HIGH)
    act(house, "leader", record_id, records.return_record, comment="Bỏ phần Gavorun đi")
    fields = content(
        level=low, list_item={"0": None, "1": "VD-M-02"}[low], level_reason=WHY_LOWER, text=LOW,
        abstract="Phần còn lại",
    )  # fmt: skip
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        records.submit_record(actor, session, record_id, draft.row_version, fields)
    act(house, "leader", record_id, records.lower_level, reason=AGREED)
    return record_id


# The author alone


def test_the_author_s_own_form_keeps_the_level(house, client_as):
    record_id = returned(house)
    officer = client_as("officer")
    form = {**FORGED, **form_of(content(level="0", list_item=None, text=LOW)), "level_reason": WHY_LOWER}
    for forged in ({}, {"proposed_level": "3", "standing_level": "0", "is_returned": ""}):
        version = sql(house, "select row_version from records where id = %s", record_id)[0][0]
        saved = officer.submit(f"/records/{record_id}/edit", {**form, **forged, "row_version": version, "do": "save"})
        assert saved.status_code == 303
    version = sql(house, "select row_version from records where id = %s", record_id)[0][0]
    assert officer.submit(f"/records/{record_id}/submit", {**form, "row_version": version}).status_code == 303
    assert level_of(house, record_id) == 1
    remote = client_as("leader", place=Place.REMOTE)
    assert remote.get(f"/records/{record_id}").status_code == 404


@pytest.mark.parametrize("username", ["officer", "officer2", "neighbour", "analyst", "hq", "stranger", "head"])
def test_nobody_agrees_but_a_leader_who_did_not_write_it(house, client_as, username):
    record_id = proposed(house, "1", "0")
    assert agree(client_as(username), house, record_id, **FORGED).status_code in {403, 404}
    assert level_of(house, record_id) == 1


def test_a_leader_who_is_the_author_does_not_agree_with_themselves(house, client_as):
    record_id = proposed(house, "1", "0", author="leader", leader="head")
    assert agree(client_as("leader"), house, record_id).status_code == 403
    assert "lower-level" not in client_as("leader").get(f"/records/{record_id}").get_data(as_text=True)
    assert level_of(house, record_id) == 1


# The leader alone


def test_a_leader_lowers_nothing_that_nobody_proposed(house, client_as):
    leader = client_as("leader")
    for record_id in (submitted(house), submitted(house, "officer", level="2", list_item="VD-TM-02")):
        before = level_of(house, record_id)
        assert "lower-level" not in leader.get(f"/records/{record_id}").get_data(as_text=True)
        assert agree(leader, house, record_id, **FORGED).status_code == 422
        assert level_of(house, record_id) == before


def test_a_leader_lowers_to_the_proposed_level_and_not_below(house, client_as):
    record_id = proposed(house, "2", "1")
    assert agree(client_as("leader"), house, record_id, **FORGED).status_code == 303
    assert level_of(house, record_id) == 1
    assert agree(client_as("leader"), house, record_id, **FORGED).status_code == 422
    assert level_of(house, record_id) == 1
    (listed,) = sql(house, "select handling from records where id = %s", record_id)
    assert listed == ("H2",)


@pytest.mark.parametrize("reason", ["", "   "])
def test_an_agreement_without_a_reason_is_none(house, client_as, reason):
    record_id = proposed(house, "1", "0")
    assert agree(client_as("leader"), house, record_id, reason=reason).status_code == 422
    assert level_of(house, record_id) == 1


def test_neither_from_a_place_nor_with_a_clearance_below_the_level_it_stands_at(house, client_as):
    record_id = proposed(house, "1", "0")
    assert agree(client_as("leader", place=Place.REMOTE), house, record_id).status_code == 404
    with house.acting("operator") as (actor, session):
        access.set_clearance(actor, session, user_id=house.people["leader"], level=0, expires_on=None)
    assert agree(client_as("leader"), house, record_id).status_code == 404
    assert level_of(house, record_id) == 1


def test_not_after_it_went_on_and_not_while_it_is_written(house, client_as):
    forwarded, draft = proposed(house, "1", "0"), proposed(house, "1", "0")
    act(house, "leader", forwarded, records.forward_record)
    act(house, "leader", draft, records.return_record, comment="Viết lại")
    for record_id in (forwarded, draft):
        assert agree(client_as("leader"), house, record_id).status_code in {403, 409}
        assert level_of(house, record_id) == 1


# The reader below


def test_before_it_came_down_it_is_an_unknown_address_below(house, client_as):
    record_id = proposed(house, "1", "0", text=LOW)
    remote = client_as("leader", place=Place.REMOTE)
    remote.get("/")
    for tail in ("", "/versions"):
        hidden, unknown = remote.get(f"/records/{record_id}{tail}"), remote.get(f"/records/{uuid4()}{tail}")
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.data == unknown.data
    assert str(record_id) not in remote.submit("/search", {"q": "peltamir"}).get_data(as_text=True)


def test_after_it_came_down_nothing_of_the_former_level_is_shown_below(house, client_as):
    record_id = came_down(house)
    above = "".join(
        client_as("leader").get(f"/records/{record_id}{tail}").get_data(as_text=True) for tail in ("", "/versions")
    )
    remote = client_as("leader", place=Place.REMOTE)
    pages = [remote.get(f"/records/{record_id}{tail}") for tail in ("", "/versions")]
    pages += [remote.get("/"), remote.get("/records"), remote.submit("/search", {"q": "peltamir"})]
    shown = "".join(page.get_data(as_text=True) for page in pages)
    number = re.search(r"15BB-TT-\d{4}-\d{4}", shown).group()
    former = sql(house, "select last_number from record_series where level = 1")[0][0]
    assert "Peltamir" in shown
    assert AGREED in shown
    for word in ("Gavorun", WHY_LOWER.split(":")[0]):
        assert word in above, "it is there for whoever may read it"
        assert word not in shown
    assert former == 1
    assert re.findall(r"15BB-TT-\d{4}-\d{4}", shown) == [number] * shown.count(number)
    assert str(record_id) not in remote.submit("/search", {"q": "gavorun"}).get_data(as_text=True)


# Somebody with the database in hands

IN_SQL = {
    "the proposed level put on the row": "update records set level = 0 where id = %(id)s",
    "the level put on row and versions": "update records set level = 0 where id = %(id)s;"
    " update record_versions set level = 0 where record_id = %(id)s",
}
AFTER = {
    "a former version's level": "update record_versions set level = 0 where record_id = %(id)s",
    "the steps' level": "update record_steps set level = 0 where record_id = %(id)s",
    "the level of both": "update record_versions set level = 0 where record_id = %(id)s;"
    " update record_steps set level = 0 where record_id = %(id)s",
    "the words of the former version": "update records r set (kek_id, wrapped_dek, head_ciphertext, body_ciphertext,"
    " digest, content_version) = (select v.kek_id, v.wrapped_dek, v.head_ciphertext, v.body_ciphertext, v.digest,"
    " v.content_version from record_versions v where v.record_id = r.id order by v.content_version limit 1)"
    " where id = %(id)s",
    "the agreement gone": "delete from record_steps where record_id = %(id)s and event = 'lower_level'",
    "who agreed": "update record_steps set actor_id = gen_random_uuid() where record_id = %(id)s"
    " and event = 'lower_level'",
}  # fmt: skip
GONE = {
    "the former versions gone": "delete from record_versions where record_id = %(id)s",
    "a former version gone": "delete from record_versions where record_id = %(id)s and content_version ="
    " (select max(content_version) from record_versions where record_id = %(id)s)",
    "the level it had": "update records set level = 1 where id = %(id)s",
}


def by_hand(house: TestHouse, statements: str, record_id: UUID) -> None:
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        for statement in statements.split(";"):
            assert connection.execute(statement, {"id": record_id}).rowcount > 0


def alarms(house: TestHouse, record_id: UUID) -> int:
    return sql(
        house,
        "select count(*) from audit_pending where action = 'record:tamper-found' and object_id = %s",
        record_id,
    )[0][0]


@pytest.mark.parametrize("name", IN_SQL)
def test_a_proposal_is_no_way_to_edit_the_level_in_sql(house, client_as, name):
    record_id = proposed(house, "1", "0", text=HIGH)
    by_hand(house, IN_SQL[name], record_id)
    for client in (client_as("leader"), client_as("leader", place=Place.REMOTE)):
        answer = client.get(f"/records/{record_id}")
        assert answer.status_code == Tampered.status
        assert "Gavorun" not in answer.get_data(as_text=True)
    assert alarms(house, record_id)
    with pytest.raises(Tampered), house.acting("leader") as (actor, session):
        records.lower_level(actor, session, record_id, 5, reason=AGREED)


@pytest.mark.parametrize("name", AFTER)
def test_what_stayed_above_is_not_brought_down_in_sql(house, client_as, name):
    record_id = came_down(house)
    by_hand(house, AFTER[name], record_id)
    answer = client_as("leader", place=Place.REMOTE).get(f"/records/{record_id}")
    assert answer.status_code == Tampered.status
    assert "Gavorun" not in answer.get_data(as_text=True)
    assert alarms(house, record_id)


@pytest.mark.parametrize("name", GONE)
def test_the_original_is_missed(house, client_as, name):
    record_id = came_down(house)
    assert version_of(house, "leader", record_id)
    by_hand(house, GONE[name], record_id)
    assert client_as("leader").get(f"/records/{record_id}").status_code == Tampered.status
    assert alarms(house, record_id)
