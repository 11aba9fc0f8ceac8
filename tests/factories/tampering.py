"""A record that travelled, an attacker with the superuser's hands on its tables, and everything they may do to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import create_engine

from intelhub import records
from intelhub.audit import sequence_once, verify_log
from intelhub.platform.roles import driver_address
from tests.databases import Cluster
from tests.factories.record_world import WAY, act, submitted, travelled
from tests.house import TestHouse, borrowed_engine, content, ids_of_people, open_test_house

TABLES = ("records", "record_versions", "record_steps")
# Words that stand nowhere else; every one of them is a leak.
HEAD = "Xamalan kín"
BODY = "Zuvoken ẩn trong thùng hàng thứ ba, theo lời người gác bãi."
EARLIER = "Karadun lúc đầu còn viết khác, dài hơn hai mươi chữ."
COMMENT = "Pelimor cần ghi rõ"
UNPUBLISHED = "Tovarek chưa gửi lại cho ai, chỉ người lập được xem."
WORDS = ("Xamalan", "Zuvoken", "Karadun", "Pelimor", "Tovarek")


@dataclass
class Scene:
    """A record that went up and one of the same kind beside it, with the attacker's copies of every moment."""

    house: Any
    hands: psycopg.Connection
    record: UUID
    other: UUID
    moments: list[dict[str, list[tuple[Any, ...]]]] = field(default_factory=list)
    now: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    open_client: Any = None
    clients: dict[str, Any] = field(default_factory=dict)

    def client_as(self, username: str) -> Any:
        """The browser of one of the people, the same at every call."""
        if username not in self.clients:
            self.clients[username] = self.open_client(username)
        return self.clients[username]

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement; `$R` and `$O` stand for the ids of the two records."""
        done = self.hands.execute(statement.replace("$R", f"'{self.record}'").replace("$O", f"'{self.other}'"), values)
        return done.fetchall() if done.description else []

    def attack(self, statement: str) -> None:
        """Run a statement past every foreign key and trigger: none stops a superuser."""
        with self._unhindered():
            self.sql(statement)

    def copy(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the records' tables."""
        return {table: self.sql(f"select * from {table} order by 1, 2") for table in TABLES}

    def put_back(self, moment: dict[str, list[tuple[Any, ...]]], *, tables: tuple[str, ...] = TABLES) -> None:
        """Bring a record's rows to what an earlier copy says, byte by byte, and leave all others as they are."""
        with self._unhindered(), self.hands.cursor() as cursor:
            for table in tables:
                known = {row[0] for row in moment["records"]} if moment is not self.now else None
                cursor.execute(f"delete from {table}")
                rows = list(moment[table])
                if known is not None:
                    place = 1 if table == "record_steps" else 0
                    rows += [row for row in self.now[table] if row[place] not in known]
                for row in rows:
                    marks = ", ".join(["%s"] * len(row))
                    cursor.execute(f"insert into {table} overriding system value values ({marks})", row)

    @contextmanager
    def _unhindered(self) -> Iterator[None]:
        with self.hands.transaction():
            self.hands.execute("set local session_replication_role = replica")
            yield

    def alarms(self) -> int:
        """How often the log says that one of the two did not fit its seal."""
        [(count,)] = self.sql(
            "select count(*) from (select action, decision, object_id from audit_pending union all"
            " select action, decision, object_id from audit_entries) a"
            " where action = 'record:tamper-found' and decision = 'deny' and object_id in ($R, $O)"
        )
        return count

    def sequence(self) -> None:
        """Put every waiting entry into the tree."""
        engine = create_engine(self.house.database.sequencer_url)
        sequence_once(engine, self.house.vault)
        engine.dispose()

    def verify(self, seen: str | None = None) -> Any:
        """What the verification of the log says."""
        engine = create_engine(self.house.database.worker_url)
        with engine.connect() as connection:
            found = verify_log(connection, self.house.vault.checkpoint_public_key, seen=seen)
        engine.dispose()
        return found


@dataclass(frozen=True)
class SetScene:
    """A database with the scene in it, made once by every worker, and what the attacker copied meanwhile."""

    template: str
    scene: Scene

    @contextmanager
    def played_in(self, house: TestHouse, open_client: Any) -> Iterator[Scene]:
        """The scene in a copy of that database, with the way to open a browser there."""
        with _hands_on(house.database) as hands:
            yield replace(self.scene, house=house, hands=hands, open_client=open_client, clients={})


@contextmanager
def set_scene(cluster: Cluster, peopled_template: str, vault: Any) -> Iterator[SetScene]:
    """The record was returned once, written anew, forwarded, graded; its author works on another one again."""
    with cluster.template_from(peopled_template) as database:
        with borrowed_engine(database) as engine, _hands_on(database) as hands:
            house = open_test_house(database, vault, ids_of_people(database, vault), engine)
            scene = _travel(house, hands)
            engine.dispose()
        yield SetScene(template=database.name, scene=scene)


@contextmanager
def _hands_on(database: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(driver_address(database.superuser_url), autocommit=True) as hands:
        yield hands


def _travel(house: TestHouse, hands: psycopg.Connection) -> Scene:
    words = {"abstract": HEAD, "level": "1", "list_item": "VD-M-02"}
    record = submitted(house, text=EARLIER, **words)
    one = Scene(house=house, hands=hands, record=record, other=record)
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
    "a recipient more": "update records set recipient_unit_ids = recipient_unit_ids ||"
        " (select id from units where code = '15BE') where id = $R",
    "a recipient of nothing": "update records set recipient_unit_ids = '{NULL}' where id = $R",
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
