"""`intelhub access`: why a decision falls as it does."""

from __future__ import annotations

from pathlib import Path

import click

from intelhub.cli.options import WORKER, Subject, var_option
from intelhub.cli.output import say


@click.group(cls=Subject)
def access() -> None:
    """Who may do what."""


@access.command("explain", roles=(WORKER,))
@click.argument("username")
@click.argument("action")
@click.argument("reference", metavar="OBJECT")
@var_option
@click.option(
    "--place",
    type=click.Choice(["onsite", "duty_room", "remote"]),
    default="onsite",
    show_default=True,
    help="From where the person would work.",
)
def explain(username: str, action: str, reference: str, var: Path, place: str) -> None:
    """Say which policy line, attribute and ceiling decide whether USERNAME may do ACTION to OBJECT.

    ACTION is a verb of the policy, such as read or forward; OBJECT a record's id or its number. Nothing of the
    record's content is shown.
    """
    from intelhub.cli.explanation import explain_to_console

    for text in explain_to_console(var, username, action, reference, place):
        say(text)
