"""The stored formats, held to vectors that a second, independent implementation wrote: old data must stay readable."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from intelhub.crypto import (
    AuditorsKey,
    ContentContext,
    Kek,
    KekScope,
    RootKeys,
    Vault,
    open_as_auditor,
    open_blob,
    open_key_file,
    open_part,
    verify_checkpoint,
)
from intelhub.crypto.envelope import seal_with_randomness
from intelhub.crypto.queries import WrappedKek

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
KEK = VECTORS["kek"]
SCOPE = KekScope(
    level=KEK["level"],
    compartments=[UUID(value) for value in KEK["compartments"]],
    department_id=UUID(KEK["department_id"]),
)


@pytest.fixture
def roots(tmp_path: Path) -> RootKeys:
    path = tmp_path / "root.key"
    path.write_text(json.dumps(VECTORS["key_file"]["content"]), "utf-8")
    path.chmod(0o600)
    return open_key_file(path, VECTORS["key_file"]["passphrase"])


def test_a_key_file_gives_its_roots(roots: RootKeys) -> None:
    stated = VECTORS["roots"]
    assert roots.is_demo
    assert (str(roots.key_file_id), str(roots.data_id)) == (stated["key_file_id"], stated["data_id"])
    for name in ("data", "index", "label", "session", "audit_signing", "auditors_public"):
        assert getattr(roots, name).hex() == stated[name]


def test_a_wrapped_kek_opens(roots: RootKeys) -> None:
    row = WrappedKek(
        UUID(KEK["id"]),
        SCOPE.level,
        list(SCOPE.compartments),
        SCOPE.department_id,
        KEK["version"],
        bytes.fromhex(KEK["wrapped"]),
        roots.data_id,
    )
    assert Vault(roots).unwrapped(row).key.hex() == KEK["key"]


@pytest.mark.parametrize("case", VECTORS["contents"])
def test_content_seals_to_the_same_bytes_and_opens(case: dict[str, Any]) -> None:
    kek = Kek(id=UUID(KEK["id"]), scope=SCOPE, version=KEK["version"], key=bytes.fromhex(KEK["key"]))
    context = ContentContext(
        table=case["table"],
        object_id=UUID(case["object_id"]),
        level=SCOPE.level,
        compartments=SCOPE.compartments,
        department_id=SCOPE.department_id,
        content_version=case["content_version"],
        schema_version=case["schema_version"],
    )
    parts = {name: base64.b64decode(text) for name, text in case["parts"].items()}
    left = bytearray.fromhex(case["randomness"])

    def draw(count: int) -> bytes:
        drawn = bytes(left[:count])
        del left[:count]
        return drawn

    sealed = seal_with_randomness(kek, context, parts, draw)
    assert sealed.wrapped_dek.hex() == case["wrapped_dek"]
    assert sealed.ciphertexts == {name: base64.b64decode(text) for name, text in case["ciphertexts"].items()}
    assert sealed.digest.hex() == case["digest"]
    assert not left
    assert {name: open_part(kek, context, sealed, name) for name in parts} == parts


def test_a_blob_opens() -> None:
    blob = VECTORS["blob"]
    opened = open_blob(bytes.fromhex(blob["key"]), base64.b64decode(blob["sealed"]), context=blob["context"].encode())
    assert opened == base64.b64decode(blob["plaintext"])


def test_macs_derived_keys_and_signatures(roots: RootKeys) -> None:
    vault = Vault(roots)
    label, derived, checkpoint = VECTORS["label"], VECTORS["derived"], VECTORS["checkpoint"]
    assert vault.label_mac(*(value.encode() for value in label["fields"])).hex() == label["mac"]
    assert vault.index_key(derived["purpose"].encode()).hex() == derived["index_key"]
    assert vault.derive(derived["purpose"].encode()).hex() == derived["session_key"]
    assert vault.checkpoint_public_key.hex() == checkpoint["public_key"]
    assert vault.sign_checkpoint(checkpoint["text"].encode()).hex() == checkpoint["signature"]
    assert verify_checkpoint(
        vault.checkpoint_public_key, bytes.fromhex(checkpoint["signature"]), checkpoint["text"].encode()
    )


def test_what_was_sealed_to_the_auditors_opens_with_their_key() -> None:
    entry = VECTORS["auditors"]
    key = AuditorsKey(key_file_id="", private=bytes.fromhex(VECTORS["roots"]["auditors_private"]))
    opened = open_as_auditor(key, base64.b64decode(entry["sealed"]), context=entry["context"].encode())
    assert opened == base64.b64decode(entry["plaintext"])
