"""The databases of a run: each test has one of its own, copied once from a template and put back after every test."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Engine

from intelhub.platform.database import open_engine
from intelhub.platform.roles import APP, MIGRATOR, SEQUENCER, WORKER, driver_address, open_to_roles

BORROWED = "borrowed"  # names the connections that stay open from one test to the next
_MOST_KEPT = 6  # the roles of two databases: all workers together have 200 connections
# Rows that tests left dead make the tables longer; a new copy is cheaper than a vacuum.
_LONGEST_USE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database and the address of each role in it."""

    name: str
    superuser_url: str
    migrator_url: str
    app_url: str
    worker_url: str
    sequencer_url: str


_kept: dict[str, Engine] = {}


def kept_engine(url: str) -> Engine:
    """An engine that stays open for the next test of the same database: to connect takes longer than most questions."""
    engine = _kept.pop(url, None) or open_engine(f"{url}&application_name={BORROWED}")
    _kept[url] = engine
    while len(_kept) > _MOST_KEPT:
        _kept.pop(next(iter(_kept))).dispose()
    return engine


@dataclass(slots=True, kw_only=True)
class Content:
    """What stands in a template: the rows of each table, and where its sequences stand."""

    marks: dict[str, Any]
    rows: dict[str, bytes]
    sequences: str


@dataclass(slots=True, kw_only=True)
class _Spare:
    """A copy between two tests, and what its catalogue was when it was made: no two copies have the same."""

    name: str
    hands: psycopg.Connection
    catalogue: Any
    uses: int = 0


@dataclass(slots=True, kw_only=True)
class Cluster:
    """The running server: its superuser's address and the passwords of the roles."""

    superuser_url: str
    passwords: dict[str, str]
    superuser: psycopg.Connection
    spares: dict[str, list[_Spare]] = field(default_factory=dict, repr=False)
    contents: dict[str, Content] = field(default_factory=dict, repr=False)

    def database(self, name: str) -> Database:
        """A database of this server by its name."""
        authority, rest = self.superuser_url.removeprefix("postgresql+psycopg://").split("@", 1)
        query = rest.split("?", 1)[1]

        def url(credentials: str) -> str:
            return f"postgresql+psycopg://{credentials}@/{name}?{query}"

        return Database(
            name=name,
            superuser_url=url(authority),
            migrator_url=url(f"{MIGRATOR}:{self.passwords[MIGRATOR]}"),
            app_url=url(f"{APP}:{self.passwords[APP]}"),
            worker_url=url(f"{WORKER}:{self.passwords[WORKER]}"),
            sequencer_url=url(f"{SEQUENCER}:{self.passwords[SEQUENCER]}"),
        )

    def copy_to(self, template: str, name: str) -> None:
        """A database of its own that nobody puts back, such as another template."""
        # Copying files costs a checkpoint, which is free without fsync, and half the processor time of the log.
        self.superuser.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        open_to_roles(self.superuser, name)

    @contextmanager
    def template_from(self, template: str) -> Iterator[Database]:
        """A copy to be furnished and copied in its turn: for as long as that lasts nobody may be connected to it."""
        name = f"template_{secrets.token_hex(6)}"
        self.copy_to(template, name)
        try:
            yield self.database(name)
        finally:
            self._drop(name)

    @contextmanager
    def copy_of(self, template: str) -> Iterator[Database]:
        """A database with what the template holds and nothing else, whatever was done to the copy before."""
        waiting = self.spares.setdefault(template, [])
        spare = waiting.pop() if waiting else self._new_copy(template)
        try:
            yield self.database(spare.name)
        finally:
            spare.uses += 1
            if spare.uses < _LONGEST_USE and _put_back(spare, self.contents[template]):
                waiting.append(spare)
            else:
                spare.hands.close()
                self._drop(spare.name)

    def _drop(self, name: str) -> None:
        self.superuser.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def close(self) -> None:
        """Let go of every copy; they end with the server."""
        for spare in itertools.chain(*self.spares.values()):
            spare.hands.close()

    def _new_copy(self, template: str) -> _Spare:
        name = f"test_{secrets.token_hex(6)}"
        self.copy_to(template, name)
        hands = psycopg.connect(
            driver_address(self.superuser_url), dbname=name, autocommit=True, prepare_threshold=0
        )  # fmt: skip
        hands.execute("set session_replication_role = replica")  # no trigger and no foreign key holds a superuser up
        if template not in self.contents:
            self.contents[template] = _read_content(hands)
        return _Spare(name=name, hands=hands, catalogue=_catalogue(hands))


# Every table's rows as one number: cheaper than to write them all again.
_MARK = "select {name}::text, count(*), sum(hashtextextended(t::text, 0)) from {table} t"
_SEQUENCES = (
    "select format('select setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),"
    " coalesce(last_value, start_value), last_value is not null)"
    " from pg_sequences where schemaname = 'public' order by 1"
)
# Whatever changes a table, a right, a rule or a function writes a row of the catalogue anew.
_CATALOGUE = " union all ".join(
    f"select '{name.split()[0]}', count(*), sum(xmin::text::bigint) from {name}"
    for name in (
        "pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_policy", "pg_proc", "pg_trigger",
        "pg_type", "pg_namespace", "pg_default_acl", "pg_event_trigger",
        "pg_database where datname = current_database()",
        "pg_db_role_setting join pg_database d on d.oid = setdatabase and datname = current_database()",
    )
).replace("sum(xmin::text::bigint) from pg_db", "sum(setdatabase::bigint) from pg_db")  # fmt: skip
_OTHERS = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database()"
    f" and pid <> pg_backend_pid() and (application_name <> '{BORROWED}' or state <> 'idle')"
)


def _read_content(hands: psycopg.Connection) -> Content:
    tables = [name for (name,) in hands.execute(
        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
    )]  # fmt: skip
    marks, rows = _marks(hands, tables), {}
    for name in tables:
        if marks[name] != (0, None):
            with hands.cursor().copy(sql.SQL("copy {} to stdout").format(sql.Identifier(name))) as copy:
                rows[name] = b"".join(copy)
    sequences = "; ".join(statement for (statement,) in hands.execute(_SEQUENCES))
    return Content(marks=marks, rows=rows, sequences=sequences)


def _put_back(spare: _Spare, content: Content) -> bool:
    """Bring every row and sequence to what the template says; False where more than rows was changed."""
    hands = spare.hands
    hands.execute(_OTHERS)
    if _catalogue(hands) != spare.catalogue:
        return False
    with hands.transaction():
        for name, mark in _marks(hands, list(content.marks)).items():
            if mark == content.marks[name]:
                continue
            table = sql.Identifier(name)
            hands.execute(sql.SQL("delete from {}").format(table))
            if name in content.rows:
                with hands.cursor().copy(sql.SQL("copy {} from stdin").format(table)) as copy:
                    copy.write(content.rows[name])
        if content.sequences:
            hands.execute(content.sequences, prepare=False)
    return True


def _marks(hands: psycopg.Connection, tables: list[str]) -> dict[str, Any]:
    if not tables:
        return {}
    asked = sql.SQL(" union all ").join(
        sql.SQL(_MARK).format(name=sql.Literal(name), table=sql.Identifier(name)) for name in tables
    )
    return {name: (count, mark) for name, count, mark in hands.execute(asked)}


def _catalogue(hands: psycopg.Connection) -> Any:
    return hands.execute(_CATALOGUE).fetchall()
