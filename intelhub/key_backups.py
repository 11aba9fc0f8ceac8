"""Whether somebody said that the keys are backed up: a note beside the key file, true of that very file alone."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intelhub.platform.clock import now


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBackup:
    """A backup somebody recorded; `is_current` is false once the key file was written anew."""

    recorded_at: datetime
    recorded_by: str
    is_current: bool


def find_backup(key_file: Path) -> KeyBackup | None:
    """The last recorded backup of a key file, or None."""
    try:
        note = json.loads(_note(key_file).read_text("utf-8"))
        return KeyBackup(
            recorded_at=datetime.fromisoformat(note["recorded_at"]),
            recorded_by=str(note["recorded_by"]),
            is_current=note["key_file_sha256"] == _digest(key_file),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def record_backup(key_file: Path, recorded_by: str) -> None:
    """Write down that the key file as it stands now, and its passphrase, are kept elsewhere."""
    note = {
        "key_file_sha256": _digest(key_file),
        "recorded_at": now().isoformat(),
        "recorded_by": recorded_by,
    }
    path = _note(key_file)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
        json.dump(note, file, indent=2)


def backup_warning(key_file: Path) -> str | None:
    """What every start says while no backup of the keys is recorded; None when one is."""
    backup = find_backup(key_file)
    if backup is not None and backup.is_current:
        return None
    known = "No backup of the keys is recorded" if backup is None else "The keys changed since their backup"
    return (
        f"{known}: if {key_file} or its passphrase is lost, no record can ever be read again. Back both up at two"
        " places and run “intelhub keys backup-recorded”."
    )


def _note(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.backup.json")


def _digest(key_file: Path) -> str:
    return hashlib.sha256(key_file.read_bytes()).hexdigest()
