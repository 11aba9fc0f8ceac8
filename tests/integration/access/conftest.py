"""A house with the real tree of units, an operator at its console, and people as they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session

from intelhub.access import (
    NOBODY,
    SessionLimits,
    SignedIn,
    SignInRefused,
    console_actor,
    create_user,
    grant_post,
    scope_for,
    set_clearance,
    set_first_password,
    sign_in,
)
from intelhub.crypto import Vault, create_key_file
from intelhub.organisation import load_directory, load_template, today
from intelhub.platform.actor import Actor, Place
from intelhub.platform.unit_of_work import ActorSession, UnitsOfWork
from tests.house import borrowed_engine

PASSWORD = "bốn con ngựa trắng"
LIMITS = SessionLimits(idle=timedelta(minutes=15), absolute=timedelta(hours=8))


@dataclass(frozen=True)
class House:
    app: Engine
    superuser: Engine
    vault: Vault

    def begin(self, actor: Actor = NOBODY) -> AbstractContextManager[ActorSession]:
        return UnitsOfWork(self.app, {"vault": self.vault}).begin(actor, scope_for(actor))

    def unit(self, code: str) -> UUID:
        with self.begin() as session:
            return load_directory(session).as_of(today()).get(code).id

    def console(self) -> Actor:
        with self.begin() as session:
            return console_actor(session)

    def person(
        self, username: str, *posts: tuple[str, str], clearance: int = 3, password: str = "", **options: object
    ) -> UUID:
        with self.begin() as session:
            console = console_actor(session)
            user_id = create_user(
                console, session, username=username, display_name=username.replace(".", " ").title(), **options
            )
            for function, code in posts:
                unit = load_directory(session).as_of(today()).get(code)
                grant_post(console, session, user_id=user_id, function=function, unit_id=unit.id)
            set_clearance(console, session, user_id=user_id, level=clearance, expires_on=None)
            if password:
                set_first_password(session, user_id, password)
            return user_id

    def sign_in(
        self, username: str, password: str = PASSWORD, code: str = "", place: Place = Place.ONSITE, address: str = "a"
    ) -> SignedIn | SignInRefused:
        with self.begin() as session:
            return sign_in(
                session,
                username=username,
                password=password,
                second_factor=code,
                place=place,
                address=address,
                limits=LIMITS,
            )

    def entries(self) -> list[tuple[str, str, str, UUID]]:
        with self.superuser.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT action, decision, rule, actor_id FROM audit_pending ORDER BY pos"
            )
            return [tuple(row) for row in found]


def _vault(folder, *, demo: bool) -> Vault:
    folder.chmod(0o700)
    passphrase = "an invented passphrase"
    auditors = {} if demo else {"auditors_passphrase": "another invented passphrase"}
    return Vault(create_key_file(folder / "root.key", passphrase, demo=demo, **auditors))


@pytest.fixture(scope="session")
def demo_vault(tmp_path_factory) -> Vault:
    return _vault(tmp_path_factory.mktemp("demo-keys"), demo=True)


@pytest.fixture(scope="session")
def own_vault(tmp_path_factory) -> Vault:
    return _vault(tmp_path_factory.mktemp("own-keys"), demo=False)


@pytest.fixture(scope="session")
def furnished(cluster, migrated_template, demo_vault) -> Iterator[str]:
    """A database with the tree of units in it, to be copied by every test that needs a house."""
    with cluster.template_from(migrated_template) as database:
        migrator = create_engine(database.migrator_url, poolclass=NullPool)
        with Session(migrator, info={"vault": demo_vault}) as session:
            load_template(session)
            session.commit()
        migrator.dispose()
        yield database.name


@pytest.fixture
def house(cluster, furnished, demo_vault) -> Iterator[House]:
    with cluster.copy_of(furnished) as database, borrowed_engine(database) as app:
        superuser = create_engine(database.superuser_url, pool_size=1)
        yield House(app, superuser, demo_vault)
        superuser.dispose()
