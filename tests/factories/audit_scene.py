"""A morning that left traces in the log: a record travels, somebody is refused, a sign-in fails, a query is typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine, text

from intelhub import records
from intelhub.access import NOBODY, scope_for
from intelhub.app import REFUSED
from intelhub.audit import Entry, ObjectRef, parse_entry, record_act, sequence_once
from intelhub.crypto import Vault
from intelhub.records import ListFilter
from tests.house import TestHouse, content

SECRETS = {
    "text": "Container trống vỏ chở ngà voi giả gỗ bạch đàn, người mách là thủ kho Quàng Văn Bí Mật.",
    "abstract": "Ngà voi giấu trong gỗ bạch đàn",
    "place_text": "Bãi Hoang Vu 77",
    "source": "Nguồn Cú Mèo",
}
REASON = "Cần hỏi lại Cú Mèo về chuyến thứ ba"


@dataclass(frozen=True)
class Scene:
    """The house after that morning, with the roles beside the application's."""

    house: TestHouse
    vault: Vault
    sequencer: Engine
    superuser: Engine
    record_id: UUID
    number: str

    def sequence(self) -> None:
        """Put everything that waits into the tree and sign it."""
        sequence_once(self.sequencer, self.vault)

    def refuse(self, username: str, record_id: UUID, permission: str = "record.read") -> None:
        """Write down, as the application does, that somebody was refused something."""
        with self.house.acting(username) as (actor, session):
            record_act(
                actor, session, REFUSED, object=ObjectRef("record", record_id), decision="deny",
                rule=f"{permission}:not_found",
            )  # fmt: skip

    def looks(self) -> list[Entry]:
        """What was written down about looks at the log since it was sequenced, the oldest first."""
        waiting = self.rows("SELECT entry FROM audit_pending WHERE action LIKE 'audit:%' ORDER BY pos")
        return [parse_entry(bytes(row.entry)) for row in waiting]

    def run(self, statement: str) -> None:
        """Run SQL as the superuser of the database."""
        with self.superuser.begin() as connection:
            connection.execute(text(statement))

    def rows(self, statement: str) -> list[Any]:
        """What SQL says to the superuser of the database."""
        with self.superuser.connect() as connection:
            return list(connection.execute(text(statement)).all())


@contextmanager
def open_scene(house: TestHouse) -> Iterator[Scene]:
    """Live through the morning."""
    urls = (house.database.sequencer_url, house.database.superuser_url)
    engines = [create_engine(url, pool_size=1) for url in urls]
    record_id, number = _send_a_record(house)
    scene = Scene(house, house.vault, *engines, record_id, number)
    for username in ("officer", "leader"):
        with house.acting(username) as (actor, session):
            records.show_list(actor, session, ListFilter())
    scene.refuse("stranger", record_id)
    scene.refuse("neighbour", record_id)
    scene.refuse("officer2", uuid4(), "record.forward")
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        record_act(
            NOBODY, session, "session:refused", object=ObjectRef("user", house.people["officer"]), decision="deny",
            rule="wrong_password", sensitive={"username": "officer", "address": "198.51.100.7"},
        )  # fmt: skip
    scene.sequence()
    yield scene
    for engine in engines:
        engine.dispose()


def _send_a_record(house: TestHouse) -> tuple[UUID, str]:
    with house.acting("officer") as (actor, session):
        row = records.create_draft(actor, session, content(**SECRETS))
        row = records.submit_record(actor, session, row.id, row.row_version, content(**SECRETS))
        record_id = row.id
    with house.acting("leader") as (actor, session):
        record = records.read_record(actor, session, record_id)
        version, number = record.summary.row_version, record.summary.head.number
    with house.acting("leader") as (actor, session):
        records.forward_record(actor, session, record_id, version, note=REASON)
    with house.acting("analyst") as (actor, session):
        records.read_record(actor, session, record_id)
    assert number
    return record_id, number


@pytest.fixture
def scene(house):
    """A house after that morning."""
    with open_scene(house) as opened:
        yield opened
