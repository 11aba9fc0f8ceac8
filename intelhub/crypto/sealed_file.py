"""A secret kept in a file under a passphrase: Argon2id, then AES-256-GCM over JSON, in a folder nobody else may enter.

The header stands in clear and is authenticated with the secret. A checksum tells a damaged file from a wrong
passphrase; it protects nothing. Nothing here overwrites a file unless it replaces that very file on purpose.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import hashlib
import json
import os
import stat
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from intelhub.crypto.blobs import open_bytes, seal_bytes
from intelhub.crypto.framing import lp
from intelhub.crypto.refusals import (
    KeyFileDamaged,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    KeyFileUnreadable,
    WrongPassphrase,
)
from intelhub.platform.errors import Tampered

_MAGIC = b"IK\x01"
_SALT_BYTES = 16
_LARGEST_FILE = 1 << 20
_FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class PassphraseCost:
    """Argon2id's price for one guess; RFC 9106 recommends 64 MiB, 3 passes, 4 lanes where memory is short."""

    memory_kib: int
    passes: int
    lanes: int

    @property
    def is_bearable(self) -> bool:
        """Whether opening would end: an altered header must not take the machine's memory before it is found out."""
        return (
            8 * self.lanes <= self.memory_kib <= 1 << 20 and 1 <= self.passes <= 16 and 1 <= self.lanes <= 16  # noqa: PLR2004 - 1 GiB, 16 passes, 16 lanes
        )


PRODUCTION_COST = PassphraseCost(memory_kib=128 * 1024, passes=3, lanes=4)
DEMO_COST = PassphraseCost(memory_kib=8 * 1024, passes=1, lanes=1)


def _key(passphrase: str, salt: bytes, cost: PassphraseCost) -> bytes:
    # Vietnamese letters have two spellings in Unicode; keyboards differ in which they send.
    normal = unicodedata.normalize("NFC", passphrase).encode()
    return Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib).derive(
        normal
    )


def _canonical(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def seal_document(
    header: Mapping[str, str], secret: Mapping[str, object], passphrase: str, cost: PassphraseCost
) -> bytes:
    """The file's bytes: the header in clear, the secret sealed under the passphrase."""
    salt = os.urandom(_SALT_BYTES)
    document: dict[str, object] = {
        **header,
        "argon2id": {
            "memory_kib": cost.memory_kib,
            "passes": cost.passes,
            "lanes": cost.lanes,
            "salt": base64.b64encode(salt).decode(),
        },
    }
    aad = lp(b"intelhub/key-file/v1", _canonical(document))
    sealed = seal_bytes(_key(passphrase, salt, cost), _canonical(secret), aad, magic=_MAGIC)
    document["sealed"] = base64.b64encode(sealed).decode()
    document["checksum"] = hashlib.sha256(_canonical(document)).hexdigest()
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"


def read_header(path: Path, *, file_format: str) -> dict[str, object]:
    """What stands in clear in a key file, checked for damage but not yet for forgery.

    Raises `KeyFileMissing`, `KeyFileUnreadable`, `KeyFileExposed` or `KeyFileDamaged`.
    """
    try:
        document = json.loads(_read(path))
        checksum = document.pop("checksum")
        intact = document["format"] == file_format and hashlib.sha256(_canonical(document)).hexdigest() == checksum
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KeyFileDamaged(path) from None
    if not intact:
        raise KeyFileDamaged(path)
    checked: dict[str, object] = document
    return checked


def open_document(path: Path, passphrase: str, *, file_format: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and secret of a key file; raises what `read_header` raises, and `WrongPassphrase`."""
    document = read_header(path, file_format=file_format)
    try:
        sealed = base64.b64decode(str(document.pop("sealed")), validate=True)
        stated = document["argon2id"]
        if not isinstance(stated, dict):
            raise KeyFileDamaged(path)
        cost = PassphraseCost(
            memory_kib=int(stated["memory_kib"]), passes=int(stated["passes"]), lanes=int(stated["lanes"])
        )
        salt = base64.b64decode(stated["salt"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise KeyFileDamaged(path) from None
    if not cost.is_bearable or len(salt) < _SALT_BYTES:
        raise KeyFileDamaged(path)
    aad = lp(b"intelhub/key-file/v1", _canonical(document))
    try:
        secret = json.loads(open_bytes(_key(passphrase, salt, cost), sealed, aad, magic=_MAGIC))
    except Tampered:
        raise WrongPassphrase(path) from None
    if not isinstance(secret, dict):
        raise KeyFileDamaged(path)
    return document, secret


def _read(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise KeyFileMissing(path) from None
    except OSError:
        raise KeyFileUnreadable(path) from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
            raise KeyFileDamaged(path)
        # Readable by a group is how service managers hand over credentials; anything wider is a leak.
        if status.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise KeyFileExposed(path)
        return file.read()


@contextlib.contextmanager
def locked_folders(*paths: Path) -> Iterator[None]:
    """Make the folders of these key files if need be (0700) and hold them against other makers of keys.

    Raises `KeyFileUnreadable` or, when a folder lets others in, `KeyFileExposed`.
    """
    with contextlib.ExitStack() as held:
        # Each folder once, however it is spelled, and always in one order: two makers must not wait for each other.
        for folder in sorted({path.parent.resolve() for path in paths}):
            held.enter_context(_locked(folder))
        yield


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise KeyFileUnreadable(folder) from None
    try:
        if os.fstat(handle).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileExposed(folder)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def write_document(path: Path, content: bytes, *, replacing: bool = False) -> None:
    """Write a key file (0600) whole or not at all; the caller holds `locked_folders`.

    Raises `KeyFileExists` unless `replacing`, and `KeyFileUnreadable` when the folder cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    except OSError:
        raise KeyFileUnreadable(path.parent) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replacing:
            Path(temporary).replace(path)
        else:
            os.link(temporary, path)  # a rename would overwrite; a link refuses to
    except FileExistsError:
        raise KeyFileExists(path) from None
    except OSError:
        raise KeyFileUnreadable(path) from None
    finally:
        Path(temporary).unlink(missing_ok=True)
