"""The page about the command line is the command line's own, and starting it stays quick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from intelhub.cli import cli
from intelhub.cli.options import Command
from intelhub.cli.reference import PAGE, command_reference

ROOT = Path(__file__).parents[3]


def commands(group: click.Group, path: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(cli))


def test_the_page_is_current():
    written = (ROOT / PAGE).read_text("utf-8")
    assert written.rstrip("\n") == command_reference().rstrip("\n"), f"run: python -m intelhub.cli.reference > {PAGE}"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_as_whom(path):
    command = COMMANDS[path]
    assert isinstance(command, Command)
    assert command.help
    page = command_reference()
    assert f"`intelhub {' '.join(path)}" in page
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help or option.name == "language", option.name


def test_help_loads_nothing_that_takes_time():
    code = "import sys; from intelhub.cli import cli; print(*{name.split('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "flask", "cryptography", "rich", "psycopg", "casbin"} & set(result.stdout.split())
