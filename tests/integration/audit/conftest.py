"""A log on a fresh database: acts go in as the application, the sequencer and the verifier have their own roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, create_engine

from intelhub.access import NOBODY, ReadFilter, read_filter
from intelhub.audit import ObjectRef, Verification, record_act, register_action, sequence_once, verify_log
from intelhub.audit.note import Checkpoint
from intelhub.crypto import AuditorsKey, Vault, create_key_file, open_auditors_key
from intelhub.platform.actor import Actor
from intelhub.platform.unit_of_work import ActorSession, UnitsOfWork

READ = register_action("trial:read", en="Something was read in a test", vi="Đã đọc trong phép thử").name


@dataclass(frozen=True)
class Scope:
    user_id: UUID | None
    reads_audit: bool = False
    is_system: bool = False
    # Other tests of the same process may have brought tables of content, whose filter is asked of every scope.
    records: ReadFilter = field(default_factory=lambda: read_filter(NOBODY))
    ceiling: int = 0
    actor: Actor = NOBODY

    def context(self) -> Mapping[str, str]:
        return {
            "intelhub.actor": str(self.user_id or ""),
            "intelhub.reads_audit": "t" if self.reads_audit else "",
        }


@dataclass(frozen=True)
class Log:
    app: Engine
    worker: Engine
    sequencer: Engine
    superuser: Engine
    vault: Vault

    def begin(
        self, actor: Actor, *, reads_audit: bool = False, said: UUID | None = None
    ) -> AbstractContextManager[ActorSession]:
        work = UnitsOfWork(self.app, {"vault": self.vault})
        return work.begin(actor, Scope(said or (actor.user_id if actor.user_id.int else None), reads_audit))

    def act(self, actor: Actor, count: int = 1, **about: object) -> None:
        with self.begin(actor) as session:
            for _ in range(count):
                record_act(actor, session, READ, **{"object": ObjectRef("record", uuid4()), **about})

    def sequence(self) -> Checkpoint | None:
        return sequence_once(self.sequencer, self.vault)

    def verify(self, seen: str | None = None) -> Verification:
        with self.worker.connect() as connection:
            return verify_log(connection, self.vault.checkpoint_public_key, seen=seen)


@pytest.fixture(scope="session")
def audit_keys(tmp_path_factory) -> tuple[Vault, AuditorsKey]:
    folder = tmp_path_factory.mktemp("audit-keys")
    folder.chmod(0o700)
    keys = create_key_file(folder / "root.key", "an invented passphrase", demo=True)
    return Vault(keys), open_auditors_key(folder / "auditors.key", "an invented passphrase")


@pytest.fixture
def log(database, audit_keys) -> Iterator[Log]:
    urls = (database.app_url, database.worker_url, database.sequencer_url, database.superuser_url)
    engines = [create_engine(url, pool_size=1) for url in urls]
    yield Log(*engines, audit_keys[0])
    for engine in engines:
        engine.dispose()


@pytest.fixture
def actor() -> Actor:
    return Actor(user_id=uuid4(), username="an.nguyen", request_id=uuid4())
