"""Audit appends: a waiting entry and the sequencer, against chaining inside each request; pgbench is the writer.

A request writes its entry before it reveals anything and commits when its page is made: a chain's lock is held for as
long. `_PAGE_MILLISECONDS` stands for that, well below what any page of ours takes after its entry (see the bare page
of the part "opening"). The same without any work in between is measured beside it: the two ways at their barest.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import URL, Engine, make_url, text

from benchmarks.bench import Bench, Figure
from benchmarks.serving import superuser_engine
from intelhub.audit import Entry
from intelhub.platform.embedded_postgres import find_programs
from intelhub.records import actions

PART = "auditing"
_WRITERS, _SECONDS = 16, 5
_PAGE_MILLISECONDS = 5
_ACTOR = UUID(int=77)
_PROCESSED = re.compile(r"transactions actually processed: (\d+)")
_RATE = re.compile(r"tps = ([\d.]+)")
_TABLES = """
CREATE TABLE bench_entries (LIKE audit_entries INCLUDING ALL);
CREATE TABLE bench_chain (size bigint NOT NULL, head bytea NOT NULL);
INSERT INTO bench_chain VALUES (0, '');
GRANT SELECT, INSERT ON bench_entries TO intelhub_app;
GRANT SELECT, UPDATE ON bench_chain TO intelhub_app;
"""
# Both ways write the same entry in a transaction of their own. A chain's next link needs the one before it, so its
# writers queue from the lock to the commit; this is the cheapest chain there is, hashed by the server itself.
_WAITING = """
BEGIN;
SELECT set_config('intelhub.actor', '{actor}', true);
INSERT INTO audit_pending (id, {names}) VALUES (gen_random_uuid(), {values});
{page}
COMMIT;
"""
_CHAINED = """
BEGIN;
SELECT set_config('intelhub.actor', '{actor}', true);
SELECT size FROM bench_chain FOR UPDATE \\gset
INSERT INTO bench_entries (seq, leaf_hash, {names}) VALUES (:size, sha256({entry}), {values});
UPDATE bench_chain SET size = size + 1, head = sha256(head || {entry});
{page}
COMMIT;
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """Acts a second, with as many writers either way; then until the sequencer has placed the last one."""
    engine = superuser_engine(bench.installation.var)
    with engine.begin() as connection:
        for statement in filter(None, map(str.strip, _TABLES.split(";"))):
            connection.execute(text(statement))
    address = make_url(bench.installation.settings.url_for("app"))
    _, chained = _write(address, _script(_CHAINED, _PAGE_MILLISECONDS), bench.installation.var)
    _, waiting = _write(address, _script(_WAITING, _PAGE_MILLISECONDS), bench.installation.var)
    _wait_until_placed(engine)
    _, barely_chained = _write(address, _script(_CHAINED), bench.installation.var)
    begin = time.perf_counter()
    count, barely_waiting = _write(address, _script(_WAITING), bench.installation.var)
    _wait_until_placed(engine)
    placed = count / (time.perf_counter() - begin)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE bench_entries, bench_chain"))
    engine.dispose()
    yield Figure(
        part=PART,
        what=f"audit appends by {_WRITERS} writers, {_PAGE_MILLISECONDS} ms before each commits, against chaining",
        size=bench.size,
        value=waiting / chained,
        unit="x",
        words=f"waiting {waiting:.0f}/s, chained {chained:.0f}/s",
        at_least=5.0,
    )
    yield Figure(
        part=PART,
        what="the same, committed at once",
        size=bench.size,
        value=barely_waiting / barely_chained,
        unit="x",
        words=f"waiting {barely_waiting:.0f}/s, chained {barely_chained:.0f}/s",
    )
    yield Figure(
        part=PART,
        what="the same, until the sequencer has placed the last one",
        size=bench.size,
        value=placed / barely_chained,
        unit="x",
        words=f"{placed:.0f}/s; {count} entries",
    )


def _wait_until_placed(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(text("SELECT EXISTS (SELECT FROM audit_pending)")).scalar_one():
            time.sleep(0.02)


def _script(statements: str, milliseconds: int = 0) -> str:
    entry = Entry(at=datetime(2026, 11, 21, tzinfo=UTC), actor_id=_ACTOR, place="onsite", action=actions.READ)
    columns: Mapping[str, object] = {"entry": entry.canonical(), **entry.columns()}
    values = {name: _literal(value) for name, value in columns.items()}
    return statements.format(
        actor=_ACTOR,
        names=", ".join(values),
        values=", ".join(values.values()),
        entry=values["entry"],
        page=f"\\sleep {milliseconds} ms" if milliseconds else "",
    )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, list):
        return "'{}'"
    plain = str(value).replace(":", "\\003A")  # a colon would name a variable of pgbench
    return f"U&'{plain}'"


def _write(address: URL, script: str, var: Path) -> tuple[int, float]:
    """How many transactions a script made, and how many a second."""
    path = var / "bench.sql"
    path.write_text(script, "utf-8")
    where = {"host": address.query["host"], "port": address.query["port"], "username": address.username}
    said = subprocess.run(  # noqa: S603 - the server's own program
        [
            str(find_programs() / "pgbench"),
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={_WRITERS}",
            "--jobs=2",
            f"--time={_SECONDS}",
            f"--file={path}",
            *(f"--{name}={value}" for name, value in where.items()),
            str(address.database),
        ],
        env={**os.environ, "PGPASSWORD": address.password or ""},
        capture_output=True,
        text=True,
        check=False,
    )
    count, rate = _PROCESSED.search(said.stdout), _RATE.search(said.stdout)
    assert said.returncode == 0, said.stderr
    assert count is not None
    assert rate is not None
    return int(count[1]), float(rate[1])
