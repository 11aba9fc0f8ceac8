"""`intelhub compartment`: need-to-know groups, and who is in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from intelhub.cli.options import APP, Subject, as_option, var_option
from intelhub.cli.output import print_table, printable, say
from intelhub.cli.people import find_account

if TYPE_CHECKING:
    from intelhub.access import Compartment
    from intelhub.platform.actor import Actor
    from intelhub.platform.unit_of_work import ActorSession


@click.group(cls=Subject)
def compartment() -> None:
    """Compartments: need-to-know groups, whose records only members read."""


@compartment.command("create", roles=(APP,))
@click.argument("name")
@var_option
@as_option(required=False)
def create(name: str, var: Path, acting_as: str | None) -> None:
    """Make a compartment of this NAME, which is sealed; nobody is in it yet."""
    from intelhub.access import create_compartment
    from intelhub.cli.opening import managing

    with managing(var, acting_as, "compartment create") as (actor, session):
        create_compartment(actor, session, name=name)
    say(f"There is a compartment “{printable(name)}”, and nobody is in it: use “intelhub compartment add”.")


@compartment.command("list", roles=(APP,))
@var_option
@as_option(required=False)
def list_all(var: Path, acting_as: str | None) -> None:
    """Names, numbers of members and ids; nothing about records. That it was looked at is an entry of the log."""
    from intelhub.access import list_compartments
    from intelhub.cli.opening import managing

    with managing(var, acting_as, "compartment list") as (actor, session):
        found = list_compartments(actor, session)
    print_table(("name", "members", "id"), [(one.name, one.members, one.id) for one in found])


@compartment.command("add", roles=(APP,))
@click.argument("compartment")
@click.argument("username")
@var_option
@as_option(required=False)
def add(compartment: str, username: str, var: Path, acting_as: str | None) -> None:
    """Let somebody into a COMPARTMENT (its name) from now on."""
    from intelhub.access import add_member
    from intelhub.cli.opening import managing

    with managing(var, acting_as, "compartment add") as (actor, session):
        found, person = _find_compartment(actor, session, compartment), find_account(actor, session, username)
        add_member(actor, session, compartment_id=found.id, user_id=person.id)
    say(f"{person.username} is in the compartment “{found.name}”.")


@compartment.command("remove", roles=(APP,))
@click.argument("compartment")
@click.argument("username")
@var_option
@as_option(required=False)
def remove(compartment: str, username: str, var: Path, acting_as: str | None) -> None:
    """Take somebody out of a COMPARTMENT (its name); it holds from their next request."""
    from intelhub.access import remove_member
    from intelhub.cli.opening import CommandRefused, managing
    from intelhub.platform.errors import NotFound
    from intelhub.platform.messages import Message

    with managing(var, acting_as, "compartment remove") as (actor, session):
        found, person = _find_compartment(actor, session, compartment), find_account(actor, session, username)
        try:
            remove_member(actor, session, compartment_id=found.id, user_id=person.id)
        except NotFound:
            raise CommandRefused(
                Message(
                    "%(username)s is not in the compartment “%(name)s”.",
                    {"username": person.username, "name": found.name},
                )
            ) from None
    say(f"{person.username} is no longer in the compartment “{found.name}”.")


def _find_compartment(actor: Actor, session: ActorSession, name: str) -> Compartment:
    """A compartment by its name; raises `CommandRefused`."""
    from intelhub.access import get_compartment
    from intelhub.cli.opening import CommandRefused
    from intelhub.platform.errors import NotFound
    from intelhub.platform.messages import Message

    try:
        return get_compartment(actor, session, name)
    except NotFound:
        raise CommandRefused(
            Message("There is no compartment “%(name)s”. See “intelhub compartment list”.", {"name": printable(name)})
        ) from None
