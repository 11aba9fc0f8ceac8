"""`intelhub user`: accounts, clearances and the codes with which people choose their passwords."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from intelhub.cli.options import APP, Day, Subject, as_option, var_option
from intelhub.cli.output import LEVEL_NAMES, print_table, say

if TYPE_CHECKING:
    from intelhub.access import Person
    from intelhub.platform.actor import Actor
    from intelhub.platform.unit_of_work import ActorSession


@click.group(cls=Subject)
def user() -> None:
    """People: accounts, duty functions, clearances."""


@user.command("create-first", roles=(APP,))
@click.argument("username")
@var_option
@click.option("--name", prompt="Full name", help="The person's full name; asked for when it is missing.")
def create_first(username: str, var: Path, name: str) -> None:
    """Make the first administrator: an operator at the top of the tree. Once, and never again."""
    from intelhub.access import create_first_user, issue_setup_code
    from intelhub.cli.opening import managing

    with managing(var, None, "user create-first") as (console, session):
        user_id = create_first_user(session, username=username, display_name=name)
        code = issue_setup_code(console, session, user_id)
    say(f"{username} is the first administrator.")
    _say_code(code)


@user.command("create", roles=(APP,))
@click.argument("username")
@var_option
@as_option(required=False)
@click.option("--name", prompt="Full name", help="The person's full name; asked for when it is missing.")
@click.option("--onsite-only", is_flag=True, help="The person signs in on site and in the duty room only.")
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
def create(username: str, var: Path, name: str, onsite_only: bool, language: str, acting_as: str | None) -> None:
    """Open an account without any right; prints the code with which the person chooses a password."""
    from intelhub.access import PlaceRule, create_user, issue_setup_code
    from intelhub.cli.opening import managing

    rule = PlaceRule.ONSITE_ONLY if onsite_only else PlaceRule.ANY
    with managing(var, acting_as, "user create") as (actor, session):
        user_id = create_user(actor, session, username=username, display_name=name, place_rule=rule, locale=language)
        code = issue_setup_code(actor, session, user_id)
    say(f"{username} has an account and no rights yet: give a duty function with “intelhub user post”.")
    _say_code(code)


@user.command("clearance", roles=(APP,))
@click.argument("username")
@click.argument("level", type=click.IntRange(0, 3))
@var_option
@as_option(required=False)
@click.option("--until", type=Day(), help="The last day it holds; without it, it has no end.")
def set_level(username: str, level: int, var: Path, until: date | None, acting_as: str | None) -> None:
    """Clear somebody up to a level: 0 none, 1 Mật, 2 Tối mật, 3 Tuyệt mật."""
    from intelhub.access import set_clearance
    from intelhub.cli.opening import managing

    with managing(var, acting_as, "user clearance") as (actor, session):
        person = find_account(actor, session, username)
        set_clearance(actor, session, user_id=person.id, level=level, expires_on=until)
    say(f"{person.username} is cleared up to {LEVEL_NAMES[level]}{f' until {until}' if until else ''}.")


@user.command("deactivate", roles=(APP,))
@click.argument("username")
@var_option
@as_option(required=False)
def deactivate(username: str, var: Path, acting_as: str | None) -> None:
    """Close an account and end its sessions at once; its past acts stay."""
    from intelhub.access import deactivate_user
    from intelhub.cli.opening import managing

    with managing(var, acting_as, "user deactivate") as (actor, session):
        person = find_account(actor, session, username)
        deactivate_user(actor, session, person.id)
    say(f"The account {person.username} is closed.")


@user.command("activate", roles=(APP,))
@click.argument("username")
@var_option
@as_option(required=False)
def activate(username: str, var: Path, acting_as: str | None) -> None:
    """Open a closed account again, with the functions and the clearance it still has."""
    from intelhub.access import activate_user
    from intelhub.cli.opening import managing

    with managing(var, acting_as, "user activate") as (actor, session):
        person = find_account(actor, session, username)
        activate_user(actor, session, person.id)
    say(f"The account {person.username} is open.")


@user.command("setup-code", roles=(APP,))
@click.argument("username")
@var_option
@as_option(required=False)
@click.option("--reset-factors", is_flag=True, help="Remove the one-time codes too: the telephone is lost.")
def issue_code(username: str, var: Path, reset_factors: bool, acting_as: str | None) -> None:
    """A code, good once within three days, with which somebody chooses a new password."""
    from intelhub.access import issue_setup_code
    from intelhub.access import reset_factors as remove_factors
    from intelhub.cli.opening import managing

    with managing(var, acting_as, "user setup-code") as (actor, session):
        person = find_account(actor, session, username)
        if reset_factors:
            remove_factors(actor, session, person.id)
        code = issue_setup_code(actor, session, person.id)
    _say_code(code)


@user.command("list", roles=(APP,))
@var_option
@as_option(required=False)
@click.option("--unit", help="Only people with a post at the unit of this code.")
@click.option("--function", help="Only people with this duty function.")
@click.option("--all", "with_closed", is_flag=True, help="Closed accounts too.")
def list_accounts(var: Path, unit: str | None, function: str | None, with_closed: bool, acting_as: str | None) -> None:
    """Accounts in Vietnamese order of the names, with their duty functions and clearances."""
    from intelhub.access import list_people
    from intelhub.cli.opening import managing
    from intelhub.organisation import load_directory

    with managing(var, acting_as, "user list") as (actor, session):
        ever = load_directory(session).ever
        unit_ids = None if unit is None else [find_unit_named(session, unit)]
        people: list[Person] = []
        while page := list_people(
            actor,
            session,
            unit_ids=unit_ids,
            function=function,
            only_active=not with_closed,
            after=(people[-1].sort_key, people[-1].id) if people else None,
        ):
            people += page
    print_table(
        ("username", "name", "clearance", "duty functions", ""),
        [
            (
                one.username,
                one.display_name,
                LEVEL_NAMES[one.clearance] + (f" until {one.clearance_expires_on}" if one.clearance_expires_on else ""),
                ", ".join(f"{post.function} at {ever.get(post.unit_id).code}" for post in one.posts),
                "" if one.is_active else "closed",
            )
            for one in people
        ],
    )


def find_account(actor: Actor, session: ActorSession, username: str) -> Person:
    """Somebody by name, closed accounts too; raises `CommandRefused`."""
    from intelhub.access import find_person
    from intelhub.cli.opening import CommandRefused
    from intelhub.platform.messages import Message

    person = find_person(actor, session, username)
    if person is None:
        raise CommandRefused(
            Message("There is no account “%(username)s”. See “intelhub user list”.", {"username": username})
        )
    return person


def find_unit_named(session: ActorSession, code: str) -> UUID:
    """The id of a unit of today by its code; raises `CommandRefused`."""
    from intelhub.cli.opening import CommandRefused
    from intelhub.organisation import load_directory, today
    from intelhub.platform.messages import Message

    unit = load_directory(session).as_of(today()).find(code)
    if unit is None:
        raise CommandRefused(Message("There is no unit “%(code)s” today. See “intelhub org list”.", {"code": code}))
    return unit.id


def _say_code(code: str) -> None:
    say(f"Setup code: {code}")
    say("Hand it over in person. It is good once, within three days, and is not shown again.")
