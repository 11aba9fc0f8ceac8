"""Stray queries: an actor's session gives out what the decision allows and no more, and so does the database alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import (
    bindparam,
    case,
    column,
    delete,
    exists,
    false,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Bundle, Session, aliased

from intelhub import records
from intelhub.access import NOBODY, scope_for
from intelhub.access.models import UserRow
from intelhub.audit import record_act
from intelhub.organisation.models import UnitRow
from intelhub.platform.actor import Actor, Place
from intelhub.platform.database import open_engine
from intelhub.platform.errors import NotFound
from intelhub.platform.roles import APP, driver_address
from intelhub.platform.row_scope import ScopeMissing
from intelhub.platform.unit_of_work import ActorSession, UnitsOfWork
from intelhub.records import ListFilter
from intelhub.records.department_queries import OF_AUTHORS, OF_UNITS
from intelhub.records.index_reader import ask_index
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow
from intelhub.records.queries import label_of, list_steps, list_versions
from intelhub.records.unpublished_queries import find_unpublished
from intelhub.search import SearchRequest
from tests.factories.record_world import GRADE, act, decided, drafted, fill, returned, submitted, travelled
from tests.house import content

TABLE = RecordRow.__table__
_of_a_person = RecordRow.author_id == UserRow.id
_core = select(TABLE).subquery()

# What somebody might write who forgot about rows that are not theirs. Each is asked for a record that is not.
FILTERED: dict[str, Callable[[Session, UUID], Any]] = {
    "entity": lambda s, _: s.scalars(select(RecordRow)).all(),
    "columns": lambda s, _: s.execute(select(RecordRow.id, RecordRow.body_ciphertext)).all(),
    "by id": lambda s, i: s.scalars(select(RecordRow).where(RecordRow.id == i)).all(),
    "legacy query": lambda s, _: s.query(RecordRow).all(),
    "count": lambda s, _: s.scalar(select(func.count()).select_from(RecordRow)),
    "count of a column": lambda s, _: s.scalar(select(func.count(RecordRow.id))),
    "exists": lambda s, _: s.scalar(select(select(RecordRow.id).exists())),
    "alias": lambda s, _: s.scalars(select(aliased(RecordRow))).all(),
    "subquery": lambda s, _: s.scalar(select(func.count()).select_from(select(RecordRow.id).subquery())),
    "exists beside another table": lambda s, _: s.execute(select(UserRow.id).where(exists().where(_of_a_person))).all(),
    "scalar subquery": lambda s, _: [
        one
        for one in s.scalars(
            select(select(func.count(RecordRow.id)).where(_of_a_person).scalar_subquery()).select_from(UserRow)
        )
        if one
    ],
    "join": lambda s, _: s.execute(select(UserRow.id).join(RecordRow, _of_a_person)).all(),
    "join from the other side": lambda s, _: s.execute(select(RecordRow.id).join(UserRow, _of_a_person)).all(),
    "union": lambda s, _: s.execute(union_all(select(RecordRow.id), select(RecordRow.id))).all(),
    "union behind another": lambda s, _: s.execute(
        union_all(select(UserRow.id).where(false()), select(RecordRow.id))
    ).all(),
    "cte": lambda s, _: s.execute(select(select(RecordRow.id).cte("found"))).all(),
    "lateral": lambda s, _: s.execute(
        select(UserRow.id).join(select(RecordRow.level).where(_of_a_person).lateral(), true())
    ).all(),
    "departments by unit": lambda s, _: s.scalars(OF_UNITS, {"ids": s.scalars(select(UnitRow.id)).all()}).all(),
    "departments by author": lambda s, _: s.scalars(OF_AUTHORS, {"ids": s.scalars(select(UserRow.id)).all()}).all(),
    "bundle": lambda s, _: s.execute(select(Bundle("one", RecordRow.id, RecordRow.level))).all(),
    "bundle beside another table": lambda s, _: s.execute(
        select(UserRow.id, Bundle("one", RecordRow.id)).where(_of_a_person)
    ).all(),
    "legacy query of another table": lambda s, _: s.query(UserRow.id).join(RecordRow, _of_a_person).all(),
    "only in a case": lambda s, _: s.scalars(
        select(UserRow.id).where(case((exists(select(RecordRow.id).where(_of_a_person)), true()), else_=false()))
    ).all(),
    "versions": lambda s, _: s.scalars(select(RecordVersionRow)).all(),
    "steps": lambda s, _: s.scalars(select(RecordStepRow)).all(),
}
REFUSED: dict[str, Callable[[Session, UUID], Any]] = {
    "text": lambda s, _: s.execute(text("SELECT * FROM records")),
    "text with an excuse": lambda s, _: s.execute(
        text("SELECT * FROM records"), execution_options={"unscoped": "none is good enough"}
    ),
    "entity with an excuse": lambda s, _: s.scalars(
        select(RecordRow), execution_options={"unscoped": "none is good enough"}
    ),
    "alias with an excuse": lambda s, _: s.scalars(
        select(aliased(RecordRow)), execution_options={"unscoped": "none is good enough"}
    ),
    "bare table": lambda s, _: s.execute(select(TABLE)),
    "bare column": lambda s, _: s.execute(select(TABLE.c.id)),
    "bare exists": lambda s, i: s.scalar(select(exists().where(RecordRow.id == i))),
    "get": lambda s, i: s.get(RecordRow, i),
    "merge": lambda s, i: s.merge(RecordRow(id=i, level=0)),
    "bare table joined": lambda s, _: s.execute(
        select(UserRow.id, TABLE.c.level).join(TABLE, TABLE.c.author_id == UserRow.id)
    ),
    "joined and then forgotten": lambda s, _: s.execute(
        select(RecordRow).join(UserRow, _of_a_person).with_only_columns(UserRow.id)
    ),
    "bare table joined and then forgotten": lambda s, _: s.execute(
        select(TABLE).join(UserRow, TABLE.c.author_id == UserRow.id).with_only_columns(UserRow.id)
    ),
    "bare alias joined": lambda s, _: s.execute(
        select(UserRow.id).join(bare := TABLE.alias(), bare.c.author_id == UserRow.id)
    ),
    "bare column only": lambda s, _: s.execute(select(UserRow.id, TABLE.alias().c.level)),
    "bare subquery joined": lambda s, _: s.execute(
        select(UserRow.id, _core.c.level).join(_core, _core.c.author_id == UserRow.id)
    ),
    "bare table in a condition": lambda s, _: s.execute(
        select(UserRow.id).where(UserRow.id.in_(select(TABLE.c.author_id)))
    ),
    "bare table under an entity": lambda s, _: s.execute(
        select(RecordRow.id, select(func.count()).select_from(TABLE).correlate(None).scalar_subquery())
    ),
    "entity over a bare table": lambda s, _: s.scalars(select(aliased(RecordRow, _core))),
    "entity out of text": lambda s, _: s.scalars(select(RecordRow).from_statement(text("SELECT * FROM records"))),
    "entity out of a bare table": lambda s, _: s.scalars(select(RecordRow).from_statement(select(TABLE))),
    "text among columns": lambda s, _: s.execute(select(UserRow.id, text("(SELECT count(*) FROM Records)"))),
    "literal column": lambda s, _: s.execute(
        select(UserRow.id, literal_column("(SELECT count(*) FROM record_versions)"))
    ),
    "text as a source": lambda s, _: s.execute(select(UserRow.id).select_from(text("record_steps"))),
    "nameless table": lambda s, _: s.execute(select(UserRow.id, table("records", column("level")).c.level)),
    "update": lambda s, _: s.execute(update(RecordRow).values(level=0)),
    "update by key": lambda s, i: s.execute(update(RecordRow), [{"id": i, "level": 0}]),
    "update of the table": lambda s, _: s.execute(update(TABLE).values(level=0)),
    "legacy update": lambda s, _: s.query(RecordRow).update({"level": 0}),
    "delete": lambda s, _: s.execute(delete(RecordStepRow)),
    "bulk insert": lambda s, _: s.execute(insert(RecordRow), [{"id": uuid4()}]),
    "legacy bulk insert": lambda s, _: s.bulk_insert_mappings(RecordRow, [{"id": uuid4()}]),
    "legacy bulk update": lambda s, i: s.bulk_update_mappings(RecordRow, [{"id": i, "level": 0}]),
    "legacy bulk save": lambda s, i: s.bulk_save_objects([RecordRow(id=i)]),
    "bare connection": lambda s, _: s.connection().execute(text("SELECT * FROM records")),
}
STRANGERS = ("stranger", "neighbour", "auditor", "operator", "security", "contributor", "hq")


@pytest.fixture
def scope_alone(house):
    """Units of work under a role that row-level security lets through: the session's filter has no second wall."""
    engine = open_engine(house.database.migrator_url, pool_size=1)
    yield UnitsOfWork(engine, house.units.info)
    engine.dispose()


def test_what_can_be_filtered_is_filtered(house, scope_alone):
    record_id = travelled(house, 1)
    strangers = [NOBODY, *(house.actor(username) for username in STRANGERS)]
    leader = house.actor("leader")
    act(house, "analyst", record_id, records.evaluate_record, **GRADE)
    for name, ask in FILTERED.items():
        for actor in strangers:
            with scope_alone.begin(actor, scope_for(actor)) as session:
                assert not ask(session, record_id), (name, actor.username)
        with scope_alone.begin(leader, scope_for(leader)) as session:
            assert ask(session, record_id), (name, "somebody finds it")


def test_a_statement_that_everybody_asks_again_is_filtered_for_each_by_themselves(house, scope_alone):
    """Filtered statements are kept: by the statement and the rights, and by nothing less, in whatever thread."""
    fill(house)
    asked = select(RecordRow.id).where(RecordRow.level <= bindparam("most"))
    actors = [house.actor(username) for username in house.people]
    shown = {}
    for actor in actors:
        with scope_alone.begin(actor, scope_for(actor)) as session:
            shown[actor.user_id] = set(session.execute(select(RecordRow.id, RecordRow.level)).all())
    assert len({frozenset(rows) for rows in shown.values()}) > 5

    def ask(actor: Actor) -> None:
        for most in (3, 0, 1, 3):
            with scope_alone.begin(actor, scope_for(actor)) as session:
                expected = {one for one, level in shown[actor.user_id] if level <= most}
                assert set(session.scalars(asked, {"most": most})) == expected, (actor.username, most)

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(ask, actor) for actor in (*actors, *reversed(actors))]:
            done.result()


def test_what_cannot_be_filtered_is_refused(house, scope_alone):
    record_id = submitted(house)
    for username in ("stranger", "officer"):
        actor = house.actor(username)
        for name, ask in REFUSED.items():
            with scope_alone.begin(actor, scope_for(actor)) as session:
                try:
                    ask(session, record_id)
                except ScopeMissing:
                    session.rollback()
                    continue
            pytest.fail(f"{name}, asked by the {username}, was carried out")


def test_a_session_of_nobody_in_particular_does_nothing(house):
    with ActorSession(house.units.engine, info=house.units.info) as session, pytest.raises(ScopeMissing):
        session.scalars(select(RecordRow))


def write_as_own(session: Session, row: RecordRow, thief: Actor) -> None:
    session.add(row)
    row.author_id, row.exposure = thief.user_id, 3
    session.flush()


def test_a_row_that_is_not_theirs_is_not_written(house, scope_alone):
    """An object that came into a session by a mistake of ours is stopped at the flush."""
    record_id = submitted(house)
    leader, stranger = house.actor("leader"), house.actor("stranger")
    with scope_alone.begin(leader, scope_for(leader)) as session:
        row = session.scalars(select(RecordRow).where(RecordRow.id == record_id)).one()
        session.expunge(row)
    with pytest.raises(ScopeMissing), scope_alone.begin(stranger, scope_for(stranger)) as session:
        write_as_own(session, row, stranger)


def test_what_was_written_higher_stays_there_when_the_record_comes_down(house, scope_alone):
    """The words of a former level, and the comments made then, need the right to that level."""
    record_id = submitted(house, level="1", list_item="VD-M-02")
    with house.acting("leader") as (actor, session):
        row = records.read_record(actor, session, record_id)
        records.return_record(actor, session, record_id, row.summary.row_version, comment="Hạ mức xuống")
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        lower = content(level="0", list_item=None, level_reason="Đã công bố")
        row = records.submit_record(actor, session, record_id, draft.row_version, lower)
        version = row.row_version
    with house.acting("leader") as (actor, session):
        records.lower_level(actor, session, record_id, version, reason="Không thuộc danh mục")
    remote = house.actor("leader", place=Place.REMOTE)
    for units in (house.units, scope_alone):
        with units.begin(remote, scope_for(remote)) as session:
            assert records.read_record(remote, session, record_id).summary.level == 0
            assert list_versions(remote, session, record_id) == []
            assert [step.event for step in list_steps(remote, session, record_id)] == ["lower_level"]
        here = house.actor("leader")
        with units.begin(here, scope_for(here)) as session:
            assert len(list_versions(here, session, record_id)) == 2
            assert len(list_steps(here, session, record_id)) == 4


# The database alone

# Tables that hold a label or sealed bytes and yet have no row-level security, each with the reason why.
EXEMPT = {
    "key_encryption_keys": "wrapped keys: nobody's content, useless without the key file, needed for any row",
    "compartments": "the directory of compartments: opaque ids, and names sealed under a key of the process",
    "users": "the directory of people: their clearance decides what they read and is no content",
}
SEALED = ("sealed", "ciphertext", "wrapped", "label_mac", "digest", "entry")


def tables_of_content(database: Any) -> dict[str, tuple[bool, bool, str]]:
    """Every table with a label or a sealed column: whether row-level security is on, whether forced, and its owner."""
    with psycopg.connect(driver_address(database.superuser_url)) as connection:
        rows = connection.execute(
            "select c.relname, c.relrowsecurity, c.relforcerowsecurity, r.rolname, array_agg(a.attname::text)"
            " from pg_class c join pg_roles r on r.oid = c.relowner"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            " where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace group by 1, 2, 3, 4"
        ).fetchall()
    labels = {"level", "compartments", "clearance", "exposure"}
    return {
        name: (is_on, is_forced, owner)
        for name, is_on, is_forced, owner, columns in rows
        if labels & set(columns) or any(word in one for one in columns for word in SEALED)
    }


def test_every_table_of_content_is_behind_the_second_wall(house):
    found = tables_of_content(house.database)
    assert {"records", "record_versions", "record_steps", "search_tail", "search_segments"} <= set(found)
    assert {"audit_pending", "audit_entries", "credentials"} <= set(found)
    open_ones = {name for name, (is_on, is_forced, _) in found.items() if not (is_on and is_forced)}
    token_tables = {"sessions", "sign_in_throttle"}  # digests of tokens and of addresses: no content, no label
    assert open_ones - token_tables == set(EXEMPT)


def test_the_application_s_role_owns_nothing_and_passes_no_wall(house):
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        (is_super, passes, creates) = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole or rolcreatedb from pg_roles where rolname = %s", (APP,)
        ).fetchone()
        owned = connection.execute(
            "select c.relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = %s", (APP,)
        ).fetchall()
        groups = connection.execute(
            "select 1 from pg_auth_members a join pg_roles m on m.oid = a.member where m.rolname = %s", (APP,)
        ).fetchall()
        functions = connection.execute(
            "select p.proname from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef"
            " and has_function_privilege(%s, p.oid, 'execute') order by 1",
            (APP,),
        ).fetchall()
    assert (is_super, passes, creates) == (False, False, False)
    assert owned == groups == []
    # Functions that run with the owner's rights: two numbers of the backlog, and one record's label.
    assert [name for (name,) in functions] == ["intelhub_audit_backlog", "intelhub_label_for_explaining"]


@pytest.mark.parametrize("context", [None, ""])
def test_without_an_actor_no_table_of_content_shows_a_row(house, context):
    travelled(house, 5)
    returned(house, text="Một nội dung chưa gửi, dài hơn hai mươi chữ.")
    names = sorted(set(tables_of_content(house.database)) - set(EXEMPT) - {"sessions", "sign_in_throttle"})
    with psycopg.connect(driver_address(house.database.app_url)) as connection:
        if context is not None:
            settings = ("actor", "compartments", "units", "departments", "receiving", "author_ceiling", "unit_ceiling",
                        "department_ceiling", "everywhere_ceiling", "dissemination_ceiling", "reads_audit")  # fmt: skip
            for name in settings:
                connection.execute("select set_config(%s, '', true)", (f"intelhub.{name}",))
        for name in names:
            (count,) = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(name))).fetchone()
            assert count == 0, name


CARRIED = text("SELECT pg_backend_pid(), coalesce(current_setting('intelhub.actor', true), '')")


def look(session: Session) -> tuple[int, str, int]:
    """The server's process, whom it serves, and how many records it gives out."""
    backend, told = session.execute(CARRIED, execution_options={"unscoped": "what a connection carries"}).one()
    return backend, told, len(session.scalars(select(RecordRow)).all())


@pytest.fixture
def narrow(house) -> Iterator[UnitsOfWork]:
    """Units of work on one connection that all of them share."""
    engine = open_engine(house.database.app_url, pool_size=1)
    yield UnitsOfWork(engine, house.units.info)
    engine.dispose()


@pytest.mark.parametrize("way", ["begin", "glance"])
def test_a_pooled_connection_carries_nobody_s_rights_on(house, narrow, way):
    """Nothing is put down for nobody: what somebody's transaction was told must have ended with it, failed or not."""
    travelled(house, 5)
    analyst = house.actor("analyst")
    with narrow.begin(analyst, scope_for(analyst)) as session:
        served, told, count = look(session)
    assert (told, count) == (str(analyst.user_id), 1)
    with getattr(narrow, way)(NOBODY, scope_for(NOBODY)) as session:
        assert look(session) == (served, "", 0)
    with narrow.begin(analyst, scope_for(analyst)) as session:
        assert look(session) == (served, told, 1)
        session.rollback()
    with getattr(narrow, way)(NOBODY, scope_for(NOBODY)) as session:
        assert look(session) == (served, "", 0)


def test_a_glance_is_for_nobody(house, narrow):
    """Somebody's context would end with the statement that puts it down, and the next one be filtered by nothing."""
    analyst = house.actor("analyst")
    with pytest.raises(ScopeMissing), narrow.glance(analyst, scope_for(analyst)) as session:
        look(session)


def test_after_a_glance_a_transaction_is_one_again(house, narrow):
    with narrow.glance(NOBODY, scope_for(NOBODY)) as session:
        served, *_ = look(session)
    officer, one = house.actor("officer"), select(RecordRow).where(RecordRow.id == drafted(house))
    with narrow.begin(officer, scope_for(officer)) as session:
        session.scalars(one).one().row_version += 1
        session.flush()
        assert look(session)[0] == served
        session.rollback()
    with narrow.begin(officer, scope_for(officer)) as session:
        assert session.scalars(one).one().row_version == 1


def put_context(connection: Any, actor: Actor) -> None:
    for name, value in scope_for(actor).context().items():
        connection.execute("select set_config(%s, %s, true)", (name, value))


def test_with_somebody_s_context_the_database_alone_gives_what_the_decision_gives(house):
    world = fill(house)
    names = {identity: name for name, identity in world.items()}
    engine = open_engine(house.database.migrator_url, pool_size=1)
    with Session(engine) as session:
        rows = session.scalars(select(RecordRow)).all()
        labels = {row.id: label_of(row) for row in rows}
        steps = {row.id: row.record_id for row in session.scalars(select(RecordStepRow))}
        versions = [
            (row.record_id, row.is_published, row.author_id) for row in session.scalars(select(RecordVersionRow))
        ]
    engine.dispose()
    assert set(labels) == set(world.values())
    seen_by_anybody: set[UUID] = set()
    for username in house.people:
        for place in (Place.ONSITE, Place.REMOTE):
            actor = house.actor(username, place=place)
            allowed = decided(actor, labels)
            seen_by_anybody |= allowed
            who = (username, place, {names[one] for one in allowed})
            with psycopg.connect(driver_address(house.database.app_url)) as connection:
                put_context(connection, actor)
                alone = {one for (one,) in connection.execute("select id from records").fetchall()}
                alone_steps = {one for (one,) in connection.execute("select id from record_steps").fetchall()}
                alone_versions = connection.execute(
                    "select record_id, is_published, author_id from record_versions"
                ).fetchall()
            assert alone == allowed, who
            assert alone_steps == {step for step, record in steps.items() if record in allowed}, who
            assert sorted(alone_versions) == sorted(
                one for one in versions if one[0] in allowed and (one[1] or one[2] == actor.user_id)
            ), who
            with house.acting(username, place=place) as (actor, session):
                check_every_surface(actor, session, labels, allowed, who)
    assert seen_by_anybody == set(labels)


def check_every_surface(actor: Actor, session: Session, labels: Any, allowed: set[UUID], who: Any) -> None:
    """List, count, search, view, steps and versions tell of the same records."""
    assert {line.id for line in records.show_list(actor, session, ListFilter()).lines} == allowed, who
    assert records.count_records(actor, session, ListFilter()) == len(allowed), who
    hits = ask_index(session, SearchRequest(text="", limit=100)).hits
    indexed = {one for one, label in labels.items() if label.exposure > 0}
    assert {hit.record_id for hit in hits} == allowed & indexed, who
    for identity in labels:
        if identity not in allowed:
            for look in (records.read_record, list_steps, list_versions):
                with pytest.raises(NotFound):
                    look(actor, session, identity)
            continue
        assert records.read_record(actor, session, identity).id == identity
        assert bool(list_steps(actor, session, identity)) == (labels[identity].exposure > 0)
        list_versions(actor, session, identity)
        assert labels[identity].author_id == actor.user_id or not find_unpublished(actor, session, identity)


def test_the_database_alone_lets_nobody_lift_a_row_into_their_own_sight(house):
    submitted(house)
    for username in ("stranger", "neighbour", "auditor"):
        actor = house.actor(username)
        with psycopg.connect(driver_address(house.database.app_url)) as connection:
            put_context(connection, actor)
            found = connection.execute("update records set exposure = 3, author_id = %s", (actor.user_id,)).rowcount
            assert found == 0


def test_the_database_alone_lets_an_author_delete_a_draft_and_nobody_anything_else(house):
    sent, back, draft = submitted(house), returned(house), drafted(house)
    for username, gone in (("leader", set()), ("stranger", set()), ("officer", {draft})):
        with psycopg.connect(driver_address(house.database.app_url)) as connection:
            put_context(connection, house.actor(username))
            found = connection.execute(
                "delete from records where id = any(%s) returning id", ([sent, back, draft],)
            ).fetchall()
            assert {one for (one,) in found} == gone, username


def test_nobody_writes_an_entry_of_the_log_in_somebody_else_s_name(house):
    leader = house.actor("leader")
    with pytest.raises(DBAPIError), house.acting("officer") as (_, session):
        record_act(leader, session, "record:read")
