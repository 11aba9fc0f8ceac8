"""The root keys and the files they live in: made, opened, given a new passphrase or a new data root.

The roots are independent random keys, so that whoever learns one learns nothing of another. They never enter the
database, a log or an error.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from intelhub.crypto.auditors import AuditorsKey
from intelhub.crypto.refusals import (
    AuditorsPassphraseMissing,
    DemoKeyRefused,
    KeyFileDamaged,
    KeyFileExists,
    PassphraseRefused,
)
from intelhub.crypto.sealed_file import (
    DEMO_COST,
    PRODUCTION_COST,
    locked_folders,
    open_document,
    read_header,
    seal_document,
    write_document,
)
from intelhub.platform.clock import now

ROOT_FORMAT = "intelhub-root-keys/1"
AUDITORS_FORMAT = "intelhub-auditors-key/1"
AUDITORS_FILE = "auditors.key"
_SHORTEST_PASSPHRASE = 15  # NIST SP 800-63B-4, 3.1.1.2, for a secret that stands alone
_ROOT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKeys:
    """The opened key file; every key is 32 random bytes and none is ever printed.

    `data` wraps the key-encryption keys; `retired_data` holds former data roots by id until every key was rewrapped.
    """

    key_file_id: UUID
    is_demo: bool
    data_id: UUID
    data: bytes = field(repr=False)
    retired_data: Mapping[UUID, bytes] = field(repr=False)
    index: bytes = field(repr=False)
    label: bytes = field(repr=False)
    session: bytes = field(repr=False)
    audit_signing: bytes = field(repr=False)
    auditors_public: bytes = field(repr=False)


def create_key_file(
    path: Path,
    passphrase: str,
    *,
    demo: bool,
    auditors_passphrase: str | None = None,
    auditors_path: Path | None = None,
) -> RootKeys:
    """Make new root keys, and the auditors' private key in its own file (`auditors.key` beside, to be moved away).

    The demo seals both with one passphrase; outside it the auditors' key needs its own. Raises `KeyFileExists`,
    `PassphraseRefused`, `AuditorsPassphraseMissing`, `KeyFileUnreadable` or `KeyFileExposed`; then nothing was made.
    """
    auditors_path = auditors_path or path.with_name(AUDITORS_FILE)
    auditors_passphrase = _auditors_passphrase(passphrase, auditors_passphrase, auditors_path, demo=demo)
    if not demo:
        _refuse_short(passphrase, path)
        _refuse_short(auditors_passphrase, auditors_path)
    auditors = X25519PrivateKey.generate()
    keys = RootKeys(
        key_file_id=uuid4(),
        is_demo=demo,
        data_id=uuid4(),
        data=os.urandom(_ROOT_BYTES),
        retired_data=MappingProxyType({}),
        index=os.urandom(_ROOT_BYTES),
        label=os.urandom(_ROOT_BYTES),
        session=os.urandom(_ROOT_BYTES),
        audit_signing=os.urandom(_ROOT_BYTES),
        auditors_public=auditors.public_key().public_bytes_raw(),
    )
    cost = DEMO_COST if demo else PRODUCTION_COST
    header = {
        "format": AUDITORS_FORMAT,
        "kind": _kind(keys),
        "key_file_id": str(keys.key_file_id),
        "created_at": now().isoformat(),
    }
    auditors_content = seal_document(
        header, {"private": _text(auditors.private_bytes_raw())}, auditors_passphrase, cost
    )
    content = _seal_roots(keys, passphrase)
    with locked_folders(path, auditors_path):
        _make_both(path, content, auditors_path, auditors_content, demo=demo)
    return keys


def open_key_file(path: Path, passphrase: str, *, production: bool = False) -> RootKeys:
    """Open the root keys.

    Raises `KeyFileMissing`, `KeyFileUnreadable`, `KeyFileExposed`, `KeyFileDamaged`, `WrongPassphrase` and, with
    `production`, `DemoKeyRefused`.
    """
    header, secret = open_document(path, passphrase, file_format=ROOT_FORMAT)
    try:
        keys = RootKeys(
            key_file_id=UUID(str(header["key_file_id"])),
            is_demo={"demo": True, "production": False}[str(header["kind"])],
            data_id=UUID(str(secret["data_id"])),
            data=_root(secret["data"]),
            retired_data=MappingProxyType(
                {UUID(k): _root(v) for k, v in dict(_mapping(secret["retired_data"])).items()}
            ),
            index=_root(secret["index"]),
            label=_root(secret["label"]),
            session=_root(secret["session"]),
            audit_signing=_root(secret["audit_signing"]),
            auditors_public=_root(secret["auditors_public"]),
        )
    except (KeyError, ValueError, TypeError):
        raise KeyFileDamaged(path) from None
    if production and keys.is_demo:
        raise DemoKeyRefused(path)
    return keys


def open_auditors_key(path: Path, passphrase: str) -> AuditorsKey:
    """Open the auditors' private key; raises the same refusals as `open_key_file`."""
    header, secret = open_document(path, passphrase, file_format=AUDITORS_FORMAT)
    try:
        return AuditorsKey(key_file_id=str(header["key_file_id"]), private=_root(secret["private"]))
    except (KeyError, ValueError, TypeError):
        raise KeyFileDamaged(path) from None


def is_demo_key_file(path: Path) -> bool:
    """Whether the file says it is a demo key, read without a passphrase and therefore not yet proved."""
    return read_header(path, file_format=ROOT_FORMAT).get("kind") == "demo"


def change_passphrase(path: Path, passphrase: str, new_passphrase: str) -> RootKeys:
    """Seal the same roots under a new passphrase; copies of the old file still open with the old one."""
    keys = open_key_file(path, passphrase)
    if not keys.is_demo:
        _refuse_short(new_passphrase, path)
    return _replace(path, keys, new_passphrase)


def add_data_root(path: Path, passphrase: str) -> RootKeys:
    """Put a new data root in force and keep the former one until `rotate_root` has rewrapped every key.

    Every process must be restarted with the new file before the keys are rewrapped.
    """
    keys = open_key_file(path, passphrase)
    retired = MappingProxyType({**keys.retired_data, keys.data_id: keys.data})
    renewed = replace(keys, data_id=uuid4(), data=os.urandom(_ROOT_BYTES), retired_data=retired)
    return _replace(path, renewed, passphrase)


def drop_retired_roots(path: Path, passphrase: str) -> RootKeys:
    """Forget former data roots; only after `roots_in_use` names none of them, in the database and in kept backups."""
    keys = open_key_file(path, passphrase)
    return _replace(path, replace(keys, retired_data=MappingProxyType({})), passphrase)


def _replace(path: Path, keys: RootKeys, passphrase: str) -> RootKeys:
    with locked_folders(path):
        write_document(path, _seal_roots(keys, passphrase), replacing=True)
    return keys


def _make_both(path: Path, content: bytes, auditors_path: Path, auditors_content: bytes, *, demo: bool) -> None:
    if path.exists():
        raise KeyFileExists(path)
    if demo and auditors_path.exists():
        # A start that was killed between the two files: keep what is there, under another name, and go on.
        auditors_path.replace(auditors_path.with_name(f"{auditors_path.name}.orphan-{uuid4().hex[:8]}"))
    # The auditors' file first: without it, what the server seals to them could never be read again.
    write_document(auditors_path, auditors_content)
    try:
        write_document(path, content)
    except BaseException:
        auditors_path.unlink()
        raise


def _seal_roots(keys: RootKeys, passphrase: str) -> bytes:
    header = {
        "format": ROOT_FORMAT,
        "kind": _kind(keys),
        "key_file_id": str(keys.key_file_id),
        "written_at": now().isoformat(),
    }
    secret = {
        "data_id": str(keys.data_id),
        "data": _text(keys.data),
        "retired_data": {str(root_id): _text(root) for root_id, root in keys.retired_data.items()},
        "index": _text(keys.index),
        "label": _text(keys.label),
        "session": _text(keys.session),
        "audit_signing": _text(keys.audit_signing),
        "auditors_public": _text(keys.auditors_public),
    }
    return seal_document(header, secret, passphrase, DEMO_COST if keys.is_demo else PRODUCTION_COST)


def _auditors_passphrase(passphrase: str, own: str | None, path: Path, *, demo: bool) -> str:
    if demo:
        return passphrase if own is None else own
    if own is None or own == passphrase:
        raise AuditorsPassphraseMissing(path)
    return own


def _refuse_short(passphrase: str, path: Path) -> None:
    if len(passphrase) < _SHORTEST_PASSPHRASE:
        raise PassphraseRefused(path)


def _kind(keys: RootKeys) -> str:
    return "demo" if keys.is_demo else "production"


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _root(text: object) -> bytes:
    key = base64.b64decode(str(text), validate=True)
    if len(key) != _ROOT_BYTES:
        raise ValueError("a root key has 32 bytes")
    return key


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("retired roots are a mapping")
    return value
