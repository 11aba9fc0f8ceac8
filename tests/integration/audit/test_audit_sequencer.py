"""The sequencer: contiguous, elected, never behind what it signed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from intelhub.audit import LogDamaged, record_act, run_sequencer
from intelhub.audit.merkle import leaf_hash, root_of
from intelhub.audit.models import AuditCheckpoint, AuditEntry, AuditPending
from intelhub.audit.note import NoteKey, open_checkpoint
from intelhub.audit.sequencer import check_tree, sequence_batch, sign_tree
from intelhub.crypto import Vault, create_key_file, verify_checkpoint
from intelhub.platform.actor import Actor


@contextmanager
def running(log, count: int = 1):
    stop = threading.Event()
    threads = [threading.Thread(target=run_sequencer, args=(log.sequencer, log.vault, stop)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def scalar(log, statement):
    with log.superuser.connect() as connection:
        return connection.scalar(statement)


def test_entries_stand_in_the_order_of_their_acts_and_the_root_is_theirs(log, actor):
    assert log.sequence() is None
    log.act(actor, count=3)
    log.act(actor, count=2)
    checkpoint = log.sequence()
    with log.worker.connect() as connection:
        rows = connection.execute(
            select(AuditEntry.seq, AuditEntry.entry, AuditEntry.at).order_by(AuditEntry.seq)
        ).all()
        note = connection.scalar(select(AuditCheckpoint.note))
    assert [row.seq for row in rows] == [0, 1, 2, 3, 4]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert checkpoint.root == root_of(leaf_hash(row.entry) for row in rows)
    key = NoteKey(name=checkpoint.origin, public_key=log.vault.checkpoint_public_key)
    assert open_checkpoint(note, key, verify_checkpoint) == checkpoint


def test_a_long_backlog_goes_in_batches(log, actor):
    log.act(actor, count=1100)
    assert [sequence_batch(log.sequencer) for _ in range(4)] == [512, 512, 76, 0]
    assert sign_tree(log.sequencer, log.vault).size == 1100
    assert sign_tree(log.sequencer, log.vault) is None
    assert log.verify().holds


def test_a_late_commit_comes_later_and_leaves_no_gap(log, actor):
    with log.begin(actor) as slow:
        record_act(actor, slow, "trial:read", rule="slow")
        slow.flush()
        log.act(actor, rule="quick")
        log.sequence()
    log.sequence()
    with log.worker.connect() as connection:
        assert connection.execute(select(AuditEntry.seq, AuditEntry.rule).order_by(AuditEntry.seq)).all() == [
            (0, "quick"),
            (1, "slow"),
        ]
    assert log.verify().holds


def test_many_writers_and_two_sequencers_make_one_chain(log):
    def write(_: int) -> None:
        actor = Actor(user_id=uuid4(), username="one of many")
        for _ in range(15):
            log.act(actor, count=2)

    with running(log, count=2), ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
        until(lambda: scalar(log, select(func.count()).select_from(AuditPending)) == 0)
    result = log.verify()
    assert result.holds
    assert (result.size, result.waiting) == (240, 0)
    assert result.last_checkpoint.size == 240


def test_an_act_is_in_the_tree_and_signed_within_moments(log, actor):
    with running(log):
        log.act(actor)
        until(lambda: scalar(log, select(func.max(AuditCheckpoint.size))) == 1, seconds=5)
        log.act(actor)
        until(lambda: scalar(log, select(func.max(AuditEntry.seq))) == 1, seconds=5)


def test_another_takes_over_when_the_sequencer_loses_its_connection(log, actor):
    with running(log, count=2):
        log.act(actor)
        until(lambda: scalar(log, select(func.max(AuditEntry.seq))) == 0)
        with log.superuser.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'intelhub_sequencer' AND datname = current_database()"
                )
            )
        log.act(actor)
        until(lambda: scalar(log, select(func.max(AuditEntry.seq))) == 1)
    assert log.verify().holds


def test_a_log_that_was_never_signed_is_verified_too(log, actor):
    log.act(actor)
    result = log.verify()
    assert (result.waiting, result.size, result.checkpoints) == (1, 0, 0)
    assert result.holds


def test_what_waits_at_the_end_is_sequenced_and_signed(log, actor):
    with running(log):
        log.act(actor, count=700)
    result = log.verify()
    assert (result.waiting, result.size) in {(0, 700), (700, 0)}  # it may have ended before it was elected
    assert result.holds
    if result.size:
        assert result.last_checkpoint.size == 700


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("DELETE FROM audit_entries WHERE seq = 4", "newest are missing"),
        ("DELETE FROM audit_entries WHERE seq = 1", "newest are missing"),
        ("UPDATE audit_entries SET leaf_hash = sha256('x') WHERE seq = 1", "not those that were signed"),
        ("UPDATE audit_tree SET size = 0, frontier = ''", "other entries than its tree"),
        ("UPDATE audit_tree SET frontier = ''", "edge"),
        ("DELETE FROM audit_tree", "lost the row"),
        ("UPDATE audit_checkpoints SET root = sha256('x')", "something else than what was signed"),
        ("UPDATE audit_checkpoints SET note = 'x'", "not one of ours"),
    ],
)
def test_it_neither_appends_nor_signs_on_tables_that_do_not_continue(log, actor, damage, sentence):
    log.act(actor, count=5)
    log.sequence()
    with log.superuser.begin() as connection:
        connection.execute(text(damage))
    log.act(actor)
    with pytest.raises(LogDamaged, match=sentence):
        log.sequence()
    assert scalar(log, select(func.count()).select_from(AuditPending)) == 1


def test_a_tree_that_is_behind_is_not_signed_even_without_looking_at_leaves(log, actor):
    log.act(actor, count=5)
    log.sequence()
    with log.superuser.begin() as connection:
        connection.execute(text("UPDATE audit_tree SET size = 0, frontier = ''"))
    with pytest.raises(LogDamaged, match="newest are missing"):
        sign_tree(log.sequencer, log.vault)


def test_a_strange_key_file_signs_nothing(log, actor, tmp_path):
    log.act(actor)
    log.sequence()
    tmp_path.chmod(0o700)
    strange = Vault(create_key_file(tmp_path / "root.key", "an invented passphrase", demo=True))
    with pytest.raises(LogDamaged, match="key file"):
        check_tree(log.sequencer, strange)


def test_a_damaged_waiting_entry_stops_the_line_and_is_named(log, actor):
    log.act(actor)
    with log.superuser.begin() as connection:
        damaged = connection.scalar(text("UPDATE audit_pending SET entry = entry || ' '::bytea RETURNING id"))
    with pytest.raises(LogDamaged, match=str(damaged)):
        log.sequence()
