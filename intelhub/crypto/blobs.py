"""Sealed blobs: bytes under a derived key with a stated context, for search segments and the like.

Nothing here chooses keys. One key may seal 2^32 blobs with random nonces (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from intelhub.crypto.framing import lp
from intelhub.crypto.padding import pad, unpad
from intelhub.crypto.refusals import tampered

NONCE_BYTES = 12
TAG_BYTES = 16
BLOB_MAGIC = b"IB\x01"


def seal_bytes(key: bytes, plaintext: bytes, aad: bytes, *, magic: bytes, nonce: bytes | None = None) -> bytes:
    """AES-256-GCM: magic, nonce, ciphertext with tag; a nonce is given by known-answer tests alone."""
    nonce = os.urandom(NONCE_BYTES) if nonce is None else nonce
    return magic + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_bytes(key: bytes, sealed: bytes, aad: bytes, *, magic: bytes) -> bytes:
    """Undo `seal_bytes`; raises `Tampered` for anything else, without saying why."""
    start = len(magic) + NONCE_BYTES
    if sealed[: len(magic)] != magic or len(sealed) < start + TAG_BYTES:
        raise tampered()
    try:
        return AESGCM(key).decrypt(sealed[len(magic) : start], sealed[start:], aad)
    except InvalidTag:
        raise tampered() from None


def seal_blob(key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """Seal bytes under a 32-byte key; they open only with the same context, and their length is hidden in classes."""
    return seal_bytes(key, pad(plaintext), lp(b"intelhub/blob/v1", context), magic=BLOB_MAGIC)


def open_blob(key: bytes, blob: bytes, *, context: bytes) -> bytes:
    """Open a blob; raises `Tampered` if one bit of it, its context or its key is another."""
    return unpad(open_bytes(key, blob, lp(b"intelhub/blob/v1", context), magic=BLOB_MAGIC))
