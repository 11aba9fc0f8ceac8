"""Somebody with a superuser's hands on the database, and no key, gives themselves or others rights.

Whatever is written past the product grants nothing, raises the alarm, and leaves everybody else at work.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pyotp
import pytest

from intelhub import access, records
from intelhub.access import NOBODY, RightMisfit, SessionLimits, models, scope_for
from intelhub.access.seals import SealedRow
from intelhub.crypto import RootKeys, Vault
from intelhub.platform import clock
from intelhub.platform.errors import NotFound
from intelhub.platform.roles import driver_address
from intelhub.platform.unit_of_work import UnitsOfWork
from tests.factories.compartments import compartment
from tests.factories.record_world import submitted
from tests.factories.tampering import exchange
from tests.house import PEOPLE, TestHouse
from tests.web.conftest import open_session

PASSWORD = "bốn con ngựa trắng"
KNOWN = "a token the attacker has chosen"
DIGEST = f"'\\x{hashlib.sha256(KNOWN.encode()).hexdigest()}'"
TABLES = {one.__tablename__: one for one in vars(models).values()
          if isinstance(one, type) and issubclass(one, SealedRow) and one is not SealedRow}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """Two people who prove themselves with a code, a compartment with two members, and the attacker's hands."""

    house: TestHouse
    hands: psycopg.Connection
    app: Any
    tokens: dict[str, str]
    totp: pyotp.TOTP
    codes: dict[str, tuple[str, ...]]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement past every foreign key; `$name` stands for the id of a person."""
        for name in sorted(self.house.people, key=len, reverse=True):
            statement = statement.replace(f"${name}", f"'{self.house.people[name]}'")
        done = self.hands.execute(statement)
        return done.fetchall() if done.description else []

    def alarms(self) -> list[tuple[str, str, UUID]]:
        """What the log says of rights that did not fit: table, kind and id."""
        return self.sql(
            "select rule, object_kind, object_id from audit_pending where action = 'user:tamper-found'"
            " and decision = 'deny' order by pos"
        )

    def is_at_work(self, name: str, token: str = "") -> bool:
        """Whether a session's cookie opens a page."""
        client = self.app.test_client()
        client.set_cookie("intelhub", token or self.tokens[name], samesite="Strict", httponly=True)
        answer = client.get("/account")
        assert answer.status_code in {200, 303}, answer.status_code
        return answer.status_code == 200

    def signs_in(self, name: str, code: str = "", password: str = PASSWORD) -> bool:
        """Whether somebody gets through the door."""
        client = self.app.test_client()
        given = {"username": name, "password": password, "code": code or self.totp.now(), "place": "onsite"}
        answer = client.submit("/sign-in", given)
        assert answer.status_code in {303, 401}, answer.status_code
        return answer.status_code == 303

    def becomes(self, name: str) -> bool:
        """Whether somebody's rights can be loaded at all."""
        try:
            open_session(self.house, name)
        except (RightMisfit, NotFound):
            return False
        return True


@pytest.fixture
def scene(house, app):
    secret, codes = "", {}
    for name in ("officer", "officer2"):
        with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
            access.set_first_password(session, house.people[name], PASSWORD)
        with clock.telling(clock.now() - timedelta(minutes=5)):
            with house.acting(name) as (actor, session):
                mine = access.enrol_totp(actor, session, password=PASSWORD).secret
            with house.acting(name) as (actor, session):
                codes[name] = access.confirm_totp(actor, session, code=pyotp.TOTP(mine).at(clock.now()))
        secret = secret or mine
    compartment(house, "leader", "analyst")
    tokens = {name: open_session(house, name) for name in ("officer", "leader", "analyst", "operator")}
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as hands:
        hands.execute("set session_replication_role = replica")
        yield Scene(house=house, hands=hands, app=app, tokens=tokens, totp=pyotp.TOTP(secret), codes=codes)


# For each sealed column what somebody would write there; the person who would gain by it is asked for afterwards.
EDITS = {
    "users": {
        "id": "update users set id = gen_random_uuid() where username = 'leader'",
        "username": "update users set username = 'leader.old' where username = 'leader';"
        " update users set username = 'leader' where username = 'officer2'",
        "clearance": "update users set clearance = 2 where id = $leader",
        "clearance_expires_on": "update users set clearance_expires_on = current_date + 9 where id = $leader",
        "place_rule": "update users set place_rule = 'onsite_only' where id = $leader",
        "is_active": "update users set is_active = true where id = $leader",
    },
    "posts": {
        "id": "update posts set id = gen_random_uuid() where user_id = $leader",
        "user_id": "update posts set user_id = $leader where user_id = $auditor",
        "function": "update posts set function = 'operator' where user_id = $leader",
        "unit_id": "update posts set unit_id = (select id from units where code = '20ZZ') where user_id = $leader",
        "is_deputy": "update posts set is_deputy = true where user_id = $leader",
        "starts_at": "update posts set starts_at = starts_at - interval '1 day' where user_id = $leader",
        "ends_at": "update posts set ends_at = null where user_id = $leader",
        "granted_by": "update posts set granted_by = $operator where user_id = $leader",
    },
    "compartment_members": {
        "id": "update compartment_members set id = gen_random_uuid() where user_id = $leader",
        "compartment_id": "update compartment_members set compartment_id = gen_random_uuid() where user_id = $leader",
        "user_id": "update compartment_members set user_id = $leader where user_id = $analyst",
        "starts_at": "update compartment_members set starts_at = starts_at - interval '1 day' where user_id = $leader",
        "ends_at": "update compartment_members set ends_at = now() + interval '1 day' where user_id = $leader",
        "granted_by": "update compartment_members set granted_by = $operator where user_id = $leader",
    },
    "sessions": {
        "id": "update sessions set id = gen_random_uuid() where user_id = $leader",
        "token_digest": f"update sessions set token_digest = {DIGEST} where user_id = $leader",
        "user_id": "delete from sessions where user_id = $leader;"
        f" update sessions set user_id = $leader, token_digest = {DIGEST} where user_id = $analyst",
        "created_at": "update sessions set created_at = created_at + interval '1 minute' where user_id = $leader",
        "expires_at": "update sessions set expires_at = expires_at + interval '1 year' where user_id = $leader",
        "place": "update sessions set place = 'duty_room' where user_id = $leader",
        "strength": "update sessions set strength = 'totp' where user_id = $leader",
    },
    "credentials": {
        "user_id": "delete from credentials where user_id = $officer;"
        " update credentials set user_id = $officer where user_id = $officer2",
        "password_hash": "update credentials set password_hash = (select password_hash from credentials"
        " where user_id = $officer2) where user_id = $officer",
        "password_set_at": "update credentials set password_set_at = now() where user_id = $officer",
        "totp_sealed": "update credentials set totp_sealed = null where user_id = $officer",
        "totp_pending_sealed": "update credentials set totp_pending_sealed = totp_sealed where user_id = $officer",
        "setup_code_digest": f"update credentials set setup_code_digest = {DIGEST} where user_id = $officer",
        "setup_code_expires_at": "update credentials set setup_code_expires_at = now() + interval '1 day'"
        " where user_id = $officer",
    },
    "recovery_codes": {
        "id": "update recovery_codes set id = gen_random_uuid() where user_id = $officer",
        "user_id": "delete from recovery_codes where user_id = $officer;"
        " update recovery_codes set user_id = $officer where user_id = $officer2",
        "code_digest": "update recovery_codes c set code_digest = o.code_digest from (select code_digest, row_number()"
        " over () n from recovery_codes where user_id = $officer2) o, (select id, row_number() over () n"
        " from recovery_codes where user_id = $officer) m where m.n = o.n and c.id = m.id",
    },
}  # fmt: skip
# What is no right: names and languages, and what only ever closes a door.
OPEN = {
    "users": {"display_name", "sort_key", "locale", "created_at"},
    "posts": set(),
    "compartment_members": set(),
    "sessions": {"last_seen_at", "ended_at", "user_agent_family"},
    "credentials": {"totp_last_step"},
    "recovery_codes": {"used_at"},
}


def test_every_column_is_sealed_and_tried_here_or_is_said_to_grant_nothing():
    unsealed = {row.__tablename__ for row in vars(models).values() if isinstance(row, type)
                and hasattr(row, "__tablename__")} - set(TABLES) - {"sign_in_throttle", "compartments"}  # fmt: skip
    assert unsealed == set()
    for name, row in TABLES.items():
        assert set(row.__sealed__) == set(EDITS[name]), name
        assert {column.name for column in row.__table__.columns} == set(row.__sealed__) | OPEN[name] | {"seal"}, name


def gains(scene: Scene, table: str) -> bool:
    """Whether somebody gets anywhere by what was written into a table."""
    if table == "credentials":
        return scene.signs_in("officer") or scene.signs_in("officer", "none")
    if table == "recovery_codes":
        return any(scene.signs_in("officer", codes[0]) for codes in scene.codes.values())
    if table == "sessions":
        return scene.is_at_work("leader", KNOWN) or scene.is_at_work("leader")
    return scene.is_at_work("leader") or scene.becomes("leader")


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in EDITS for column in EDITS[table]])
def test_a_right_that_was_edited_grants_nothing_and_raises_the_alarm(scene, table, column):
    assert scene.is_at_work("leader")
    assert scene.signs_in("officer", scene.codes["officer"][9])
    if column == "is_active":
        with scene.house.acting("operator") as (actor, session):
            access.deactivate_user(actor, session, scene.house.people["leader"])
        scene.sql("update sessions set ended_at = null where user_id = $leader")
    for statement in EDITS[table][column].split(";"):
        scene.sql(statement)
    assert scene.alarms() == []
    assert not gains(scene, table)
    if (table, column) != ("users", "id"):
        assert scene.alarms(), "the damage was looked at and nobody was told"
        assert {found[0] for found in scene.alarms()} == {table}
    kind = "session" if table == "sessions" else "user"
    assert {found[1] for found in scene.alarms()} <= {kind}


SEALS = {"no seal": "'\\x'", "a made-up seal": "sha256('anything')", "another row's seal": "s.seal"}
# For each table a copy of somebody's row with what somebody would like to have, in the leader's or officer's name.
INSERTED = {
    "posts": "insert into posts select gen_random_uuid(), $leader, function, unit_id, false, starts_at, ends_at,"
    " granted_by, ~ from posts s where user_id = $operator",
    "compartment_members": "insert into compartment_members select gen_random_uuid(), gen_random_uuid(), $leader,"
    " starts_at, null, granted_by, ~ from compartment_members s where user_id = $analyst",
    "sessions": f"insert into sessions select gen_random_uuid(), {DIGEST}, $leader, created_at, last_seen_at,"
    " expires_at, null, 'onsite', 'demo', '', ~ from sessions s where user_id = $officer limit 1",
    "credentials": "insert into credentials select $leader, password_hash, password_set_at, null, null, null, null,"
    " null, ~ from credentials s where user_id = $officer",
    "recovery_codes": "insert into recovery_codes select gen_random_uuid(), $officer, code_digest, null, ~"
    " from recovery_codes s where user_id = $officer2",
}  # fmt: skip


@pytest.mark.parametrize("seal", SEALS)
@pytest.mark.parametrize("table", INSERTED)
def test_a_right_that_was_put_there_grants_nothing_and_raises_the_alarm(scene, table, seal):
    scene.sql(INSERTED[table].replace("~", SEALS[seal]))
    if table == "credentials":
        assert not scene.signs_in("leader")
    elif table == "recovery_codes":
        assert not scene.signs_in("officer", scene.codes["officer2"][0])
    elif table == "sessions":
        assert not scene.is_at_work("leader", KNOWN)
        assert scene.is_at_work("leader")
    else:
        assert not gains(scene, table)
    assert {found[0] for found in scene.alarms()} == {table}


def test_a_person_who_was_put_there_is_nobody(scene):
    scene.sql(
        "insert into users select gen_random_uuid(), 'planted', display_name, sort_key, 3, null, 'any', true, 'vi',"
        " created_at, seal from users where id = $leader"
    )
    scene.sql(
        f"insert into sessions select gen_random_uuid(), {DIGEST}, (select id from users where username = 'planted'),"
        " created_at, last_seen_at, expires_at, null, 'onsite', 'demo', '', seal from sessions where user_id = $leader"
    )
    assert not scene.is_at_work("planted", KNOWN)
    assert not scene.signs_in("planted")
    assert not scene.becomes("planted")
    assert [found[0] for found in scene.alarms()] == ["sessions", "users"]


@pytest.mark.parametrize("table", EDITS)
def test_seals_of_two_rows_are_not_exchanged(scene, table):
    key = {"users": "id"}.get(table, "user_id")
    pair = ("officer", "officer2") if table in {"credentials", "recovery_codes"} else ("leader", "analyst")
    if table == "recovery_codes":
        scene.sql(EDITS[table]["code_digest"].replace("code_digest", "seal"))
    else:
        scene.sql(exchange(table, "seal", *(f"~.{key} = ${name}" for name in pair)))
    assert not gains(scene, table)
    assert {found[0] for found in scene.alarms()} == {table}


@pytest.mark.parametrize("table", EDITS)
def test_a_seal_of_another_table_or_none_at_all_seals_nothing(scene, table):
    other = {"users": ("posts", "user_id")}.get(table, ("users", "id"))
    whose = "id" if table == "users" else "user_id"
    name = "$officer" if table in {"credentials", "recovery_codes"} else "$leader"
    scene.sql(f"update {table} set seal = (select seal from {other[0]} where {other[1]} = {name} limit 1)"
              f" where {whose} = {name}")  # fmt: skip
    assert not gains(scene, table)
    before = len(scene.alarms())
    assert before
    scene.sql(f"alter table {table} alter column seal drop not null")
    scene.sql(f"update {table} set seal = null where {whose} = {name}")
    scene.sql("update recovery_codes set used_at = null")
    assert not gains(scene, table)
    assert len(scene.alarms()) > before


def test_a_session_is_not_raised_to_that_of_a_demo(house, app):
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        access.set_first_password(session, house.people["leader"], PASSWORD)
    client = app.test_client()
    assert client.submit("/sign-in", {"username": "leader", "password": PASSWORD, "place": "onsite"}).status_code == 303
    token = client.get_cookie("intelhub").value
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        assert access.resolve_session(session, token).actor.ceiling == 0
    with psycopg.connect(driver_address(house.database.superuser_url)) as hands:
        hands.execute("update sessions set strength = 'demo'")
    assert client.get("/account").status_code == 303
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session, pytest.raises(RightMisfit):
        access.resolve_session(session, token)


def test_a_session_of_a_demo_is_none_under_keys_of_an_installations_own(house):
    token = open_session(house, "leader")
    keys: RootKeys = house.vault._roots  # the same keys, which now say that they are no demo's
    own = UnitsOfWork(house.units.engine, {**house.units.info, "vault": Vault(replace(keys, is_demo=False))})
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        assert access.resolve_session(session, token, limits=SessionLimits()).actor.ceiling == 3
    with own.begin(NOBODY, scope_for(NOBODY)) as session, pytest.raises(RightMisfit) as refused:
        access.resolve_session(session, token)
    assert (refused.value.kind, refused.value.table) == ("session", "sessions")


def test_an_alarm_names_the_person_or_the_session(scene):
    scene.sql("update users set clearance = 3 where id = $officer")
    scene.sql("update sessions set place = 'duty_room' where user_id = $leader")
    assert not scene.is_at_work("officer")
    assert not scene.is_at_work("leader")
    [(session_id,)] = scene.sql("select id from sessions where user_id = $leader")
    assert scene.alarms() == [("users", "user", scene.house.people["officer"]), ("sessions", "session", session_id)]


def test_damage_is_answered_at_the_door_like_a_name_that_nobody_has(scene):
    pages = []
    scene.sql("update users set clearance = 3 where id = $officer")
    scene.sql("update credentials set totp_sealed = null where user_id = $officer2")
    for name in ("officer", "officer2", "no.such.person"):
        client = scene.app.test_client()
        given = {"username": name, "password": PASSWORD, "code": "", "place": "onsite"}
        answer = client.submit("/sign-in", given)
        shown = answer.get_data(as_text=True).replace(f'value="{name}"', "")
        pages.append((answer.status_code, re.sub('csrf_token" value="[^"]*"', "", shown)))
    assert pages[0][0] == 401
    assert pages[0] == pages[1] == pages[2]
    assert [found[0] for found in scene.alarms()] == ["users", "credentials"]


def test_others_work_on_and_are_shown_without_what_does_not_fit(scene, client_as):
    scene.sql("update users set clearance = 3 where id = $officer2")
    scene.sql(INSERTED["posts"].replace("$leader", "$neighbour").replace("~", "seal"))
    page = client_as("head").get("/people").get_data(as_text=True)
    shown = {name for name, person in PEOPLE.items() if f">{person[0]}</a>" in page}
    assert {"officer", "leader", "neighbour", "head"} <= shown
    assert "officer2" not in shown
    assert {found[0] for found in scene.alarms()} == {"users", "posts"}
    assert client_as("officer").get("/").status_code == 200
    assert submitted(scene.house)
    assert client_as("operator").get(f"/people/{scene.house.people['officer2']}").status_code == 409
    assert scene.alarms()[-1] == ("users", "user", scene.house.people["officer2"])


def test_a_damaged_neighbour_does_not_stop_a_record_from_going_up(scene):
    scene.sql("update posts set function = 'unit_head' where user_id = $neighbour")
    scene.sql("update users set clearance = 2 where id = $analyst2")
    record_id = submitted(scene.house)
    with scene.house.acting("leader") as (actor, session):
        version = records.read_record(actor, session, record_id).summary.row_version
        records.forward_record(actor, session, record_id, version)
    assert scene.is_at_work("analyst")


def test_an_operator_ends_a_true_right_beside_a_forged_one(scene, client_as):
    scene.sql(INSERTED["posts"].replace("~", "seal"))
    leader = scene.house.people["leader"]
    with scene.house.acting("operator") as (actor, session):
        [post] = access.list_posts(actor, session, leader)
        access.revoke_post(actor, session, post.id)
    with scene.house.acting("operator") as (actor, session):
        [post] = access.list_posts(actor, session, leader)
        assert post.ends_at is not None
        assert post.ends_at <= clock.now()
    assert client_as("operator").get(f"/people/{leader}").status_code == 200


def test_a_right_that_does_not_fit_is_not_sealed_by_changing_it(scene):
    scene.sql("update users set clearance = 2 where id = $leader")
    with scene.house.acting("operator") as (actor, session):
        with pytest.raises(RightMisfit):
            access.set_clearance(actor, session, user_id=scene.house.people["leader"], level=3, expires_on=None)
        with pytest.raises(RightMisfit):  # what was refused once does not lie in the session
            access.deactivate_user(actor, session, scene.house.people["leader"])
    assert scene.sql("select clearance, is_active from users where id = $leader") == [(2, True)]
