"""Somebody with the database in his hands, or with the application's own role, against the envelopes and their keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from intelhub.crypto import (
    ContentContext,
    Kek,
    KekRow,
    KekScope,
    KeyGone,
    KeysNotOpen,
    RootKeys,
    RootUnknown,
    SealedContent,
    Tampered,
    Vault,
    add_data_root,
    create_key_file,
    drop_retired_roots,
    open_part,
    rewrap,
    roots_in_use,
    rotate_kek,
    rotate_root,
    seal_content,
    vault_of,
)
from intelhub.platform.actor import Actor
from intelhub.platform.database import open_engine
from intelhub.platform.unit_of_work import ActorSession, UnitsOfWork

PASSPHRASE = "demo"
TEXT = "Phụ tùng ô tô khai sai xuất xứ".encode()
ANYBODY = Actor(user_id=uuid4(), username="anybody")


@dataclass(frozen=True)
class NoRights:
    """The least a request can have; keys are found all the same, for rights are decided elsewhere."""

    is_system: bool = False

    def context(self) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True)
class House:
    """One database with its roles, and the key file of one test."""

    urls: Mapping[str, str]
    key_file: Path
    keys: RootKeys

    def units(self, role: str, vault: Vault) -> UnitsOfWork:
        return UnitsOfWork(open_engine(self.urls[role]), {"vault": vault})

    def run(self, act: Callable[[ActorSession], Any], *, role: str = "app", vault: Vault | None = None) -> Any:
        units = self.units(role, vault or Vault(self.keys))
        try:
            with units.begin(ANYBODY, NoRights()) as session:
                return act(session)
        finally:
            units.engine.dispose()

    def sql(self, statement: str, role: str = "superuser", **values: object) -> list[Any]:
        engine = sa.create_engine(self.urls[role])
        try:
            with engine.begin() as connection:
                done = connection.execute(sa.text(statement), values)
                return list(done) if done.returns_rows else []
        finally:
            engine.dispose()


@pytest.fixture
def house(database: Any, tmp_path: Path) -> House:
    key_file = tmp_path / "keys" / "root.key"
    urls = {role: getattr(database, f"{role}_url") for role in ("superuser", "app", "worker", "sequencer")}
    return House(urls=urls, key_file=key_file, keys=create_key_file(key_file, PASSPHRASE, demo=True))


@pytest.fixture
def scope() -> KekScope:
    return KekScope(level=2, compartments=[uuid4(), uuid4()], department_id=uuid4())


def context_of(scope: KekScope) -> ContentContext:
    return ContentContext(
        table="records",
        object_id=uuid4(),
        level=scope.level,
        compartments=scope.compartments,
        department_id=scope.department_id,
        content_version=1,
        schema_version=1,
    )


def kek_for(house: House, scope: KekScope) -> Kek:
    made: Kek = house.run(lambda session: vault_of(session).kek_for(session, scope))
    return made


def kek(house: House, kek_id: UUID, keys: RootKeys | None = None) -> Kek:
    found: Kek = house.run(lambda s: vault_of(s).kek(s, kek_id), vault=Vault(keys or house.keys))
    return found


def test_the_table_holds_no_key_in_clear(house: House, scope: KekScope) -> None:
    made = kek_for(house, scope)
    ((dump,),) = house.sql("select string_agg(k::text, ' ') from key_encryption_keys k")
    assert made.key.hex() not in dump
    for root in (house.keys.data, house.keys.index, house.keys.label):
        assert root.hex() not in dump


def test_other_scopes_have_other_keys(house: House, scope: KekScope) -> None:
    others = [
        replace(scope, level=1),
        replace(scope, compartments=scope.compartments[:1]),  # type: ignore[index]
        replace(scope, compartments=()),
        replace(scope, department_id=uuid4()),
    ]
    keys = {kek_for(house, one).key for one in (scope, scope, *others)}
    assert len(keys) == 1 + len(others)


def test_processes_that_make_a_key_at_once_agree(house: House, scope: KekScope) -> None:
    together = threading.Barrier(6)

    def make(_: int) -> Kek:
        def act(session: ActorSession) -> Kek:
            session.execute(sa.select(KekRow.id))
            together.wait(30)
            return vault_of(session).kek_for(session, scope)

        made: Kek = house.run(act)
        return made

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(make, range(6)))
    assert len({(one.id, one.key) for one in made}) == 1
    assert house.sql("select count(*) from key_encryption_keys") == [(1,)]


def test_whoever_finds_the_key_made_meanwhile_makes_no_second_one(house: House, scope: KekScope) -> None:
    # The moment the test above meets by luck: this process saw no key, and another has committed one since.
    made = kek_for(house, scope)
    row = house.run(lambda s: vault_of(s)._create(s, scope))
    assert row.id == made.id
    assert house.sql("select count(*) from key_encryption_keys") == [(1,)]


def test_a_rolled_back_act_leaves_a_key_that_still_opens(house: House, scope: KekScope) -> None:
    vault = Vault(house.keys)
    made: list[Kek] = []

    def fail(session: ActorSession) -> None:
        made.append(vault.kek_for(session, scope))
        raise RuntimeError("the act fails after the key was made")

    with pytest.raises(RuntimeError):
        house.run(fail, vault=vault)
    assert house.run(lambda s: vault.kek_for(s, scope), vault=vault) == made[0]
    assert kek(house, made[0].id) == made[0]


@pytest.mark.parametrize(
    "statement",
    [
        "update key_encryption_keys set level = 0",
        "update key_encryption_keys set wrapped_key = ''",
        "update key_encryption_keys set retired_at = now()",
        "delete from key_encryption_keys",
        "truncate key_encryption_keys",
        "alter table key_encryption_keys drop constraint ck__key_encryption_keys__level",
    ],
)
def test_the_application_cannot_change_or_destroy_keys(house: House, scope: KekScope, statement: str) -> None:
    kek_for(house, scope)
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        house.sql(statement, "app")


@pytest.mark.parametrize(
    "statement",
    [
        "update key_encryption_keys set level = 0",
        "update key_encryption_keys set compartments = '{}'",
        "update key_encryption_keys set department_id = gen_random_uuid()",
        "update key_encryption_keys set version = 9",
        "delete from key_encryption_keys",
    ],
)
def test_the_worker_rewraps_and_nothing_else(house: House, scope: KekScope, statement: str) -> None:
    kek_for(house, scope)
    with pytest.raises(ProgrammingError, match="permission denied"):
        house.sql(statement, "worker")


def test_the_sequencer_sees_no_keys(house: House) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        house.sql("select * from key_encryption_keys", "sequencer")


@pytest.mark.parametrize(
    "alteration",
    [
        "level = 0",
        "compartments = '{}'",
        "compartments = compartments || gen_random_uuid()",
        "department_id = gen_random_uuid()",
        "version = 7",
        "id = '00000000-0000-4000-8000-000000000001'",
        "wrapped_key = set_bit(wrapped_key, 300, 1 - get_bit(wrapped_key, 300))",
        "wrapped_key = substring(wrapped_key for 40)",
        "wrapped_key = ''",
    ],
)
def test_a_key_altered_in_the_table_does_not_open(house: House, scope: KekScope, alteration: str) -> None:
    kek_for(house, scope)
    ((altered_id,),) = house.sql(f"update key_encryption_keys set {alteration} returning id")
    with pytest.raises(Tampered) as refusal:
        kek(house, altered_id)
    assert house.keys.data.hex() not in repr(refusal.value)


def test_swapping_two_wrapped_keys_opens_neither(house: House, scope: KekScope) -> None:
    secret, public = kek_for(house, scope), kek_for(house, replace(scope, level=0))
    house.sql(
        "update key_encryption_keys a set wrapped_key = b.wrapped_key from key_encryption_keys b where a.id <> b.id"
    )
    for one in (secret, public):
        with pytest.raises(Tampered):
            kek(house, one.id)


def test_a_planted_key_seals_nothing(house: House, scope: KekScope) -> None:
    # Write access as the application: a newer version whose key the attacker would know.
    kek_for(house, scope)
    house.sql(
        "insert into key_encryption_keys (id, level, compartments, department_id, version, wrapped_key, root_id,"
        " created_at) select gen_random_uuid(), level, compartments, department_id, 2, wrapped_key, root_id, now()"
        " from key_encryption_keys",
        "app",
    )
    with pytest.raises(Tampered):
        kek_for(house, scope)


def test_a_second_key_of_the_same_version_is_refused(house: House, scope: KekScope) -> None:
    kek_for(house, scope)
    with pytest.raises(IntegrityError):
        house.sql(
            "insert into key_encryption_keys (id, level, compartments, department_id, version, wrapped_key, root_id,"
            " created_at) select gen_random_uuid(), level, compartments, department_id, 1, wrapped_key, root_id, now()"
            " from key_encryption_keys",
            "app",
        )


def test_a_destroyed_key_dies_in_running_processes_too(house: House, scope: KekScope) -> None:
    now = [0.0]
    vault = Vault(house.keys, clock=lambda: now[0])
    made: Kek = house.run(lambda s: vault.kek_for(s, scope), vault=vault)
    house.sql("delete from key_encryption_keys")
    assert house.run(lambda s: vault.kek(s, made.id), vault=vault) == made
    now[0] = 301
    with pytest.raises(KeyGone):
        house.run(lambda s: vault.kek(s, made.id), vault=vault)


def test_the_cache_keeps_no_more_than_it_says(house: House) -> None:
    vault = Vault(house.keys, most_cached=2)
    scopes = [KekScope(level=0, compartments=(), department_id=uuid4()) for _ in range(3)]
    made: list[Kek] = house.run(lambda s: [vault.kek_for(s, one) for one in scopes], vault=vault)
    house.sql("delete from key_encryption_keys")
    with pytest.raises(KeyGone):
        house.run(lambda s: vault.kek(s, made[0].id), vault=vault)
    assert house.run(lambda s: vault.keks(s, [made[1].id, made[2].id]), vault=vault).keys() == {
        made[1].id,
        made[2].id,
    }


def test_another_key_file_opens_nothing(house: House, scope: KekScope, tmp_path: Path) -> None:
    made = kek_for(house, scope)
    stranger = create_key_file(tmp_path / "other" / "root.key", PASSPHRASE, demo=True)
    with pytest.raises(RootUnknown, match="newest key file"):
        kek(house, made.id, stranger)
    with pytest.raises(Tampered):
        kek(house, made.id, replace(stranger, data_id=house.keys.data_id))


def test_a_session_without_keys_says_so(house: House) -> None:
    units = UnitsOfWork(open_engine(house.urls["app"]), {})
    with units.begin(ANYBODY, NoRights()) as session, pytest.raises(KeysNotOpen, match="Restart the server"):
        vault_of(session)
    units.engine.dispose()


def sealed_under(made: Kek, scope: KekScope) -> tuple[ContentContext, SealedContent]:
    context = context_of(scope)
    return context, seal_content(made, context, {"body": TEXT})


def test_a_rotated_key_is_used_from_then_on_and_the_former_one_still_opens(house: House, scope: KekScope) -> None:
    former = kek_for(house, scope)
    context, sealed = sealed_under(former, scope)
    newer: Kek = house.run(lambda s: rotate_kek(s, scope), role="worker")
    assert newer.version == former.version + 1
    assert kek_for(house, scope) == newer
    assert open_part(kek(house, former.id), context, sealed, "body") == TEXT
    rotated = rewrap(former, newer, context, sealed)
    assert (rotated.digest, rotated.ciphertexts) == (sealed.digest, sealed.ciphertexts)
    assert open_part(kek(house, newer.id), context, rotated, "body") == TEXT


def test_a_rotation_that_is_rolled_back_leaves_no_key_in_use(house: House, scope: KekScope) -> None:
    vault = Vault(house.keys)
    former = house.run(lambda s: vault.kek_for(s, scope), vault=vault)

    def fail(session: ActorSession) -> None:
        rotate_kek(session, scope)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        house.run(fail, role="worker", vault=vault)
    assert house.run(lambda s: vault.kek_for(s, scope), vault=vault) == former


def test_a_new_root_takes_over_in_batches_and_nothing_else_changes(house: House) -> None:
    scopes = [KekScope(level=1, compartments=(), department_id=uuid4()) for _ in range(5)]
    made = [kek_for(house, one) for one in scopes]
    context, sealed = sealed_under(made[0], scopes[0])
    renewed = add_data_root(house.key_file, PASSPHRASE)
    done = [house.run(lambda s: rotate_root(s, limit=2), role="worker", vault=Vault(renewed)) for _ in range(4)]
    assert done == [2, 2, 1, 0]
    assert house.run(roots_in_use) == {renewed.data_id}
    alone = drop_retired_roots(house.key_file, PASSPHRASE)
    assert [kek(house, one.id, alone) for one in made] == made
    assert open_part(kek(house, made[0].id, alone), context, sealed, "body") == TEXT
    # A process still running with the former file is told to restart; it does not fail as if data were altered.
    with pytest.raises(RootUnknown):
        kek(house, made[0].id)
