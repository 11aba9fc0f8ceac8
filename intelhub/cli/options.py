"""What commands share: a class that states its database roles, and the options `--var` and `--as`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

APP = "intelhub_app"
WORKER = "intelhub_worker"
MIGRATOR = "intelhub_migrator"
SEQUENCER = "intelhub_sequencer"

_F = TypeVar("_F", bound=Callable[..., Any])


class Command(click.Command):
    """A command that says in its help, and so in the documentation, as which database roles it connects."""

    def __init__(self, *arguments: Any, roles: tuple[str, ...] = (), **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.roles = roles

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The roles below the options."""
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(f"Database role: {', '.join(self.roles) or 'none'}.")


class Subject(click.Group):
    """A group of commands about one thing."""

    command_class = Command
    group_class = type


class Day(click.ParamType[date]):
    """A day as 2026-11-21."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day, or a usage error that shows how to write one."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(f"“{value}” is no day. Write it as 2026-11-21.", param, ctx)


def var_option(command: _F) -> _F:
    """`--var`: the folder of the installation."""
    return click.option(
        "--var",
        type=click.Path(path_type=Path),
        envvar="INTELHUB_VAR",
        default="var",
        show_default=True,
        show_envvar=True,
        help="The folder of the installation.",
    )(command)


def as_option(*, required: bool) -> Callable[[_F], _F]:
    """`--as`: in whose name the command acts; without it, where it may be missing, as the console itself."""
    return click.option(
        "--as",
        "acting_as",
        metavar="USER",
        required=required,
        help="Act as this person, with the rights they have on site." + ("" if required else " [default: the console]"),
    )


def file_option(name: str, text: str) -> Callable[[_F], _F]:
    """An option that names a file to read."""
    return click.option(name, type=click.Path(exists=True, dir_okay=False, path_type=Path), help=text)
