"""The operators' page about the command line, written by the commands: `python -m intelhub.cli.reference`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from intelhub.cli.options import Command
from intelhub.cli.output import say
from intelhub.cli.root import cli

PAGE = "docs/operators/command-line.md"
_BEGINNING = f"""\
# The command line

Written by `python -m intelhub.cli.reference > {PAGE}`; a test fails when it is out of date.

**Who may run it.** `intelhub` works on the machine that holds the keys, under the account of the operating system that
owns the installation's folder. That account and the passphrase are the only protection: whoever has both can act as
anybody. Give it to as few people as possible, and let them use it through an account of their own (`sudo`) that the
operating system logs.

**In whose name.** With `--as USER` a command acts as that person with the rights they have on site: their duty
functions, their clearance, and the ceiling of a sign-in with one-time codes (no ceiling under a demo key). The same
decision, row filter and row-level security apply as in the browser, and the same entries are written. One more entry,
`console:acted-as`, says that the console acted, with the account of the operating system sealed to the auditors; all
entries of one command carry the same request id. Without `--as`, commands act as the console itself, which reads no
record: `reindex`, `keys rotate`, `records check` and `access explain` open sealed parts and give none of them out.

**What it leaves behind.** Arguments stand in the shell's history and, while a command runs, in the list of processes
that every user of the machine may see. Give a query as `-` and passphrases and server addresses in files or variables.
The lines that `records import` refuses are quoted on standard error: mind where you send it.

**Database roles.** Each command names below the role it connects as. `intelhub_app` is under row-level security;
`intelhub_worker` sees all rows, changes no content and gives nothing of it out; `intelhub_migrator` changes tables.
The addresses stand in `intelhub.env` in the installation's folder, where `init` writes them. `INTELHUB_MIGRATOR_URL`
passes row-level security by and is needed by `db` and `org` alone: where the services' account should not have it,
take it out of that file and give it in the environment when you run them.

**Answers.** The answer goes to standard output, everything else to standard error. The exit code is 0 when it is done,
1 when it was refused (with a sentence that says what to do), 2 when the command was typed wrong; `audit verify` and
`records check` say 2 when they could not look at all.
"""


def command_reference() -> str:
    """The whole page as Markdown."""
    return "\n".join([_BEGINNING, *_described(cli, ("intelhub",), 2)])


def _described(command: click.Command, path: tuple[str, ...], depth: int) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path))
    if isinstance(command, click.Group):
        if len(path) > 1:
            yield f"{'#' * min(depth, 3)} {' '.join(path)}\n\n{command.help}\n"
        for name in sorted(command.commands):
            yield from _described(command.commands[name], (*path, name), depth + (len(path) > 1))
        return
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    yield f"{'#' * depth} `{usage}`\n"
    yield "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n")) + "\n"
    options = [record for one in command.get_params(context) if (record := one.get_help_record(context))]
    for flags, text in options:
        if text and "--help" not in flags:
            yield f"- `{flags}`: {' '.join(text.split())}"
    roles = command.roles if isinstance(command, Command) else ()
    yield f"\nDatabase role: {', '.join(roles) or 'none'}.\n"


if __name__ == "__main__":
    say(command_reference().rstrip("\n"))
