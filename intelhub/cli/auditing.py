"""`intelhub audit`: verifying the log here or elsewhere, exporting it, and opening what is sealed to the auditors."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from intelhub.cli.options import WORKER, Subject, file_option, var_option
from intelhub.cli.output import print_json, say, warn
from intelhub.cli.refusals import CouldNotLook, sentence_for


@click.group(cls=Subject)
def audit() -> None:
    """The audit log."""


@audit.command("verify", roles=(f"{WORKER} (none with a folder)",))
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@var_option
@click.option("--key", help="With a folder: the log's public key as you got it on another way, or a file with it.")
@file_option("--seen", "A checkpoint kept from earlier: the log may only have grown since.")
def verify(folder: Path | None, var: Path, key: str | None, seen: Path | None) -> None:
    """Verify the log in the database, or an exported FOLDER with neither keys nor database nor settings.

    The exit code is 0 when the chain holds, 1 when it does not, 2 when nothing could be looked at.
    """
    if folder is not None:
        from intelhub.audit import offline_verifier

        given = [("--key", key), ("--seen", seen)]
        sys.exit(offline_verifier.main([str(folder), *(str(part) for pair in given if pair[1] for part in pair)]))
    from intelhub.cli.audit_work import verify_here

    try:
        holds = verify_here(var, seen)
    except Exception as problem:
        sentence = sentence_for(problem)
        if sentence is None:
            raise
        raise CouldNotLook(sentence) from problem
    sys.exit(0 if holds else 1)


@audit.command("export", roles=(WORKER,))
@click.argument("folder", type=click.Path(path_type=Path))
@var_option
def export(folder: Path, var: Path) -> None:
    """Write the log, its checkpoint and a verifier into a new FOLDER for verification on another machine."""
    from intelhub.cli.audit_work import export_to

    exported = export_to(var, folder)
    say(f"{exported.size} entries are in {exported.folder}. Verify them there with: intelhub audit verify {folder}")
    say("Hand this key over on another way than the folder, and keep the file “checkpoint”:")
    say(f"  {exported.key}")


@audit.command("unseal", roles=(f"{WORKER} (none with --export)",))
@click.argument("seq", type=click.IntRange(min=0))
@var_option
@file_option("--auditors-key", "The auditors' private key. [default: <var>/keys/auditors.key]")
@file_option("--passphrase-file", "A file with its passphrase; without it, it is asked for.")
@click.option("--export", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Read the entry"
              " from an exported folder instead of the database: then nothing else is needed.")  # fmt: skip
def unseal(seq: int, var: Path, auditors_key: Path | None, passphrase_file: Path | None, folder: Path | None) -> None:
    """Open the sealed part of entry SEQ (a query, a reason) with the auditors' key, as JSON."""
    from intelhub.audit import unseal as open_sealed
    from intelhub.cli.audit_work import entry_here, entry_in
    from intelhub.cli.passphrases import known_passphrase
    from intelhub.crypto import open_auditors_key

    path = auditors_key or var / "keys" / "auditors.key"
    key = open_auditors_key(path, known_passphrase("of the auditors' key", passphrase_file))
    entry = entry_here(var, seq) if folder is None else entry_in(folder, seq)
    if entry.sealed is None:
        warn(f"Entry {seq} has no sealed part.")
    print_json({"seq": seq, "action": entry.action, "at": entry.at.isoformat(), **open_sealed(entry, key)})
