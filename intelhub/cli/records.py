"""`intelhub records`: taking in a file of records, and holding all records against their seals and the log."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from intelhub.cli.options import APP, WORKER, Subject, as_option, var_option
from intelhub.cli.refusals import CouldNotLook, sentence_for


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


@records.command("check", roles=(WORKER,))
@var_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, when everything was looked at.")
def check(var: Path, as_json: bool) -> None:
    """Hold every record against its seals and the audit log, while everybody goes on.

    Records that somebody deleted or altered in the database are named by their ids, with what is wrong and what to
    do; no word and no number of theirs is shown. What a record was before, only the log can say: let
    `intelhub audit verify` say first that the log itself holds.

    The exit code is 0 when nothing was found, 1 when something was, 2 when nothing could be looked at.
    """
    from intelhub.cli.record_check import RecordCheck

    try:
        is_whole = RecordCheck(as_json=as_json).run(var)
    except Exception as problem:
        sentence = sentence_for(problem)
        if sentence is None:
            raise
        raise CouldNotLook(sentence) from problem
    sys.exit(0 if is_whole else 1)
