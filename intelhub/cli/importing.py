"""`intelhub records import`: taking in a file of records, line by line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from intelhub.cli.options import APP, Subject, as_option, var_option


@click.group(cls=Subject)
def records() -> None:
    """Information records."""


@records.command("import", roles=(APP,))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@var_option
@as_option(required=True)
@click.option("--submit", is_flag=True, help="Submit each record to the leader of the unit; else they are drafts.")
@click.option("--check", is_flag=True, help="Only check the lines; nothing is written.")
@click.option("--first-line", type=click.IntRange(min=1), default=1, help="Go on from this line.")
def import_file(file: Path, var: Path, acting_as: str, submit: bool, check: bool, first_line: int) -> None:
    """Take in a FILE with one record a line (JSON; - reads from standard input).

    Each line is checked as the form checks it, and is a transaction of its own: what is in stays in. A line that is
    refused is reported by number, field and reason, on stderr at once and in a table at the end; the others go in.
    The exit code is 1 if any line was refused.
    """
    from intelhub.cli.record_import import RecordImport

    job = RecordImport(var=var, username=acting_as, submit=submit, only_check=check, first_line=first_line)
    sys.exit(job.run(file))
