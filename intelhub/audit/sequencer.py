"""Gives waiting entries their place in the tree and signs its root; the only writer of the log, elected by a lock.

It never changes an entry and never signs a tree that does not continue the one it signed before. When the tables are
behind the last checkpoint or differ from it, it stops and says so: waiting entries stay where they are.

It looks every 50 ms and is not woken by NOTIFY: a transaction that notifies holds a lock of the whole server while it
commits, and every act would (16 writers made 300 inserts a second with it and 3,300 without).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from sqlalchemy import Connection, Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from intelhub.audit.entry import EntryDamaged, parse_entry
from intelhub.audit.merkle import Frontier, leaf_hash
from intelhub.audit.models import AuditCheckpoint, AuditEntry, AuditPending, AuditTree
from intelhub.audit.note import Checkpoint, NoteKey, NoteRejected, open_checkpoint, sign_note
from intelhub.crypto import Vault, verify_checkpoint
from intelhub.platform import clock
from intelhub.platform.errors import Tampered
from intelhub.platform.messages import Message

BATCH: Final = 512
SIGN_EVERY_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.05
GATHER_SECONDS: Final = 0.25
_STANDBY_SECONDS = 1.0
_AFTER_DAMAGE_SECONDS = 30.0
_LOCK = 0x696E74656C61  # "intela": the advisory lock of whoever is the sequencer
_LEAVES_AT_ONCE = 10_000

_logger = structlog.get_logger(__name__)


class LogDamaged(Tampered):
    """The tables do not continue what was signed: nothing is appended or signed until somebody has looked."""


def run_sequencer(engine: Engine, vault: Vault, stop: threading.Event) -> None:
    """Serve until `stop` is set: one of all callers on this database works, the others stand by.

    `engine` connects as `intelhub_sequencer`. A lost connection is made again; damage is logged and looked at again
    every 30 seconds. What is waiting when it stops is sequenced and signed before it returns.
    """
    while not stop.is_set():
        try:
            with _elected(engine) as elected:
                if elected is not None:
                    _serve(engine, vault, elected, stop)
            stop.wait(_STANDBY_SECONDS)
        except LogDamaged as damage:
            _logger.critical("audit_log_damaged", reason=str(damage))
            stop.wait(_AFTER_DAMAGE_SECONDS)
        except DBAPIError as problem:
            _logger.warning("audit_sequencer_lost_database", reason=str(problem).splitlines()[0])
            stop.wait(_STANDBY_SECONDS)


def sequence_once(engine: Engine, vault: Vault) -> Checkpoint | None:
    """Sequence and sign everything that waits, once; the newest checkpoint, or None while the log is empty.

    For commands and tests; safe beside a running sequencer. Raises `LogDamaged`.
    """
    check_tree(engine, vault)
    while sequence_batch(engine):
        pass
    sign_tree(engine, vault)
    with engine.begin() as connection:
        last = _last_checkpoint(connection)
        if last is None:
            return None
        return Checkpoint(origin=_tree(connection).origin, size=last.size, root=last.root)


@contextmanager
def _elected(engine: Engine) -> Iterator[Connection | None]:
    """A connection that holds the sequencer's lock, or None when another process is the sequencer."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
            yield None
            return
        try:
            yield connection
        finally:
            # Back in the pool it would still hold the lock.
            connection.invalidate()


def _serve(engine: Engine, vault: Vault, elected: Connection, stop: threading.Event) -> None:
    check_tree(engine, vault)
    _logger.info("audit_sequencer_elected")
    sign_at = time.monotonic()
    is_unsigned = True
    while not stop.is_set():
        # Asked of the connection that holds the lock: when it is lost, so is the election.
        moved = sequence_batch(engine) if _is_any_waiting(elected) else 0
        is_unsigned = is_unsigned or moved > 0
        if is_unsigned and time.monotonic() >= sign_at:
            sign_tree(engine, vault)
            is_unsigned = False
            sign_at = time.monotonic() + SIGN_EVERY_SECONDS
        if moved < BATCH:
            # Under load, fewer and longer batches: what a batch costs beside its entries, the pages wait for.
            stop.wait(GATHER_SECONDS if moved else POLL_SECONDS)
    while sequence_batch(engine):
        pass
    sign_tree(engine, vault)


def _is_any_waiting(connection: Connection) -> bool:
    return connection.scalar(select(AuditPending.id).limit(1)) is not None


def sequence_batch(engine: Engine, most: int = BATCH) -> int:
    """Move at most `most` waiting entries into the tree in one transaction; returns how many. Raises `LogDamaged`."""
    with engine.begin() as connection:
        # One writer at a time, even while an old sequencer has not noticed yet that it lost the election.
        tree = _tree(connection, for_update=True)
        waiting = connection.execute(
            select(AuditPending.id, AuditPending.entry).order_by(AuditPending.pos).limit(most)
        ).all()
        if not waiting:
            return 0
        rows: list[dict[str, object]] = []
        leaves: list[bytes] = []
        for pending_id, written in waiting:
            try:
                columns = parse_entry(written).columns()
            except EntryDamaged as damage:
                raise LogDamaged(
                    Message(
                        "The waiting audit entry %(id)s is damaged: %(reason)s. Nothing is appended until it is gone.",
                        {"id": pending_id, "reason": str(damage)},
                    )
                ) from None
            leaves.append(leaf_hash(written))
            rows.append({"seq": tree.size + len(rows), "entry": written, "leaf_hash": leaves[-1], **columns})
        grown = tree.frontier.extended(leaves)
        connection.execute(insert(AuditEntry), rows)
        connection.execute(delete(AuditPending).where(AuditPending.id.in_([row.id for row in waiting])))
        connection.execute(update(AuditTree).values(size=grown.size, frontier=grown.packed()))
        return len(rows)


def sign_tree(engine: Engine, vault: Vault) -> Checkpoint | None:
    """Sign the tree as it stands; None when it has not grown. Raises `LogDamaged` when it is behind.

    The checkpoint is committed before anybody can see it, and the lock on the tree's row lets one signer in at a time.
    """
    with engine.begin() as connection:
        tree = _tree(connection, for_update=True)
        last = _last_checkpoint(connection)
        signed_size = last.size if last else 0
        if tree.size < signed_size:
            raise _behind(tree.size, signed_size)
        if tree.size == signed_size:
            return None
        checkpoint = Checkpoint(origin=tree.origin, size=tree.size, root=tree.frontier.root())
        note = sign_note(checkpoint.body(), _key(tree, vault), vault.sign_checkpoint)
        connection.execute(
            insert(AuditCheckpoint).values(size=checkpoint.size, root=checkpoint.root, signed_at=clock.now(), note=note)
        )
        return checkpoint


def check_tree(engine: Engine, vault: Vault) -> None:
    """Compare the tables with the last checkpoint, from the leaves up; raises `LogDamaged` with what differs."""
    # One snapshot: another sequencer may be appending meanwhile.
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        last = _last_checkpoint(connection)
        tree = _tree(connection)
        frontier = Frontier()
        signed_root = frontier.root()
        signed_size = last.size if last else 0
        leaves = select(AuditEntry.leaf_hash).order_by(AuditEntry.seq)
        streamed = connection.execution_options(yield_per=_LEAVES_AT_ONCE).execute(leaves)
        for partition in streamed.partitions():
            hashes = [row.leaf_hash for row in partition]
            into = signed_size - frontier.size
            if 0 < into <= len(hashes):
                signed_root = frontier.extended(hashes[:into]).root()
            frontier = frontier.extended(hashes)
    if last is not None:
        _check_signed(last, _key(tree, vault))
        if frontier.size < signed_size:
            raise _behind(frontier.size, signed_size)
        if signed_root != last.root:
            raise LogDamaged(
                Message(
                    "The first %(size)d entries of the audit log are not those that were signed. "
                    "Run “intelhub audit verify”, keep this database and restore the log.",
                    {"size": signed_size},
                )
            )
    if frontier != tree.frontier:
        raise LogDamaged(
            "The audit log has other entries than its tree says. "
            "Run “intelhub audit verify”, keep this database and restore the log."
        )


def _check_signed(last: AuditCheckpoint, key: NoteKey) -> None:
    try:
        signed = open_checkpoint(last.note, key, verify_checkpoint)
    except NoteRejected as problem:
        raise LogDamaged(
            Message(
                "The last checkpoint of the audit log is not one of ours: %(reason)s. "
                "Is this the key file that belongs to this database?",
                {"reason": str(problem)},
            )
        ) from None
    if (signed.size, signed.root) != (last.size, last.root):
        raise LogDamaged("The last checkpoint of the audit log says something else than what was signed.")


def _behind(size: int, signed_size: int) -> LogDamaged:
    return LogDamaged(
        Message(
            "The audit log has %(size)d entries, and %(signed)d were signed: the newest are missing. "
            "Nothing is signed until they are back; after a restore from a backup a new log has to be begun.",
            {"size": size, "signed": signed_size},
        )
    )


class _Tree:
    """The tree's row with its edge unpacked."""

    def __init__(self, row: AuditTree) -> None:
        self.origin = row.origin
        self.size = row.size
        try:
            self.frontier = Frontier.unpacked(row.size, row.frontier)
        except ValueError as problem:
            raise LogDamaged(
                Message("The edge of the audit log's tree is damaged: %(reason)s.", {"reason": str(problem)})
            ) from None


def _tree(connection: Connection, *, for_update: bool = False) -> _Tree:
    wanted = select(AuditTree.origin, AuditTree.size, AuditTree.frontier)
    rows = connection.execute(wanted.with_for_update() if for_update else wanted).all()
    if len(rows) != 1:
        raise LogDamaged("The audit log has lost the row that says how far its tree reaches.")
    return _Tree(AuditTree(origin=rows[0].origin, size=rows[0].size, frontier=rows[0].frontier))


def _last_checkpoint(connection: Connection) -> AuditCheckpoint | None:
    row = connection.execute(
        select(AuditCheckpoint.size, AuditCheckpoint.root, AuditCheckpoint.note)
        .order_by(AuditCheckpoint.size.desc())
        .limit(1)
    ).first()
    return None if row is None else AuditCheckpoint(size=row.size, root=row.root, note=row.note)


def _key(tree: _Tree, vault: Vault) -> NoteKey:
    return NoteKey(name=tree.origin, public_key=vault.checkpoint_public_key)
