"""Ids under a cipher: whoever has the key reads whose they are, and to everybody else they are random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

_BLOCK = 16


class Pseudonyms:
    """A permutation of ids under a 32-byte key: an id is one block of AES, so there is no second to compare it with."""

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(AES(key), ECB())  # noqa: S305 - single blocks, each another id

    def of(self, one: UUID) -> UUID:
        """The pseudonym of an id."""
        return UUID(bytes=self._cipher.encryptor().update(one.bytes))

    def opened(self, pseudonyms: Sequence[UUID]) -> list[UUID]:
        """Whose pseudonyms these are; one that was made up becomes an id of nothing."""
        ids = self._cipher.decryptor().update(b"".join(one.bytes for one in pseudonyms))
        return [UUID(bytes=ids[at : at + _BLOCK]) for at in range(0, len(ids), _BLOCK)]
