"""The root of the command line: its subjects, and how a refusal becomes one sentence and an exit code."""

from __future__ import annotations

import errno
import sys
from typing import Any

import click

from intelhub.cli import (
    auditing,
    database,
    explaining,
    importing,
    installing,
    keys,
    organisation,
    people,
    posts,
    running,
    searching,
)
from intelhub.cli.options import Subject
from intelhub.platform.errors import IntelhubError, RuleRefused

HARDENED = "hardened"


class Root(Subject):
    """Makes a sentence and exit code 1 of every expected refusal; what is unexpected keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except IntelhubError as refused:
            raise click.ClickException(in_words(refused)) from refused
        except OSError as problem:
            if problem.errno == errno.EPIPE or problem.strerror is None:
                raise
            where = f"{problem.filename}: " if problem.filename else ""
            raise click.ClickException(f"{where}{problem.strerror}.") from problem
        except Exception as problem:
            sentence = _about_database(problem)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from problem


def in_words(refused: IntelhubError) -> str:
    """The sentence of a refusal, with those of its fields below it."""
    fields = refused.fields if isinstance(refused, RuleRefused) else {}
    said = [str(refused.message)]
    said += [
        f"  {name}: {message}"
        for name, messages in fields.items()
        for message in messages
        if str(message) != str(refused.message)
    ]
    return "\n".join(said)


def _about_database(problem: Exception) -> str | None:
    """What to do about an error of the database; None for any other error."""
    module = sys.modules.get("sqlalchemy.exc")
    if module is None or not isinstance(problem, module.DBAPIError):
        return None
    reason = (str(problem.orig).strip().splitlines() or ["no reason given"])[0]
    if isinstance(problem, module.ProgrammingError) and getattr(problem.orig, "sqlstate", "") in {"42P01", "42703"}:
        return "The tables are not those of this version. Run “intelhub db upgrade”."
    if isinstance(problem, module.OperationalError):
        return f"The database does not answer: {reason}"
    return None


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="intelhub", message="intelhub %(version)s")
def cli() -> None:
    """Information records, sealed and searchable, for a three-tier customs administration."""


for _command in (
    installing.init,
    database.db,
    people.user,
    organisation.org,
    keys.keys,
    importing.records,
    searching.search,
    searching.reindex,
    auditing.audit,
    explaining.access,
    running.demo,
    running.worker,
    running.settings,
):
    cli.add_command(_command)
people.user.add_command(posts.post)


def main() -> None:
    """The console script: keys that a command opens are kept out of core dumps and away from debuggers."""
    cli(obj=HARDENED)
