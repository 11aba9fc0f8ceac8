"""`make demo`: keys marked as a demo's, the embedded database, the invented service, and everything running."""

from __future__ import annotations

import secrets
from pathlib import Path

from intelhub.crypto import create_key_file, is_demo_key_file, open_key_file
from intelhub.demo.loading import load_demo
from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message
from intelhub.supervisor import DemoSteps, run_demo


def run(var: Path, port: int) -> int:
    """Run the demo on a folder until it is stopped; raises `IntelhubError` with one sentence when it cannot."""
    return run_demo(var, port, DemoSteps(prepare_keys=prepare_keys, load=load_demo))


def prepare_keys(var: Path) -> None:
    """Make a demo key where there is none yet; refuse to touch a folder that holds real keys or lost its own."""
    key_file, passphrase_file = var / "keys" / "root.key", var / "keys" / "passphrase"
    if key_file.exists() and not is_demo_key_file(key_file):
        raise Unavailable(
            Message("%(path)s is a key for real data. Choose another folder: make demo VAR=…", {"path": key_file})
        )
    if key_file.exists():
        if not passphrase_file.exists():
            raise Unavailable(
                Message("%(path)s is missing, so the demo's key cannot be opened.", {"path": passphrase_file})
            )
        open_key_file(key_file, passphrase_file.read_text(encoding="utf-8").strip())
        return
    if (var / "postgres").exists():
        raise Unavailable(
            Message(
                "%(path)s is missing, and without it the records in this folder cannot be opened. Put it back, or"
                " choose another folder: make demo VAR=…",
                {"path": key_file},
            )
        )
    passphrase = secrets.token_urlsafe(24)
    create_key_file(key_file, passphrase, demo=True)
    passphrase_file.touch(mode=0o600)
    passphrase_file.write_text(passphrase, encoding="utf-8")
