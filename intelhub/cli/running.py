"""`intelhub demo`, `intelhub worker` and `intelhub settings`: what runs, and with which settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from intelhub.cli.options import APP, MIGRATOR, SEQUENCER, WORKER, Command, Subject, var_option
from intelhub.cli.output import say, warn


@click.command(cls=Command, roles=("the embedded server's superuser", MIGRATOR, APP, WORKER, SEQUENCER))
@var_option
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes any free port.")
def demo(var: Path, port: int) -> None:
    """Run the whole product on this machine with invented people and records, until Ctrl-C."""
    from intelhub.demo.run import run

    sys.exit(run(var, port))


@click.command(cls=Command, roles=(WORKER, SEQUENCER))
@var_option
def worker(var: Path) -> None:
    """Run the background process: the audit log's sequencer and the jobs. The service manager starts it."""
    from intelhub.cli.opening import load_settings
    from intelhub.key_backups import backup_warning
    from intelhub.worker import main

    known = load_settings(var)
    if not known.demo and (warning := backup_warning(known.key_file)):
        warn(warning)
    os.environ["INTELHUB_VAR"] = str(var.absolute())
    sys.exit(main())


@click.group(cls=Subject)
def settings() -> None:
    """What an installation can decide."""


@settings.command("reference")
def show_reference() -> None:
    """Every setting of `intelhub.env` with its default, as a Markdown table."""
    from intelhub.settings import describe_settings

    say("| variable | default | what it decides |")
    say("|---|---|---|")
    for one in describe_settings():
        say(f"| `{one.variable}` | {f'`{one.default}`' if one.default else ''} | {one.doc} |")
