"""Writing acts down as the application, under row-level security."""

from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from intelhub.audit import (
    SYSTEM_ACTOR_ID,
    Criteria,
    EntryTooLarge,
    ObjectRef,
    get_chain_status,
    get_entry,
    list_objects,
    newest_digest,
    parse_entry,
    record_act,
    reference_of,
    search_entries,
    unseal,
)
from intelhub.audit.models import AuditEntry, AuditPending
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound

READ = "trial:read"
NOBODY = Actor(user_id=SYSTEM_ACTOR_ID, username="")


def waiting(log) -> list[bytes]:
    with log.worker.connect() as connection:
        return list(connection.scalars(select(AuditPending.entry).order_by(AuditPending.pos)))


def test_an_act_is_written_with_its_transaction(log, actor):
    record_id = uuid4()
    log.act(actor, object=ObjectRef("record", record_id), object_version=3, digest=bytes(32), level=2, rule="p1")
    (written,) = waiting(log)
    entry = parse_entry(written)
    assert (entry.actor_id, entry.object_ref, entry.object_version) == (
        actor.user_id,
        ObjectRef("record", record_id),
        3,
    )
    assert (entry.level, entry.rule, entry.request_id, entry.place) == (2, "p1", actor.request_id, "onsite")


def test_an_act_that_is_rolled_back_leaves_no_entry(log, actor):
    def act_and_fail() -> None:
        with log.begin(actor) as session:
            record_act(actor, session, READ)
            session.flush()
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError, match="the act failed"):
        act_and_fail()
    assert waiting(log) == []


def test_sensitive_parts_are_for_the_auditors_key_alone(log, actor, audit_keys):
    log.act(actor, sensitive={"query": "phụ tùng ô tô"})
    (written,) = waiting(log)
    assert b"query" not in written
    assert unseal(parse_entry(written), audit_keys[1]) == {"query": "phụ tùng ô tô"}


def test_an_undeclared_act_and_one_too_long_are_refused(log, actor):
    with log.begin(actor) as session:
        with pytest.raises(LookupError):
            record_act(actor, session, "trial:never-declared")
        with pytest.raises(EntryTooLarge):
            record_act(actor, session, READ, sensitive={"query": "x" * 9000})
    assert waiting(log) == []


def test_four_thousand_bytes_of_query_beside_a_full_page_fit(log, actor):
    log.act(actor, sensitive={"query": "x" * 4000}, shown=[uuid4() for _ in range(50)], rule="a rule of the policy")
    assert len(waiting(log)) == 1


def test_nobody_writes_in_another_name(log, actor):
    for said in (uuid4(), None):
        with pytest.raises(DBAPIError, match="row-level security"), log.begin(NOBODY, said=said) as session:
            record_act(actor, session, READ)
    with pytest.raises(DBAPIError, match="row-level security"), log.begin(actor) as session:
        record_act(NOBODY, session, READ)
    assert waiting(log) == []


def test_who_is_not_signed_in_is_written_as_nobody(log):
    log.act(NOBODY, decision="deny", rule="wrong_password")
    assert parse_entry(waiting(log)[0]).actor_id == SYSTEM_ACTOR_ID


def test_columns_cannot_say_something_else_than_the_entry(log, actor):
    log.act(actor, object_version=7, digest=bytes(32))
    for change in (
        "object_id = gen_random_uuid()",
        "object_version = 8",
        "digest = sha256('x')",
        "decision = 'deny'",
        "action = 'trial:other'",
        "actor_id = gen_random_uuid()",
    ):
        with pytest.raises(DBAPIError, match="columns_equal_entry"), log.superuser.begin() as connection:
            connection.execute(text(f"UPDATE audit_pending SET {change}"))


FORBIDDEN = [
    ("app", "DELETE FROM audit_pending"),
    ("app", "UPDATE audit_pending SET rule = ''"),
    ("app", "INSERT INTO audit_entries SELECT * FROM audit_entries"),
    ("app", "UPDATE audit_entries SET rule = ''"),
    ("app", "DELETE FROM audit_entries"),
    ("app", "TRUNCATE audit_entries"),
    ("app", "UPDATE audit_tree SET size = 0"),
    ("app", "DELETE FROM audit_checkpoints"),
    ("worker", "DELETE FROM audit_pending"),
    ("worker", "UPDATE audit_entries SET rule = ''"),
    ("worker", "DELETE FROM audit_entries"),
    ("worker", "UPDATE audit_tree SET size = 0"),
    ("sequencer", "UPDATE audit_pending SET rule = ''"),
    ("sequencer", "INSERT INTO audit_pending DEFAULT VALUES"),
    ("sequencer", "UPDATE audit_entries SET rule = ''"),
    ("sequencer", "DELETE FROM audit_entries"),
    ("sequencer", "UPDATE audit_checkpoints SET note = ''"),
    ("sequencer", "DELETE FROM audit_checkpoints"),
    ("sequencer", "INSERT INTO audit_tree VALUES ('another', 0, '')"),
]


def test_no_role_may_change_what_is_written(log):
    # One database for all of them: nothing gets through, so nothing changes.
    for role, statement in FORBIDDEN:
        with pytest.raises(DBAPIError, match="permission denied"), getattr(log, role).begin() as connection:
            connection.execute(text(statement))


def test_the_owner_of_the_tables_cannot_change_entries_either(log, actor):
    log.act(actor)
    log.sequence()
    with log.superuser.begin() as connection:
        connection.execute(text("SET LOCAL ROLE intelhub_owner"))
        for statement in ("UPDATE audit_entries SET rule = 'x'", "DELETE FROM audit_entries"):
            assert connection.execute(text(statement)).rowcount == 0


def test_only_auditors_read_the_log(log, actor):
    log.act(actor)
    log.sequence()
    log.act(actor)
    with log.begin(actor) as session:
        assert search_entries(actor, session, Criteria()).entries == ()
        assert session.scalars(select(AuditPending.id)).all() == []
        with pytest.raises(NotFound):
            get_entry(actor, session, 0)
    with log.begin(actor, reads_audit=True) as session:
        assert get_entry(actor, session, 0).is_intact
        assert len(session.scalars(select(AuditPending.id)).all()) == 1
    with log.app.connect() as connection:
        assert connection.scalars(select(AuditEntry.seq)).all() == []


def test_auditors_search_by_everything_they_may_know(log, actor):
    other = Actor(user_id=uuid4(), username="binh.tran")
    record_id = uuid4()
    log.act(actor, object=ObjectRef("record", record_id))
    log.act(actor, object=None, shown=[uuid4(), record_id])
    log.act(other, decision="deny", rule="no_clearance")
    log.sequence()
    with log.begin(actor, reads_audit=True) as session:

        def found(**wanted) -> list[int]:
            return [each.seq for each in search_entries(actor, session, Criteria(**wanted)).entries]

        assert found() == [2, 1, 0]
        assert found(actor_id=other.user_id) == [2]
        assert found(object_ids=(record_id,)) == [1, 0]
        assert found(object_ids=()) == []
        assert list_objects(actor, session, reference_of(record_id)) == (record_id,)
        assert list_objects(actor, session, "00000000-0000") == ()
        assert found(decision="deny") == [2]
        assert found(action=READ) == [2, 1, 0]
        assert found(action="trial:never") == []
        assert found(request_id=actor.request_id) == [1, 0]
        second = get_entry(actor, session, 1).entry.at
        assert found(since=second) == [2, 1]
        assert found(until=second) == [0]


def test_an_object_that_only_lists_showed_is_found_by_its_reference(log, actor):
    shown, other = uuid4(), uuid4()
    log.act(actor, object=None, shown=[shown, other])
    log.sequence()
    with log.begin(actor, reads_audit=True) as session:
        assert list_objects(actor, session, reference_of(shown)) == (shown,)
        assert [one.seq for one in search_entries(actor, session, Criteria(object_ids=(shown,))).entries] == [0]
    with log.begin(actor) as session:
        assert list_objects(actor, session, reference_of(shown)) == ()


def test_pages_hang_together(log, actor):
    log.act(actor, count=7)
    log.sequence()
    with log.begin(actor, reads_audit=True) as session:
        seen, before = [], None
        while True:
            page = search_entries(actor, session, Criteria(), before=before, limit=3)
            seen += [each.seq for each in page.entries]
            before = page.next_before
            if before is None:
                break
        newer, after = [], 0
        while after is not None:
            page = search_entries(actor, session, Criteria(), after=after, limit=3)
            newer = [each.seq for each in page.entries] + newer
            after = page.next_after
        first = search_entries(actor, session, Criteria(), before=2, limit=3)
        beyond = search_entries(actor, session, Criteria(), after=6)
    assert seen == [6, 5, 4, 3, 2, 1, 0]
    assert newer == [6, 5, 4, 3, 2, 1]
    assert (first.next_before, first.next_after) == (None, 1)
    assert (beyond.entries, beyond.next_before, beyond.next_after) == ((), 7, None)


def test_the_newest_digest_goes_by_version_and_knows_what_waits(log, actor):
    of_record = ObjectRef("record", uuid4())
    old, new, newer = (bytes([number]) * 32 for number in range(3))
    with log.begin(actor, reads_audit=True) as session:
        assert newest_digest(session, of_record.id) is None
    log.act(actor, object=of_record, object_version=1, digest=old)
    log.act(actor, object=of_record, object_version=2, digest=new)
    log.act(actor, object=of_record, object_version=1, digest=old)  # a reader who was a moment late
    log.act(actor, object=of_record, object_version=9)  # no digest, no word about the content
    for _ in range(2):
        with log.begin(actor, reads_audit=True) as session:
            newest = newest_digest(session, of_record.id)
            assert newest is not None
            assert (newest.object_version, newest.digest) == (2, new)
        log.sequence()
    log.act(actor, object=of_record, object_version=2, digest=newer)
    with log.begin(actor, reads_audit=True) as session:
        newest = newest_digest(session, of_record.id)
        assert newest is not None
        assert newest.digest == newer


def test_the_state_of_the_chain_needs_no_actor_and_shows_no_entry(log, actor):
    log.act(actor, count=2)
    with log.begin(NOBODY) as session:
        status = get_chain_status(session)
        assert (status.size, status.signed_size, status.waiting, status.is_late) == (0, 0, 2, False)
        assert status.oldest_waiting_seconds is not None
    checkpoint = log.sequence()
    with log.begin(NOBODY) as session:
        status = get_chain_status(session)
    assert (status.size, status.signed_size, status.waiting) == (2, 2, 0)
    assert (status.origin, status.root) == (checkpoint.origin, checkpoint.root)
    assert status.oldest_waiting_seconds is None


def test_waiting_too_long_is_noticed(log, actor, monkeypatch):
    monkeypatch.setattr("intelhub.audit.queries.LATE_SECONDS", -1.0)
    log.act(actor)
    with log.begin(NOBODY) as session:
        assert get_chain_status(session).is_late
