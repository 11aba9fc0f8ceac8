"""Partitions, documents and readers for tests of the index."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from intelhub.access.filter import PartitionFilter, RowCondition
from intelhub.app import House
from intelhub.crypto import RootKeys, Vault
from intelhub.platform.actor import Actor
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.search import Partition, SealedIndex, SearchDocument, SearchRequest, merge_partition
from intelhub.search.elastic import (
    ElasticIndex,
    Profiles,
    Wall,
    clear_epoch,
    drop_epochs,
    next_epoch,
    rebuild_wall,
    shelve_partition,
    walls_of_level,
)
from intelhub.search.elastic.walls import find_head
from tests.databases import kept_engine
from tests.search_server import TestServer

NAVY, RIVER = UUID(int=0xD1), UUID(int=0xD2)
GATE, DEPOT = UUID(int=0xA1), UUID(int=0xA2)
LAN, MINH = UUID(int=0xE1), UUID(int=0xE2)
CASE = UUID(int=0xC1)
PARTITION = Partition(level=1, department_id=NAVY, year=2026)
RIVERSIDE = replace(PARTITION, department_id=RIVER)
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def root_keys():
    return RootKeys(
        key_file_id=uuid4(),
        is_demo=True,
        data_id=uuid4(),
        data=os.urandom(32),
        retired_data={},
        index=os.urandom(32),
        label=os.urandom(32),
        session=os.urandom(32),
        audit_signing=os.urandom(32),
        auditors_public=os.urandom(32),
    )


def document(text="", **fields):
    known = {
        "record_id": uuid4(),
        "row_version": 1,
        "partition": PARTITION,
        "unit_id": GATE,
        "author_id": LAN,
        "exposure": 2,
        "state": "RECEIVED",
        "occurred_at": START,
        "texts": (text,) if text else (),
    }
    return SearchDocument(**(known | fields))


def changed(document, **fields):
    return replace(document, row_version=document.row_version + 1, **fields)


@dataclass(frozen=True)
class Rows:
    """A filter in words of its own."""

    clause: str
    parameters: tuple

    def sql(self):
        return self.clause, self.parameters


@dataclass(frozen=True)
class Reader:
    """Sees levels up to `ceiling` in the departments and compartments given, rows by a condition."""

    ceiling: int = 3
    compartments: frozenset[UUID] = frozenset()
    departments: frozenset[UUID] | None = None
    exposure: int = 0
    unit: UUID | None = None
    recipient: UUID | None = None

    def for_partition(self, level, compartments, department_id):
        if level > self.ceiling or not compartments <= self.compartments:
            return None
        if self.departments is not None and department_id not in self.departments:
            return None
        units = None if self.unit is None else frozenset({self.unit})
        received = None if self.recipient is None else frozenset({self.recipient})
        return PartitionFilter(stages=((RowCondition(units=units, recipients=received, exposure=self.exposure),),))


@dataclass(frozen=True)
class Context:
    ceiling: int | None = 3
    compartments: frozenset[UUID] = frozenset()
    is_system: bool = False

    def context(self):
        if self.ceiling is None:
            return {}
        return {
            "intelhub.everywhere_ceiling": str(self.ceiling),
            "intelhub.compartments": ",".join(map(str, sorted(self.compartments))),
        }


ACTOR = Actor(user_id=LAN, username="lan")
EVERYTHING = Reader(compartments=frozenset({CASE}))
WIDE = Context(compartments=frozenset({CASE}))


@dataclass
class Process:
    """What one server process has: a pool, keys and its own index."""

    url: str
    vault: Vault
    index: SealedIndex = field(default_factory=SealedIndex)

    def __post_init__(self):
        self.work = UnitsOfWork(kept_engine(self.url), {"vault": self.vault})

    @contextmanager
    def session(self, scope=WIDE) -> Iterator:
        with self.work.begin(ACTOR, scope) as session:
            yield session

    def write(self, *documents, left=None, scope=WIDE):
        with self.session(scope) as session:
            for each in documents:
                self.index.write(session, each, left=left)

    def answer(self, text="", *, reader=EVERYTHING, scope=WIDE, **request):
        with self.session(scope) as session:
            return self.index.search(session, reader, SearchRequest(text=text, **request))

    def ids(self, text="", **request):
        return [hit.record_id for hit in self.answer(text, **request).hits]


ALL_RANKED = Profiles(minimum=1, levels=dict.fromkeys("0123", "ranked"))
FLAT = Profiles(minimum=1, levels={"1": "flat"})


@dataclass
class World:
    app_url: str
    worker_url: str
    superuser_url: str
    vault: Vault = field(default_factory=lambda: Vault(root_keys()))

    server: TestServer | None = None

    def process(self, **options):
        if self.server is None:
            index = SealedIndex(**options)
        else:
            index = ElasticIndex(**{"server": self.server.searching, **options})
        return Process(self.app_url, self.vault, index)

    def merge(self, partition=PARTITION):
        """What the worker does with a partition that is due; whether it did anything."""
        with self.worker() as session:
            return self.merge_in(session, partition)

    def merge_in(self, session, partition=PARTITION):
        """The same in a transaction that goes on."""
        if self.server is None:
            return merge_partition(session, partition)
        return shelve_partition(session, self.server.indexing, partition, profiles=ALL_RANKED)

    @contextmanager
    def worker(self):
        process = Process(self.worker_url, self.vault)
        with process.session(Context(is_system=True)) as session:
            yield session


def rebuilt(world, profiles, *, keep_old=False):
    """What the worker does with a level that is due."""
    server = world.server.indexing
    with world.worker() as session:
        epoch, walls = next_epoch(session, 1), walls_of_level(session, 1, profiles=profiles)
        clear_epoch(session, server, 1, epoch)
    for wall in walls:
        with world.worker() as session:
            rebuild_wall(session, server, wall, epoch, profiles=profiles)
    if not keep_old:
        with world.worker() as session:
            drop_epochs(session, server, 1, before=epoch)
    return epoch


class FlatWorld(World):
    """Everything behind flat tokens, built anew with other dummies at each merge."""

    def merge(self, partition=None):
        del partition
        return bool(rebuilt(self, FLAT))


def house(world, server):
    """The worker's, as far as the index needs one."""
    return House(
        settings=None, vault=world.vault, units=Process(world.worker_url, world.vault).work, search_server=server
    )


def head_of(world, partition=PARTITION):
    """What is known of the wall a partition stands behind: whoever has the keys may look."""
    with world.worker() as session:
        return find_head(session, world.vault, Wall.of(partition))


def minutes(count):
    return START + timedelta(minutes=count)


def by_hand(world, statement, **parameters):
    """What somebody with the whole database in hands may do."""
    with kept_engine(world.superuser_url).begin() as connection:
        return connection.execute(text(statement), parameters)


def flip_a_bit(world, table, where="true"):
    by_hand(world, f"UPDATE {table} SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE {where}")
