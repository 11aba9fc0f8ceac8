"""Opening an installation for one command: as the console, as a person, or as the system under a role of its own.

Whoever runs a command holds the machine: the operating system's account and the passphrase are the protection, and
every command that acts leaves an entry.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from uuid import uuid4

import click

from intelhub.access import NOBODY, RightMisfit, actor_named, console_actor, raise_alarm, scope_for
from intelhub.app import House, open_house
from intelhub.audit import SYSTEM_ACTOR_ID, ObjectRef, record_act
from intelhub.cli.actions import ACTED_AS
from intelhub.crypto import harden_process
from intelhub.platform.actor import Actor
from intelhub.platform.errors import IntelhubError, NotFound
from intelhub.platform.messages import Message
from intelhub.platform.unit_of_work import ActorSession
from intelhub.settings import Settings
from intelhub.system import SystemScope

Role = Literal["app", "worker", "migrator"]
CONSOLE = Actor(user_id=SYSTEM_ACTOR_ID, username="console")


class CommandRefused(IntelhubError):
    """A command cannot do what was asked; the sentence says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Somebody at work: each unit of work is a transaction of its own."""

    house: House
    actor: Actor

    def begin(self) -> AbstractContextManager[ActorSession]:
        """Open the next unit of work."""
        scope = SystemScope() if self.actor is CONSOLE else scope_for(self.actor)
        return self.house.units.begin(self.actor, scope)


def load_settings(var: Path) -> Settings:
    """The settings of a folder; raises sentences that say what to do."""
    return Settings.load(var, os.environ)


@contextmanager
def open_installation(var: Path, *, role: Role = "app") -> Iterator[House]:
    """Keys and database of a folder under one database role, closed again when the command ends."""
    context = click.get_current_context(silent=True)
    if context is not None and context.find_root().obj is not None:
        harden_process()
    house = open_house(load_settings(var), role=role)
    try:
        yield house
    except RightMisfit as found:
        with house.units.begin(CONSOLE, SystemScope() if role != "app" else scope_for(CONSOLE)) as session:
            raise_alarm(CONSOLE, session, found)
        raise
    finally:
        house.units.engine.dispose()


@contextmanager
def system_work(var: Path, *, role: Role) -> Iterator[Acting]:
    """The system itself, under the worker's or the migrator's role: no row filter applies."""
    with open_installation(var, role=role) as house:
        yield Acting(house=house, actor=CONSOLE)


@contextmanager
def acting_as(var: Path, username: str, command: str) -> Iterator[Acting]:
    """A person with the rights they have on site; that the console acts for them is an entry of its own.

    The entries of the person's acts carry the same request id as that one.
    """
    with open_installation(var) as house:
        with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
            actor = find_actor(session, username)
            _record_acting(session, actor, command)
        yield Acting(house=house, actor=actor)


@contextmanager
def managing(var: Path, username: str | None, command: str) -> Iterator[tuple[Actor, ActorSession]]:
    """One unit of work of whoever manages accounts: an operator by name, or the console."""
    if username is not None:
        with acting_as(var, username, command) as acting, acting.begin() as session:
            yield acting.actor, session
        return
    with open_installation(var) as house, house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        yield replace(console_actor(session), request_id=uuid4()), session


def find_actor(session: ActorSession, username: str) -> Actor:
    """Somebody by name as they would act on site; raises `CommandRefused`."""
    try:
        return actor_named(session, username, request_id=uuid4())
    except NotFound:
        raise CommandRefused(
            Message("There is no open account “%(username)s”. See “intelhub user list”.", {"username": username})
        ) from None


def operating_account() -> str:
    """The account of the operating system that runs the command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number without a name, as in some containers
        return str(os.getuid())


def _record_acting(session: ActorSession, actor: Actor, command: str) -> None:
    record_act(
        replace(CONSOLE, request_id=actor.request_id),
        session,
        ACTED_AS,
        object=ObjectRef("user", actor.user_id),
        rule=command,
        sensitive={"operating_account": operating_account()},
    )
