"""Somebody with every right in the database edits records: nothing of them is shown, and the alarm is in the log.

The attacker holds the superuser of PostgreSQL and old copies of the tables, but no key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from intelhub import records
from intelhub.crypto import KekScope, rotate_kek
from intelhub.platform.errors import Tampered
from intelhub.records import ListFilter
from intelhub.records.service import desks
from tests.factories.record_world import GRADE, drafted
from tests.factories.tampering import (
    OF_VERSION,
    ROW,
    SEALED,
    STEPS,
    TABLES,
    UNPUBLISHED,
    UNSEEN,
    VERSIONS,
    WORDS,
    Scene,
    flip,
)  # fmt: skip
from tests.house import content

INSIDERS = ("officer", "leader", "analyst")


def pages_of(scene: Scene, username: str) -> Iterator[tuple[str, int, str]]:
    """Everything somebody can call up about the record, and the other's page; for whoever never could, less of it."""
    client = scene.client_as(username)
    inner = {"officer": ("/versions", "/edit"), "leader": ("/versions", "/edit"), "analyst": ("/versions", "/preview")}
    addresses = [f"/records/{scene.record}{part}" for part in ("", *inner.get(username, ()))]
    addresses += [f"/records/{scene.other}"] if username in INSIDERS else []
    for address in (*addresses, "/", "/records"):
        answer = client.get(address)
        yield address, answer.status_code, answer.get_data(as_text=True)
    for question in ("thung hang", "unit:15BB") if username in INSIDERS else ("thung hang",):
        answer = client.submit("/search", {"q": question})
        yield f"search {question}", answer.status_code, answer.get_data(as_text=True)


def damage(scene: Scene, who: tuple[str, ...], *, may_stay: tuple[str, ...] = (), beside: str = "-") -> list[str]:
    """What goes wrong in the sight of these people after an attack on the record; empty when nothing does.

    `may_stay` are words of an intact row, which lists and search go on to show; addresses that end in `beside` show
    nothing of what was touched.
    """
    found = []
    for username in who:
        for address, status, page in pages_of(scene, username):
            if address.endswith(beside):
                continue
            is_of_record = str(scene.record) in address
            expected = {403, 404, 409} if is_of_record else {200, 403}
            if status not in expected and str(scene.other) not in address:
                found.append(f"{username} {address}: {status}")
            found += [
                f"{username} {address}: {word}"
                for word in WORDS
                if word in page and (is_of_record or word not in may_stay)
            ]
    return found


def test_the_scene_is_readable_before_anything_is_touched(scene):
    shown = {address: page for address, status, page in pages_of(scene, "analyst") if status == 200}
    assert "Zuvoken" in shown[f"/records/{scene.record}"]
    assert "Pelimor" in shown[f"/records/{scene.record}"]
    assert "Karadun" in shown[f"/records/{scene.record}/versions"]
    assert "Xamalan" in shown["/records"]
    assert "Zuvoken" in shown["search thung hang"]
    assert not any("Tovarek" in page for page in shown.values())
    assert scene.alarms() == 0


def strike(scene: Scene, attacks: dict[str, str], **allowed: Any) -> None:
    """Carry out each attack by itself, look, and put everything back."""
    failures = []
    for name, statement in attacks.items():
        before = scene.alarms()
        scene.attack(statement)
        assert scene.copy() != scene.now, name
        found = damage(scene, ("analyst", "officer", "hq", "stranger"), **allowed)
        if scene.alarms() == before and name not in UNSEEN:
            found.append("no alarm")
        failures += [f"{name}: {one}" for one in found]
        scene.put_back(scene.now)
        assert scene.copy() == scene.now, name
    assert failures == []
    assert damage(scene, ("analyst",)), "whoever looks sees everything again"


@pytest.mark.parametrize("share", range(4))
def test_nothing_is_shown_of_a_row_that_was_touched(scene, share):
    strike(scene, dict(list(ROW.items())[share::4]))


@pytest.mark.parametrize("share", range(2))
def test_nothing_is_shown_of_versions_that_were_touched(scene, share):
    strike(scene, dict(list(VERSIONS.items())[share::2]), may_stay=("Xamalan", "Zuvoken"))


@pytest.mark.parametrize("share", range(2))
def test_nothing_is_shown_of_steps_that_were_touched(scene, share):
    shown = ("Xamalan", "Zuvoken")
    strike(scene, dict(list(STEPS.items())[share::2]), may_stay=shown, beside="/versions")


def test_a_comment_is_not_put_into_another_record_s_timeline(scene):
    scene.sql(
        "update record_steps t set (id, wrapped_dek, words_ciphertext) = row(gen_random_uuid(), o.wrapped_dek,"
        " o.words_ciphertext) from record_steps o where t.record_id = $O and t.event = 'submit'"
        " and o.record_id = $R and o.event = 'return'"
    )
    answer = scene.client_as("analyst").get(f"/records/{scene.other}")
    assert answer.status_code == 409
    assert "Pelimor" not in answer.get_data(as_text=True)
    assert scene.alarms()


@pytest.mark.parametrize("moment", range(6))
def test_a_row_put_back_to_an_older_state_is_noticed(scene, moment):
    """Alone, or with its versions and steps as they were then: the log knows better."""
    everybody = ("analyst", "leader", "officer")
    for tables in (TABLES, ("records",)):
        before = scene.alarms()
        scene.put_back(scene.moments[moment], tables=tables)
        assert damage(scene, everybody) == [], tables
        assert scene.alarms() > before
        scene.put_back(scene.now)


def test_a_submitted_record_put_back_to_the_draft_it_was_is_noticed(scene):
    """As a draft it stands in no entry: that one does is what gives it away."""
    house = scene.house
    record_id = drafted(house, abstract="Bản nháp", text=UNPUBLISHED)
    draft = scene.copy()
    with house.acting("officer") as (actor, session):
        opened = records.open_draft(actor, session, record_id)
        records.submit_record(actor, session, record_id, opened.row_version, opened.fields)
    scene.put_back(draft)
    scene.record = record_id
    assert damage(scene, ("officer", "leader"), may_stay=("Xamalan", "Zuvoken", "Pelimor")) == []
    assert scene.alarms()
    with pytest.raises(Tampered), house.acting("officer") as (actor, session):
        records.save_draft(actor, session, record_id, opened.row_version, content())
    with pytest.raises(Tampered), house.acting("officer") as (actor, session):
        records.discard_draft(actor, session, record_id, opened.row_version)


def test_unpublished_work_is_not_published_by_editing_a_column(scene):
    """Neither by its flag, nor as the content of the row, nor as an earlier version."""
    scene.put_back(scene.moments[2])
    scene.now = scene.copy()
    attacks = {
        "flag": "update record_versions set is_published = true where record_id = $R",
        "content": f"update records r set ({SEALED}, content_version) = row({OF_VERSION}, v.content_version)"
        " from record_versions v where v.record_id = r.id and r.id = $R",
        "author": "update record_versions set is_published = true,"
        " author_id = (select id from users where username = 'leader') where record_id = $R",
    }  # fmt: skip
    for name, statement in attacks.items():
        scene.sql(statement)
        for username in ("leader", "analyst", "stranger"):
            for address, _, page in pages_of(scene, username):
                assert "Tovarek" not in page, (name, username, address)
        scene.put_back(scene.now)


def test_an_abandoned_draft_is_not_put_in_as_an_earlier_version(scene):
    house = scene.house
    record_id = drafted(house, abstract="Bản nháp", text=UNPUBLISHED)
    draft = scene.copy()
    with house.acting("officer") as (actor, session):
        opened = records.open_draft(actor, session, record_id)
        records.submit_record(actor, session, record_id, opened.row_version, content())
    (row,) = [row for row in draft["records"] if row[0] == record_id]
    names = [name for (name,) in scene.sql(
        "select attname::text from pg_attribute where attrelid = 'records'::regclass and attnum > 0 order by attnum"
    )]  # fmt: skip
    old = dict(zip(names, row, strict=True))
    columns = ("level", "compartments", "origin_department_id", "author_id", "kek_id", "wrapped_dek",
               "head_ciphertext", "body_ciphertext", "digest")  # fmt: skip
    scene.sql(
        f"insert into record_versions (record_id, content_version, is_published, {', '.join(columns)})"
        f" values (%s, %s, true, {', '.join(['%s'] * len(columns))})",
        record_id, old["content_version"], *(old[name] for name in columns),
    )  # fmt: skip
    for address in ("", "/versions"):
        answer = scene.client_as("leader").get(f"/records/{record_id}{address}")
        assert answer.status_code == 409
        assert "Tovarek" not in answer.get_data(as_text=True)


def test_an_old_wrap_of_the_key_does_not_open_under_a_new_one(scene):
    house = scene.house
    (level, department, old) = scene.sql("select level, origin_department_id, wrapped_dek from records where id = $R")[
        0
    ]
    scope = KekScope(level=level, compartments=(), department_id=department)
    engine = create_engine(house.database.worker_url)
    with Session(engine, info={"vault": house.vault}, autoflush=False) as session:
        rotate_kek(session, scope)
        assert records.rewrap_records(session, scope) > 0
        session.commit()
    engine.dispose()
    assert scene.client_as("analyst").get(f"/records/{scene.record}").status_code == 200
    scene.sql("update records set wrapped_dek = %s where id = $R", old)
    assert damage(scene, ("analyst", "leader")) == []
    assert scene.alarms()


def test_one_damaged_record_takes_no_list_down(scene):
    scene.sql("update records set state = 'anything', handling = 'anything', label_mac = '' where id = $R")
    for username in scene.house.people:
        client = scene.client_as(username)
        for address in ("/", "/records"):
            assert client.get(address).status_code in {200, 403}, (username, address)
    page = scene.client_as("analyst").get("/records").get_data(as_text=True)
    assert str(scene.other) in page
    assert str(scene.record) in page


def test_damage_that_a_desk_looked_through_and_does_not_show_raises_the_alarm(scene):
    scene.sql(f"update records set {flip('head_ciphertext')} where id = $R")
    with scene.house.acting("analyst") as (actor, session):
        waiting = desks.show_desk(actor, session, ListFilter(), limit=1)
    assert [line.id for line in waiting.lines] == [
        scene.other
    ]  # the urgent one, and nobody knows what the damaged one is
    assert waiting.count == 2
    assert scene.alarms() == 1


def test_damage_is_told_to_nobody_but_readers(scene):
    """The answer about a damaged record is, for others, still that of an address that leads nowhere."""
    scene.sql(f"update records set {flip('body_ciphertext')} where id = $R")
    for username in ("stranger", "neighbour", "hq"):
        client = scene.client_as(username)
        client.get("/")
        hidden, unknown = client.get(f"/records/{scene.record}"), client.get(f"/records/{uuid4()}")
        assert (hidden.status_code, hidden.data) == (unknown.status_code, unknown.data)


def test_a_damaged_record_is_not_moved_on(scene):
    for statement in (ROW["a bit of body_ciphertext"], ROW["assignee"], ROW["exposure 3"]):
        scene.sql(statement)
        row = scene.sql("select row_version from records where id = $R")[0][0]
        with pytest.raises(Tampered), scene.house.acting("analyst") as (actor, session):
            records.evaluate_record(actor, session, scene.record, row, **GRADE)
        scene.put_back(scene.now)


# The log


def test_with_its_entries_deleted_a_record_is_not_shown_and_the_log_names_the_gap(scene):
    scene.sequence()
    (first, newest) = scene.sql(
        "select min(seq), max(seq) from audit_entries where object_id = $R and digest is not null"
    )[0]
    for which, at in ((f"seq = {newest}", newest), ("object_id = $R", first)):
        kept = scene.sql("select * from audit_entries order by seq")
        scene.sql(f"delete from audit_entries where {which}")
        assert damage(scene, ("analyst", "leader")) == []
        verdict = scene.verify()
        assert not verdict.holds
        assert verdict.first_broken is not None
        assert verdict.first_broken <= at
        scene.sql("truncate audit_entries")
        for row in kept:
            scene.sql(f"insert into audit_entries values ({', '.join(['%s'] * len(row))})", *row)


def test_an_entry_still_waiting_is_missed_too(scene):
    """Nothing is in the tree yet, so no chain tells; the row that is ahead of the log does."""
    scene.sql(
        "delete from audit_pending where pos = (select max(pos) from audit_pending"
        " where object_id = $R and digest is not null)"
    )
    assert damage(scene, ("analyst", "leader")) == []
    assert scene.alarms()


def test_a_log_cut_back_together_with_the_row_is_found_by_a_checkpoint_kept_elsewhere(scene):
    """The perfect forgery, tables and log of the same older moment: only what left the machine finds it."""
    scene.sequence()
    seen = scene.verify().last_checkpoint
    (note,) = scene.sql("select note from audit_checkpoints order by size desc limit 1")[0]
    assert seen is not None
    scene.sql("delete from audit_entries where seq >= %s", seen.size - 3)
    assert not scene.verify().holds
    assert not scene.verify(seen=note).holds


@pytest.mark.parametrize("table", ["records", "record_versions", "record_steps"])
def test_a_key_that_is_gone_raises_the_alarm_at_the_first_look(scene, table):
    column = "id" if table == "records" else "record_id"
    scene.attack(f"update {table} set kek_id = gen_random_uuid() where {column} = $R")
    before = scene.alarms()
    answer = scene.client_as("analyst").get(f"/records/{scene.record}")
    assert answer.status_code == 409
    assert "Dữ liệu lưu trữ đã bị thay đổi" in answer.get_data(as_text=True)
    assert scene.alarms() > before
