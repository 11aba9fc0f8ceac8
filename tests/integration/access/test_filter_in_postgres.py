"""The SQL rendering of the filter and row-level security, asked of PostgreSQL about every kind of label."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    Column,
    Integer,
    MetaData,
    NullPool,
    Table,
    Text,
    Uuid,
    create_engine,
    delete,
    insert,
    select,
    true,
)

from intelhub.access import Label, read_filter, scope_for
from intelhub.access.decision import decide
from intelhub.platform.unit_of_work import UnitsOfWork
from tests.factories.access_rights import ACTIONS, POLICY_SEEDS, actors, labels, policy_of

LABELS = Table(
    "trial_labels",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("level", Integer),
    Column("compartments", ARRAY(Uuid)),
    Column("owning_unit_id", Uuid),
    Column("origin_department_id", Uuid),
    Column("author_id", Uuid),
    Column("handling", Text),
    Column("exposure", Integer),
    Column("state", Text),
    Column("recipient_unit_ids", ARRAY(Uuid)),
)


class TrialColumns:
    """The columns of the trial table under a label's names; nothing beside it lists what was shared with a unit."""

    def __getattr__(self, name):
        return LABELS.c[name]

    def may_be_shared_with(self, _):
        return true()


COLUMNS = TrialColumns()


def rule_of_records(number: str, name: str) -> str:
    path = next(Path(__file__).resolve().parents[3].glob(f"migrations/versions/{number}_*.py"))
    spec = importlib.util.spec_from_file_location(f"migration_{number}", path)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    return getattr(migration, name)


@pytest.fixture
def engine(database):
    superuser = create_engine(database.superuser_url, poolclass=NullPool)
    with superuser.begin() as connection:
        LABELS.metadata.create_all(connection)
        connection.exec_driver_sql(f"""
            ALTER TABLE trial_labels ENABLE ROW LEVEL SECURITY;
            GRANT SELECT, INSERT, DELETE ON trial_labels TO intelhub_app, intelhub_worker;
            CREATE POLICY everything ON trial_labels TO intelhub_worker USING (true) WITH CHECK (true);
            CREATE POLICY readable ON trial_labels TO intelhub_app USING ({rule_of_records("0006", "_READABLE")});
            CREATE POLICY received ON trial_labels FOR SELECT TO intelhub_app
                USING ({rule_of_records("0028", "_RECEIVED")});
        """)
    app, worker = (create_engine(url) for url in (database.app_url, database.worker_url))
    yield app, worker
    for one in (superuser, app, worker):
        one.dispose()


def columns_of(number: int, label: Label) -> dict[str, object]:
    return {
        "id": number,
        "level": label.level,
        "compartments": sorted(label.compartments),
        "owning_unit_id": label.owning_unit_id,
        "origin_department_id": label.origin_department_id,
        "author_id": label.author_id,
        "handling": label.handling,
        "exposure": label.exposure,
        "state": label.state,
        "recipient_unit_ids": sorted(label.recipient_unit_ids),
    }


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    actor=actors(),
    some=st.lists(labels(), min_size=1, max_size=25),
    seed=st.sampled_from(POLICY_SEEDS),
    action=st.sampled_from(ACTIONS),
)
def test_sql_rendering_equals_the_decision(engine, actor, some, seed, action):
    _, worker = engine
    policy = policy_of(seed)
    compiled = read_filter(actor, f"record.{action}", policy=policy)
    expected = {number for number, one in enumerate(some) if decide(actor, action, one, policy=policy).allowed}
    with worker.connect() as connection:
        connection.execute(insert(LABELS), [columns_of(number, one) for number, one in enumerate(some)])
        found = set(connection.scalars(select(LABELS.c.id).where(compiled.where(COLUMNS))))
        connection.rollback()
    assert found == expected


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actor=actors(), some=st.lists(labels(), min_size=1, max_size=25))
def test_row_level_security_never_hides_what_the_filter_shows(engine, actor, some):
    app, worker = engine
    scope = scope_for(actor)
    with worker.begin() as connection:
        connection.execute(insert(LABELS), [columns_of(number, one) for number, one in enumerate(some)])
    try:
        with UnitsOfWork(app, {}).begin(actor, scope) as session:
            options = {"unscoped": "the second wall alone is tried"}
            seen = set(session.scalars(select(LABELS.c.id), execution_options=options))
            kept = select(LABELS.c.id).where(scope.records.where(COLUMNS))
            filtered = set(session.scalars(kept, execution_options=options))
    finally:
        with worker.begin() as connection:
            connection.execute(delete(LABELS))
    assert filtered == {number for number, one in enumerate(some) if scope.records.admits(one)}
    assert filtered <= seen
    # Wider only by the ceilings of a reach: never by compartments, place or an actor without posts.
    for number in seen:
        assert some[number].compartments <= actor.compartments
        assert some[number].level <= actor.ceiling
    if not actor.posts:
        assert not seen


def test_without_an_actor_nothing_is_seen(engine):
    app, worker = engine
    one = Label(
        kind="record",
        object_id=UUID(int=1),
        level=0,
        owning_unit_id=UUID(int=2),
        origin_department_id=UUID(int=2),
        author_id=UUID(int=3),
        exposure=3,
    )
    with worker.begin() as connection:
        connection.execute(insert(LABELS), [columns_of(1, one)])
    with app.connect() as connection:
        assert connection.scalars(select(LABELS.c.id)).all() == []
