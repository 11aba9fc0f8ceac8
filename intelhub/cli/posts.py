"""`intelhub user post`: giving somebody a duty function at a unit, and ending it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import click

from intelhub.cli.options import APP, Command, Day, as_option, var_option
from intelhub.cli.output import say
from intelhub.platform.clock import HANOI


@click.command("post", cls=Command, roles=(APP,))
@click.argument("username")
@click.argument("function")
@click.argument("unit")
@var_option
@as_option(required=False)
@click.option("--since", type=Day(), help="The first day; without it, it begins now.")
@click.option("--until", type=Day(), help="The last day; without it, a year.")
@click.option("--deputy", is_flag=True, help="Held as a deputy.")
@click.option("--end", is_flag=True, help="End this function at this unit now.")
def post(
    username: str,
    function: str,
    unit: str,
    var: Path,
    acting_as: str | None,
    since: date | None,
    until: date | None,
    deputy: bool,
    end: bool,
) -> None:
    """Give somebody a duty FUNCTION at a UNIT (its code) for a time, or end it.

    Functions: contributor, group_officer, group_leader, analyst, unit_head, department_leader, security_officer,
    division_head, leader, auditor, operator.
    """
    from intelhub.access import grant_post, revoke_post
    from intelhub.cli.opening import CommandRefused, managing
    from intelhub.cli.people import find_account, find_unit_named
    from intelhub.platform.messages import Message

    with managing(var, acting_as, "user post") as (actor, session):
        person = find_account(actor, session, username)
        unit_id = find_unit_named(session, unit)
        if end:
            held = [one for one in person.posts if one.function == function and one.unit_id == unit_id]
            if not held:
                raise CommandRefused(
                    Message(
                        "%(username)s does not hold %(function)s at %(unit)s.",
                        {"username": person.username, "function": function, "unit": unit},
                    )
                )
            for one in held:
                revoke_post(actor, session, one.id)
        else:
            grant_post(
                actor,
                session,
                user_id=person.id,
                function=function,
                unit_id=unit_id,
                starts_at=None if since is None else _beginning_of(since),
                ends_at=None if until is None else _beginning_of(until + timedelta(days=1)),
                is_deputy=deputy,
            )
    say(f"{person.username} {'no longer holds' if end else 'holds'} {function} at {unit}.")


def _beginning_of(day: date) -> datetime:
    return datetime.combine(day, time(), HANOI)
