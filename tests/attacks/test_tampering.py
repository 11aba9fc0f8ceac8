"""Somebody with every right in the database edits records: nothing of them is shown, and the alarm is in the log.

The attacker holds the superuser of PostgreSQL and old copies of the tables, but no key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from intelhub import records
from intelhub.audit import sequence_once, verify_log
from intelhub.crypto import KekScope, rotate_kek
from intelhub.platform.errors import Tampered
from intelhub.platform.roles import driver_address
from intelhub.records import ListFilter
from intelhub.records.service import reading
from tests.factories.record_world import GRADE, WAY, act, drafted, submitted, travelled
from tests.house import content

TABLES = ("records", "record_versions", "record_steps")
# Words that stand nowhere else; every one of them is a leak.
HEAD = "Xamalan kín"
BODY = "Zuvoken ẩn trong thùng hàng thứ ba, theo lời người gác bãi."
EARLIER = "Karadun lúc đầu còn viết khác, dài hơn hai mươi chữ."
COMMENT = "Pelimor cần ghi rõ"
UNPUBLISHED = "Tovarek chưa gửi lại cho ai, chỉ người lập được xem."
WORDS = ("Xamalan", "Zuvoken", "Karadun", "Pelimor", "Tovarek")
READERS = ("officer", "leader", "analyst", "head")


@dataclass
class Scene:
    """A record that went up and one of the same kind beside it, with the attacker's copies of every moment."""

    house: Any
    client_as: Any
    record: UUID
    other: UUID
    moments: list[dict[str, list[tuple[Any, ...]]]] = field(default_factory=list)
    now: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(driver_address(self.house.database.superuser_url)) as connection:
            done = connection.execute(
                statement.replace("$R", f"'{self.record}'").replace("$O", f"'{self.other}'"), values
            )
            return done.fetchall() if done.description else []

    def copy(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.sql(f"select * from {table} order by 1, 2") for table in TABLES}

    def put_back(self, moment: dict[str, list[tuple[Any, ...]]], *, tables: tuple[str, ...] = TABLES) -> None:
        """Bring a record's rows to what an earlier copy says, byte by byte, and leave all others as they are."""
        with psycopg.connect(driver_address(self.house.database.superuser_url)) as connection:
            connection.execute("set session_replication_role = replica")  # no foreign key stops a superuser
            for table in tables:
                known = {row[0] for row in moment["records"]} if moment is not self.now else None
                connection.execute(f"delete from {table}")
                rows = list(moment[table])
                if known is not None:
                    place = 1 if table == "record_steps" else 0
                    rows += [row for row in self.now[table] if row[place] not in known]
                for row in rows:
                    marks = ", ".join(["%s"] * len(row))
                    connection.execute(f"insert into {table} overriding system value values ({marks})", row)

    def alarms(self) -> int:
        with psycopg.connect(driver_address(self.house.database.superuser_url)) as connection:
            (count,) = connection.execute(
                "select count(*) from (select action, decision, object_id from audit_pending union all"
                " select action, decision, object_id from audit_entries) a"
                " where action = 'record:tamper-found' and decision = 'deny' and object_id in (%s, %s)",
                (self.record, self.other),
            ).fetchone()
        return count

    def sequence(self) -> None:
        engine = create_engine(self.house.database.sequencer_url)
        sequence_once(engine, self.house.vault)
        engine.dispose()

    def verify(self, seen: str | None = None) -> Any:
        engine = create_engine(self.house.database.worker_url)
        with engine.connect() as connection:
            found = verify_log(connection, self.house.vault.checkpoint_public_key, seen=seen)
        engine.dispose()
        return found


@pytest.fixture
def scene(house, client_as) -> Scene:
    return set_scene(house, client_as)


def set_scene(house: Any, client_as: Any) -> Scene:
    """The record was returned once, written anew, forwarded, graded; its author works on another one again."""
    words = {"abstract": HEAD, "level": "1", "list_item": "VD-M-02"}
    record = submitted(house, text=EARLIER, **words)
    one = Scene(house=house, client_as=client_as, record=record, other=record)
    one.moments.append(one.copy())
    act(house, "leader", record, records.return_record, comment=COMMENT)
    one.moments.append(one.copy())
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record)
        records.save_draft(actor, session, record, draft.row_version, content(text=UNPUBLISHED, **words))
    one.moments.append(one.copy())
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record)
        records.submit_record(actor, session, record, draft.row_version, content(text=BODY, **words))
    one.moments.append(one.copy())
    for username, move, said in WAY[:3]:
        act(house, username, record, move, **said)
        one.moments.append(one.copy())
    one.other = travelled(house, 3, text="Nội dung của tin khác, cùng đơn vị và cùng mức.")
    one.now = one.copy()
    return one


def flip(column: str) -> str:
    """Flip one bit in the middle of a value."""
    middle = f"octet_length({column}) / 2"
    return f"{column} = set_byte({column}, {middle}, get_byte({column}, {middle}) # 1)"


SEALED = "kek_id, wrapped_dek, head_ciphertext, body_ciphertext, digest"


def exchange(table: str, columns: str, first: str, second: str) -> str:
    """Let two rows have each other's columns."""
    names = columns.split(", ")
    return (
        f"update {table} t set ({columns}) = row({', '.join('o.' + name for name in names)}) from {table} o"
        f" where ({first.replace('~', 't')} and {second.replace('~', 'o')})"
        f" or ({second.replace('~', 't')} and {first.replace('~', 'o')})"
    )


# Nobody holds these compartments, so that nobody is shown even the damage: the row is as good as deleted.
UNSEEN = ("compartments", "a compartment of nothing")
OF_VERSION = ", ".join(f"v.{name}" for name in SEALED.split(", "))
LAST_VERSION = (
    "record_id = $R and content_version = (select max(content_version) from record_versions where record_id = $R)"
)
ROW = {
    **{f"a bit of {name}": f"update records set {flip(name)} where id = $R"
       for name in ("head_ciphertext", "body_ciphertext", "wrapped_dek", "digest", "label_mac")},
    **{f"no {name}": f"update records set {name} = '' where id = $R"
       for name in ("head_ciphertext", "body_ciphertext", "wrapped_dek", "digest", "label_mac")},
    "key id": "update records set kek_id = gen_random_uuid() where id = $R",
    "level lower": "update records set level = 0 where id = $R",
    "level higher": "update records set level = 2 where id = $R",
    "unit": "update records set owning_unit_id = (select id from units where code = '15BE') where id = $R",
    "department": "update records set origin_department_id = (select id from units where code = '20ZZ') where id = $R",
    **{f"exposure {one}": f"update records set exposure = {one} where id = $R" for one in (0, 1, 3)},
    "handling": "update records set handling = 'H4' where id = $R",
    "handling unknown": "update records set handling = 'anything' where id = $R",
    "state": "update records set state = 'shared_up' where id = $R",
    "state draft": "update records set state = 'draft' where id = $R",
    "state unknown": "update records set state = 'anything' where id = $R",
    "author": "update records set author_id = (select id from users where username = 'stranger') where id = $R",
    "assignee": "update records set assignee_id = (select id from users where username = 'analyst2') where id = $R",
    "case": "update records set case_id = gen_random_uuid() where id = $R",
    "row version": "update records set row_version = row_version + 1 where id = $R",
    "content version": "update records set content_version = content_version + 1 where id = $R",
    "compartments": "update records set compartments = array[gen_random_uuid()] where id = $R",
    "a compartment of nothing": "update records set compartments = '{NULL}' where id = $R",
    "made everybody's": "update records set level = 0, exposure = 3, handling = 'H0' where id = $R",
    **{f"{name} of another": exchange("records", name, "~.id = $R", "~.id = $O")
       for name in ("head_ciphertext", "body_ciphertext", "head_ciphertext, body_ciphertext, digest", SEALED,
                    f"{SEALED}, content_version, row_version, label_mac", "label_mac")},
    "content of an earlier version": f"update records r set ({SEALED}) = row({OF_VERSION}) from record_versions v"
        " where v.record_id = r.id and r.id = $R and v.content_version = (select max(content_version)"
        " from record_versions where record_id = $R)",
}  # fmt: skip
FIRST_STEP = "record_id = $R and event = 'return'"
VERSIONS = {
    "newest version gone": f"delete from record_versions where {LAST_VERSION}",
    "every version gone": "delete from record_versions where record_id = $R",
    **{f"a bit of a version's {name}": f"update record_versions set {flip(name)} where {LAST_VERSION}"
       for name in ("body_ciphertext", "head_ciphertext", "wrapped_dek", "digest")},
    "a version's number": f"update record_versions set content_version = 99 where {LAST_VERSION}",
    "a version's level": f"update record_versions set level = 0 where {LAST_VERSION}",
    "a version hidden": f"update record_versions set is_published = false where {LAST_VERSION}",
    "a version of another": exchange("record_versions", SEALED, "~.record_id = $R", "~.record_id = $O"),
    "a version moved to another record":
        f"update record_versions set record_id = $O, content_version = 77 where {LAST_VERSION}",
}  # fmt: skip
STEPS = {
    "a step gone": f"delete from record_steps where {FIRST_STEP}",
    "every step gone": "delete from record_steps where record_id = $R",
    "a bit of a step's words": f"update record_steps set {flip('words_ciphertext')} where {FIRST_STEP}",
    "who did a step": f"update record_steps set actor_id = gen_random_uuid() where {FIRST_STEP}",
    "what a step was": f"update record_steps set event = 'forward' where {FIRST_STEP}",
    "what a step was, in no known word": f"update record_steps set to_state = 'anything' where {FIRST_STEP}",
    "for which unit a step was done": f"update record_steps set unit_id = gen_random_uuid() where {FIRST_STEP}",
    "from where a step was done": f"update record_steps set place = 'remote' where {FIRST_STEP}",
    "a step's version": f"update record_steps set row_version = 99 where {FIRST_STEP}",
    "a step told twice": "insert into record_steps select gen_random_uuid(), record_id, row_version, event, from_state,"
        " to_state, actor_id, unit_id, place, level, compartments, origin_department_id, kek_id, wrapped_dek,"
        f" words_ciphertext from record_steps where {FIRST_STEP}",
    "a comment moved to another record": f"update record_steps set record_id = $O where {FIRST_STEP}",
}  # fmt: skip


def pages_of(scene: Scene, username: str) -> Iterator[tuple[str, int, str]]:
    """Everything somebody can call up about both records."""
    client = scene.client_as(username)
    for record_id in (scene.record, scene.other):
        for address in ("", "/versions", "/edit"):
            answer = client.get(f"/records/{record_id}{address}")
            yield f"/records/{record_id}{address}", answer.status_code, answer.get_data(as_text=True)
    for address in ("/", "/records"):
        answer = client.get(address)
        yield address, answer.status_code, answer.get_data(as_text=True)
    for question in ("thung hang", "unit:15BB"):
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
        with psycopg.connect(driver_address(scene.house.database.superuser_url)) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute(statement.replace("$R", f"'{scene.record}'").replace("$O", f"'{scene.other}'"))
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
        lines, has_more = reading.show_desk(actor, session, ListFilter(), limit=1)
    assert [line.id for line in lines] == [scene.other]  # the urgent one, and nobody knows what the damaged one is
    assert has_more
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
