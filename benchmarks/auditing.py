"""Audit appends: a waiting entry and the sequencer, against chaining inside each request."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from sqlalchemy import text

from benchmarks.bench import Bench, Figure
from benchmarks.serving import superuser_engine
from intelhub.audit import Entry, ObjectRef
from intelhub.audit.merkle import Frontier, leaf_hash
from intelhub.platform.roles import driver_address
from intelhub.records import actions
from intelhub.settings import Settings

PART = "auditing"
_PROCESSES, _THREADS, _SECONDS, _MOST = 2, 8, 4.0, 20_000
_ACTOR = UUID(int=77)
_TABLES = """
CREATE TABLE bench_entries (LIKE audit_entries INCLUDING ALL);
CREATE TABLE bench_tree (LIKE audit_tree INCLUDING ALL);
INSERT INTO bench_tree VALUES ('bench', 0, '');
GRANT SELECT, INSERT ON bench_entries TO intelhub_app;
GRANT SELECT, UPDATE ON bench_tree TO intelhub_app;
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """Acts a second until the last one stands in the tree, with as many writers either way."""
    engine = superuser_engine(bench.installation.var)
    with engine.begin() as connection:
        for statement in filter(None, map(str.strip, _TABLES.split(";"))):
            connection.execute(text(statement))
    chained, chained_seconds = _write(bench, "chained")
    begin = time.perf_counter()
    waiting, written_seconds = _write(bench, "waiting")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(text("SELECT EXISTS (SELECT FROM audit_pending)")).scalar_one():
            time.sleep(0.02)
    whole_seconds = time.perf_counter() - begin
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE bench_entries, bench_tree"))
    engine.dispose()
    slow, written, placed = chained / chained_seconds, waiting / written_seconds, waiting / whole_seconds
    words = f"chained inside each request {slow:.0f}/s; waiting entries written {written:.0f}/s"
    yield Figure(
        part=PART,
        what=f"audit appends by {_PROCESSES * _THREADS} writers, until they are committed, against chaining",
        size=bench.size,
        value=written / slow,
        unit="x",
        words=words,
        at_least=5.0,
    )
    yield Figure(
        part=PART,
        what="the same, until the sequencer has placed the last one",
        size=bench.size,
        value=placed / slow,
        unit="x",
        words=f"{placed:.0f}/s; {waiting} entries",
    )


def _write(bench: Bench, way: str) -> tuple[int, float]:
    """How many were written, and in which time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, mp_context=context) as pool:
        parts = [pool.submit(_writer_process, bench.installation.var, way) for _ in range(_PROCESSES)]
        counts, seconds = zip(*(part.result() for part in parts), strict=True)
    return sum(counts), max(seconds)


def _writer_process(var: Path, way: str) -> tuple[int, float]:
    address = driver_address(Settings.load(var, {}).url_for("app"))
    append = {"chained": _append_chained, "waiting": _append_waiting}[way]
    counts = [0] * _THREADS
    threads = [threading.Thread(target=_work, args=(address, append, counts, place)) for place in range(_THREADS)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.perf_counter() - begin


def _work(address: str, append: Callable[[psycopg.Connection], None], counts: list[int], place: int) -> None:
    deadline = time.monotonic() + _SECONDS
    with psycopg.connect(address) as connection:
        while time.monotonic() < deadline and counts[place] < _MOST:
            connection.execute("SELECT set_config('intelhub.actor', %s, true)", (str(_ACTOR),))
            append(connection)
            connection.commit()
            counts[place] += 1


def _entry() -> Entry:
    return Entry(
        at=datetime.now(UTC),
        actor_id=_ACTOR,
        unit_id=_ACTOR,
        place="onsite",
        action=actions.READ,
        object_ref=ObjectRef("record", uuid4()),
        object_version=3,
        rule="analyst, 2, record, read, department, 3, H0, -",
        level=1,
        request_id=uuid4(),
    )


def _append_waiting(connection: psycopg.Connection) -> None:
    entry = _entry()
    _insert(connection, "audit_pending", {"id": uuid4(), "entry": entry.canonical(), **entry.columns()})


def _append_chained(connection: psycopg.Connection) -> None:
    """The act waits for its place in the tree: one writer at a time, from the lock to the commit."""
    entry = _entry()
    row = connection.execute("SELECT size, frontier FROM bench_tree FOR UPDATE").fetchone()
    assert row is not None
    leaf = leaf_hash(entry.canonical())
    grown = Frontier.unpacked(row[0], row[1]).extended([leaf])
    written = {"seq": row[0], "entry": entry.canonical(), "leaf_hash": leaf, **entry.columns()}
    _insert(connection, "bench_entries", written)
    connection.execute("UPDATE bench_tree SET size = %s, frontier = %s", (grown.size, grown.packed()))


def _insert(connection: psycopg.Connection, table: str, row: Mapping[str, object]) -> None:
    names, marks = sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(sql.Placeholder() * len(row))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, marks)
    connection.execute(statement, list(row.values()))
