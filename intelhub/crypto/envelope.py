"""The content envelope: what a record's text looks like at rest.

A fresh data key (DEK) seals the parts of one content version; a key-encryption key (KEK) wraps the DEK. Everything a
reader's rights hang on is authenticated with the text: a row relabelled in SQL becomes unreadable, never readable by
more people. Nothing here touches a database, a clock or a file, and no plaintext may ever enter an exception.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from intelhub.crypto.blobs import NONCE_BYTES, open_bytes, seal_bytes
from intelhub.crypto.framing import lp, number, uuids
from intelhub.crypto.padding import pad, unpad
from intelhub.crypto.refusals import tampered

KEY_BYTES = 32
LEVELS = range(4)
MOST_COMPARTMENTS = 64  # a unique index over the array must stay below PostgreSQL's 2.7 kB an entry
PART_MAGIC = b"IH\x01"
WRAP_MAGIC = b"IW\x01"
_COMMITMENT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class KekScope:
    """What shares one key-encryption key: a level, a set of compartments, an origin department.

    Compartments may be given in any order; they are kept sorted and without repetition.
    """

    level: int
    compartments: Collection[UUID]
    department_id: UUID

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError("a level is a whole number from 0 to 3")
        if len(self.compartments) > MOST_COMPARTMENTS:
            raise ValueError(f"content lies in at most {MOST_COMPARTMENTS} compartments")
        object.__setattr__(self, "compartments", _canonical(self.compartments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kek:
    """An unwrapped key-encryption key; it lives in memory only and its key is never printed."""

    id: UUID
    scope: KekScope
    version: int
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentContext:
    """Everything the seal of one content version is bound to; all of it stands in clear beside the ciphertext.

    It is taken from rows as they are found, so nothing is refused here: what was altered fails when it is opened.
    """

    table: str
    object_id: UUID
    level: int
    compartments: Collection[UUID]
    department_id: UUID
    content_version: int
    schema_version: int
    # Every seal authenticates at least two messages that differ between these alone.
    _around: tuple[bytes, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compartments", _canonical(self.compartments))
        before = lp(b"intelhub/content/v1", self.table.encode(), self.object_id.bytes)
        after = lp(
            number(self.level),
            uuids(self.compartments),
            self.department_id.bytes,
            number(self.content_version),
            number(self.schema_version),
        )
        object.__setattr__(self, "_around", (before, after))

    @property
    def scope(self) -> KekScope:
        """Which key-encryption key this content belongs under."""
        return KekScope(level=self.level, compartments=self.compartments, department_id=self.department_id)

    def belongs_under(self, scope: KekScope) -> bool:
        """Whether a key of this scope may wrap this content's key."""
        return (self.level, self.compartments, self.department_id) == (
            scope.level,
            scope.compartments,
            scope.department_id,
        )

    def bound(self, part: str, commitment: bytes) -> bytes:
        """The bytes authenticated with a part (`""` for the wrap of the data key)."""
        before, after = self._around
        return b"".join((before, lp(part.encode()), after, lp(commitment)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedContent:
    """One content version at rest; `wrapped_dek` and `kek_id` change when keys rotate, the rest never does.

    A list that loads heads alone leaves the other ciphertexts out.
    """

    kek_id: UUID
    wrapped_dek: bytes
    ciphertexts: Mapping[str, bytes] = field(repr=False)
    digest: bytes


def _canonical(compartments: Collection[UUID]) -> tuple[UUID, ...]:
    return tuple(sorted(set(compartments)))


def content_digest(ciphertexts: Mapping[str, bytes]) -> bytes:
    """SHA-256 over the parts in the order of their names, each framed; wraps stay out so that rotation keeps it."""
    framed = (piece for part in sorted(ciphertexts) for piece in (part.encode(), ciphertexts[part]))
    return hashlib.sha256(lp(b"intelhub/digest/v1", *framed)).digest()


def _commitment(dek: bytes) -> bytes:
    # AES-GCM does not commit to its key: without this, one ciphertext could be made to open under two keys.
    return hmac.digest(dek, b"commit", "sha256")[:_COMMITMENT_BYTES]


def _wrap(kek: Kek, context: ContentContext, dek: bytes, *, nonce: bytes) -> bytes:
    commitment = _commitment(dek)
    aad = lp(b"intelhub/dek/v1", kek.id.bytes, context.bound("", commitment))
    return commitment + seal_bytes(kek.key, dek, aad, magic=WRAP_MAGIC, nonce=nonce)


def _unwrap(kek: Kek, context: ContentContext, kek_id: UUID, wrapped_dek: bytes) -> tuple[bytes, bytes]:
    if kek_id != kek.id or not context.belongs_under(kek.scope):
        raise tampered()
    commitment = wrapped_dek[:_COMMITMENT_BYTES]
    aad = lp(b"intelhub/dek/v1", kek.id.bytes, context.bound("", commitment))
    dek = open_bytes(kek.key, wrapped_dek[_COMMITMENT_BYTES:], aad, magic=WRAP_MAGIC)
    if not hmac.compare_digest(_commitment(dek), commitment):
        raise tampered()
    return dek, commitment


def seal_with_randomness(
    kek: Kek, context: ContentContext, parts: Mapping[str, bytes], random: Callable[[int], bytes]
) -> SealedContent:
    """Seal with a given source of randomness, for known-answer tests alone; drawn: DEK, wrap nonce, parts by name."""
    if not context.belongs_under(kek.scope):
        raise ValueError("this key belongs to another level, compartment set or department")
    if not parts or "" in parts:
        raise ValueError("content has at least one part, and every part has a name")
    dek = random(KEY_BYTES)
    wrapped_dek = _wrap(kek, context, dek, nonce=random(NONCE_BYTES))
    commitment = _commitment(dek)
    ciphertexts = {
        part: seal_bytes(
            dek, pad(parts[part]), context.bound(part, commitment), magic=PART_MAGIC, nonce=random(NONCE_BYTES)
        )
        for part in sorted(parts)
    }
    return SealedContent(
        kek_id=kek.id, wrapped_dek=wrapped_dek, ciphertexts=ciphertexts, digest=content_digest(ciphertexts)
    )


def seal_content(kek: Kek, context: ContentContext, parts: Mapping[str, bytes]) -> SealedContent:
    """Seal the named parts of one content version under a data key made for it alone.

    Raises `ValueError` when the KEK is that of another level, compartment set or department.
    """
    return seal_with_randomness(kek, context, parts, os.urandom)


def open_part(kek: Kek, context: ContentContext, sealed: SealedContent, part: str) -> bytes:
    """Open one part; raises `Tampered` if anything the seal is bound to has changed, and shows none of it."""
    return open_parts(kek, context, sealed, (part,))[part]


def open_parts(kek: Kek, context: ContentContext, sealed: SealedContent, parts: Iterable[str]) -> dict[str, bytes]:
    """Open several parts under one unwrapping of their data key; raises as `open_part` does."""
    dek, commitment = _unwrap(kek, context, sealed.kek_id, sealed.wrapped_dek)
    opened = {}
    for part in parts:
        if part not in sealed.ciphertexts:
            raise tampered()
        bound = context.bound(part, commitment)
        opened[part] = unpad(open_bytes(dek, sealed.ciphertexts[part], bound, magic=PART_MAGIC))
    return opened


def rewrap(old_kek: Kek, new_kek: Kek, context: ContentContext, sealed: SealedContent) -> SealedContent:
    """Wrap the data key under a newer KEK of the same scope; ciphertexts and digest stay, byte for byte.

    Raises `Tampered` if the old wrap does not open and `ValueError` if the new KEK is of another scope.
    """
    if not context.belongs_under(new_kek.scope):
        raise ValueError("a new level, compartment set or department needs a new content version, not a new wrap")
    dek, _ = _unwrap(old_kek, context, sealed.kek_id, sealed.wrapped_dek)
    return replace(sealed, kek_id=new_kek.id, wrapped_dek=_wrap(new_kek, context, dek, nonce=os.urandom(NONCE_BYTES)))
