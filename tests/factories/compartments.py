"""Need-to-know groups in a house, made and filled as operators do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from intelhub import access
from intelhub.access import NOBODY, scope_for
from intelhub.platform.actor import Actor
from intelhub.platform.unit_of_work import ActorSession
from tests.house import TestHouse

NAME = "Chuyên án Sông Kỳ Cùng"


@contextmanager
def console(house: TestHouse) -> Iterator[tuple[Actor, ActorSession]]:
    """A unit of work of the operator at the console."""
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        actor = access.console_actor(session)
    with house.units.begin(actor, scope_for(actor)) as session:
        yield actor, session


def compartment(house: TestHouse, *members: str, name: str = NAME) -> UUID:
    """The id of a new compartment with these people in it."""
    with console(house) as (actor, session):
        made = access.create_compartment(actor, session, name=name)
        for username in members:
            access.add_member(actor, session, compartment_id=made, user_id=house.people[username])
    return made


def let_in(house: TestHouse, one: UUID, username: str) -> None:
    """Make somebody a member."""
    with console(house) as (actor, session):
        access.add_member(actor, session, compartment_id=one, user_id=house.people[username])


def take_out(house: TestHouse, one: UUID, username: str) -> None:
    """End somebody's membership."""
    with console(house) as (actor, session):
        access.remove_member(actor, session, compartment_id=one, user_id=house.people[username])
