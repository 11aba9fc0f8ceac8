"""The root of the command line: its subjects, and how a refusal becomes one sentence and an exit code."""

from __future__ import annotations

from typing import Any

import click

from intelhub.cli import (
    auditing,
    compartments,
    database,
    explaining,
    installing,
    keys,
    organisation,
    people,
    posts,
    records,
    running,
    searching,
)
from intelhub.cli.options import Subject
from intelhub.cli.refusals import sentence_for

HARDENED = "hardened"


class Root(Subject):
    """Makes a sentence and exit code 1 of every expected refusal; what is unexpected keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as problem:
            sentence = sentence_for(problem)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from problem


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="intelhub", message="intelhub %(version)s")
def cli() -> None:
    """Information records, sealed and searchable, for a three-tier customs administration."""


for _command in (
    installing.init,
    database.db,
    people.user,
    compartments.compartment,
    organisation.org,
    keys.keys,
    records.records,
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
