"""What goes wrong with keys and seals, as sentences that say what to do; never a key or a text in any of them."""

from __future__ import annotations

from pathlib import Path

from intelhub.platform.errors import IntelhubError, Tampered, Unavailable
from intelhub.platform.messages import Message


def tampered() -> Tampered:
    """The one answer to every broken seal: it does not say which check failed, lest it become an oracle."""
    return Tampered("The stored data does not fit its seal. Nothing of it is shown; tell the security officer.")


class KeyGone(Tampered):
    """The key of this content is not in the table any more: destroyed on purpose, or its id was altered."""

    def __init__(self) -> None:
        super().__init__("The key of this content no longer exists, so it cannot be read; tell the security officer.")


class KeysNotOpen(Unavailable):
    """A process works without having opened the key file."""

    def __init__(self) -> None:
        super().__init__("The keys are not open. Restart the server with its key file and passphrase.")


class RootUnknown(Unavailable):
    """A key is wrapped under a root that is not in the key file this process opened."""

    def __init__(self) -> None:
        super().__init__(
            "A key rests on a root that the opened key file does not hold. "
            "Restart the server with the newest key file; if that does not help, restore the key file from its backup."
        )


class KeysOfAnotherInstallation(Unavailable):
    """The key file opens, and nothing that is stored was sealed with it."""

    def __init__(self) -> None:
        super().__init__(
            "The key file belongs to another installation or is older than the last rotation: it opens nothing in this "
            "database. Put the right key file and its passphrase in place and start again."
        )


class KeyFileProblem(IntelhubError):
    """A key file cannot be made or opened; the sentence names the file and what to do."""

    def __init__(self, msgid: str, path: Path) -> None:
        super().__init__(Message(msgid, {"path": str(path)}))
        self.path = path


class KeyFileMissing(KeyFileProblem):
    """Nothing stands at the path of the key file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "There is no key file at %(path)s. Give its right place, restore it from the backup, "
            "or make a new one with `intelhub init` if there is no data yet.",
            path,
        )


class KeyFileExists(KeyFileProblem):
    """A new key file would overwrite one, and everything sealed under it would be lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "There is a key file at %(path)s already, and it is never overwritten. "
            "Open that one, or give another place for the new one.",
            path,
        )


class KeyFileUnreadable(KeyFileProblem):
    """The operating system does not let this process at the file or its folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "%(path)s cannot be read or written by this user. Give the file and its folder to the user "
            "who runs the server (folder 0700, file 0600).",
            path,
        )


class KeyFileExposed(KeyFileProblem):
    """Other users of the machine could read or replace the key file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "Other users of this machine can get at %(path)s. "
            "Close it with `chmod go-rwx %(path)s`, and change the passphrase if anybody might have copied a key.",
            path,
        )


class KeyFileDamaged(KeyFileProblem):
    """The file is not what was written; its contents cannot be trusted."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "The key file %(path)s is damaged or is not a key file. Restore it from the backup; do not make a new one, "
            "because existing data can only be opened with the old one.",
            path,
        )


class WrongPassphrase(KeyFileProblem):
    """The passphrase does not open the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "The passphrase does not open %(path)s. Type it again, with the same keyboard layout as when it was set; "
            "if it is certainly right, the file was altered and must be restored from the backup.",
            path,
        )


class PassphraseRefused(KeyFileProblem):
    """The passphrase is too short to protect the file should it be stolen."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "A passphrase for %(path)s needs at least 15 characters; several words picked at random are good.", path
        )


class AuditorsPassphraseMissing(KeyFileProblem):
    """Outside the demo, operators may not hold what opens the auditors' sealed entries."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "The auditors' key %(path)s needs a passphrase of its own, "
            "chosen by the auditors and different from that of the server.",
            path,
        )


class DemoKeyRefused(KeyFileProblem):
    """A demo key's passphrase is public knowledge."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "%(path)s is a demo key, and real data may not rest on it. Make a key of your own with `intelhub init`.",
            path,
        )
