"""Sealing to the auditors: servers can write these entries and cannot read them back.

HPKE (RFC 9180), base mode, X25519 / HKDF-SHA256 / AES-256-GCM. The private key may never be opened by a server.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from intelhub.crypto.framing import lp
from intelhub.crypto.padding import pad, unpad
from intelhub.crypto.refusals import tampered

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_MAGIC = b"IA\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditorsKey:
    """The auditors' opened private key (32 bytes); it belongs on the auditors' machine only."""

    key_file_id: str
    private: bytes = field(repr=False)


def seal_to(public_key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """Seal for the holder of the private key; the length is hidden in size classes."""
    recipient = X25519PublicKey.from_public_bytes(public_key)
    return _MAGIC + _SUITE.encrypt(pad(plaintext), recipient, lp(b"intelhub/auditors/v1", context))


def open_as_auditor(key: AuditorsKey, sealed: bytes, *, context: bytes) -> bytes:
    """Read back what a server sealed; raises `Tampered` if it was altered or moved to another context."""
    if sealed[: len(_MAGIC)] != _MAGIC:
        raise tampered()
    private = X25519PrivateKey.from_private_bytes(key.private)
    try:
        padded = _SUITE.decrypt(sealed[len(_MAGIC) :], private, lp(b"intelhub/auditors/v1", context))
    except (InvalidTag, ValueError):
        raise tampered() from None
    return unpad(padded)
