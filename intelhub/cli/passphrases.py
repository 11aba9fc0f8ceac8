"""Passphrases as people give them to a command: typed twice unseen, or in a file; never on the command line."""

from __future__ import annotations

import os
from pathlib import Path

import click

from intelhub.cli.opening import CommandRefused
from intelhub.platform.messages import Message

SHORTEST = 15
_LONGEST_FILE = 4096


def passphrase_in(path: Path) -> str:
    """The one line of a passphrase file; raises `CommandRefused`."""
    with path.open("rb") as file:
        content = file.read(_LONGEST_FILE + 1)
    try:
        lines = content.decode("utf-8").strip().splitlines()
    except UnicodeDecodeError:
        lines = []
    if len(content) > _LONGEST_FILE or len(lines) != 1:
        raise CommandRefused(Message("%(path)s must hold one line of UTF-8: the passphrase.", {"path": str(path)}))
    return lines[0]


def new_passphrase(of: str, path: Path | None) -> str:
    """A new passphrase of at least 15 characters, from the file or asked for twice."""
    if path is not None:
        return passphrase_in(path)
    while True:
        typed: str = click.prompt(f"New passphrase {of}", hide_input=True, confirmation_prompt=True, err=True)
        if len(typed.strip()) >= SHORTEST:
            return typed.strip()
        click.echo(f"Use at least {SHORTEST} characters; several words picked at random are good.", err=True)


def known_passphrase(of: str, path: Path | None) -> str:
    """A passphrase that exists, from the file or asked for once."""
    if path is not None:
        return passphrase_in(path)
    typed: str = click.prompt(f"Passphrase {of}", hide_input=True, err=True)
    return typed.strip()


def write_passphrase(path: Path, passphrase: str) -> None:
    """Put a passphrase into a file that its owner alone reads, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(f"{passphrase}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
