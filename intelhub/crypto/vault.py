"""The process's keys: the one object through which everything else seals, opens, signs and derives.

It keeps unwrapped key-encryption keys for a few minutes and holds neither texts nor data keys.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from functools import lru_cache, partial
from uuid import UUID, uuid4

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intelhub.crypto import queries
from intelhub.crypto.auditors import seal_to
from intelhub.crypto.blobs import open_bytes, seal_bytes
from intelhub.crypto.envelope import KEY_BYTES, Kek, KekScope
from intelhub.crypto.framing import lp, number, uuids
from intelhub.crypto.key_file import RootKeys
from intelhub.crypto.queries import KEKS, WrappedKek
from intelhub.crypto.refusals import KeyGone, KeysNotOpen, KeysOfAnotherInstallation, RootUnknown, tampered
from intelhub.platform.clock import now

_WRAP_MAGIC = b"IR\x01"
_MOST_CACHED = 1000
_CACHED_SECONDS = 300.0


class Vault:
    """The opened root keys of one process; safe to share between threads."""

    def __init__(
        self, root_keys: RootKeys, *, most_cached: int = _MOST_CACHED, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._roots = root_keys
        self._cache = _KekCache(most_cached, clock)
        self._rights = _derived(root_keys.label, b"intelhub/rights/v1", b"seals of rows that grant something")
        self._index_key = lru_cache(most_cached)(partial(_derived, root_keys.index, b"intelhub/index/v1"))
        self._signing = Ed25519PrivateKey.from_private_bytes(root_keys.audit_signing)

    def __repr__(self) -> str:
        return f"Vault({self._roots!r})"

    @property
    def is_demo(self) -> bool:
        """Whether these keys are public knowledge."""
        return self._roots.is_demo

    @property
    def key_file_id(self) -> UUID:
        """Which key file was opened."""
        return self._roots.key_file_id

    @property
    def data_root_id(self) -> UUID:
        """The root under which keys are wrapped today."""
        return self._roots.data_id

    def require_own_database(self, session: Session) -> None:
        """Raise `KeysOfAnotherInstallation` when keys are stored and not one of them rests on a root held here."""
        used = queries.roots_in_use(session)
        if used and used.isdisjoint({self._roots.data_id, *self._roots.retired_data}):
            raise KeysOfAnotherInstallation

    # Key-encryption keys

    def kek_for(self, session: Session, scope: KekScope) -> Kek:
        """The newest key of a scope, made when there is none; two processes making it at once get the same one.

        A new key is committed on a connection of its own, so that nobody waits for this transaction to end.
        """
        with session.no_autoflush:
            row = queries.find_newest(session, scope) or self._create(session, scope)
        return self._opened(row)

    def kek(self, session: Session, kek_id: UUID) -> Kek:
        """The key with this id, retired or not; raises `KeyGone`, `RootUnknown` or `Tampered`."""
        return self.keks(session, (kek_id,))[kek_id]

    def keks(self, session: Session, kek_ids: Collection[UUID]) -> dict[UUID, Kek]:
        """The keys with these ids in one query at most, for lists; raises as `kek` does."""
        found = {kek_id: kek for kek_id in kek_ids if (kek := self._cache.get(kek_id)) is not None}
        missing = set(kek_ids) - found.keys()
        if missing:
            with session.no_autoflush:
                found |= {row.id: self._opened(row) for row in queries.list_by_id(session, missing)}
        if not found.keys() >= missing:
            raise KeyGone
        return found

    def rewrapped(self, row: WrappedKek) -> bytes:
        """The same key wrapped under today's data root; raises `Tampered` if the old wrap does not open."""
        return self._wrapped(self.unwrapped(row))

    def insert_of_next_version(self, scope: KekScope, version: int) -> sa.Insert:
        """The statement that adds a new key to a scope and does nothing if somebody was quicker."""
        kek = Kek(id=uuid4(), scope=scope, version=version, key=os.urandom(KEY_BYTES))
        return (
            insert(KEKS)
            .values(
                id=kek.id,
                level=scope.level,
                compartments=list(scope.compartments),
                department_id=scope.department_id,
                version=version,
                wrapped_key=self._wrapped(kek),
                root_id=self._roots.data_id,
                created_at=now(),
            )
            .on_conflict_do_nothing()
        )

    def _create(self, session: Session, scope: KekScope) -> WrappedKek:
        with session.get_bind().engine.begin() as connection:
            # The highest version first and the newest key after it: somebody who commits in between is then either
            # seen by the second look or stopped by the unique constraint. The other way round both would insert.
            highest = queries.highest_version(connection, scope)
            row = queries.find_newest(connection, scope)
            if row is None:
                connection.execute(self.insert_of_next_version(scope, highest + 1))
                row = queries.find_newest(connection, scope)
        if row is None:  # made and retired by others in between
            raise KeyGone
        return row

    def _opened(self, row: WrappedKek) -> Kek:
        kek = self._cache.get(row.id)
        if kek is None:
            kek = self.unwrapped(row)
            self._cache.put(kek)
        return kek

    def _wrapped(self, kek: Kek) -> bytes:
        return seal_bytes(self._roots.data, kek.key, _kek_aad(kek.id, kek.scope, kek.version), magic=_WRAP_MAGIC)

    def unwrapped(self, row: WrappedKek) -> Kek:
        """Open a row's wrap, past the cache; raises `RootUnknown` or `Tampered`."""
        root = self._roots.data if row.root_id == self._roots.data_id else self._roots.retired_data.get(row.root_id)
        if root is None:
            raise RootUnknown
        try:
            scope = KekScope(level=row.level, compartments=row.compartments, department_id=row.department_id)
        except ValueError:
            raise tampered() from None
        key = open_bytes(root, row.wrapped_key, _kek_aad(row.id, scope, row.version), magic=_WRAP_MAGIC)
        return Kek(id=row.id, scope=scope, version=row.version, key=key)

    # Labels

    def label_mac(self, *fields: bytes) -> bytes:
        """32 bytes over everything a decision reads; HMAC-SHA256 under the label root."""
        return hmac.digest(self._roots.label, lp(b"intelhub/label/v1", *fields), "sha256")

    def check_label_mac(self, mac: bytes, *fields: bytes) -> None:
        """Raises `Tampered` unless the label is the one that was sealed."""
        if not hmac.compare_digest(mac, self.label_mac(*fields)):
            raise tampered()

    # Rights

    def right_mac(self, *fields: bytes) -> bytes:
        """32 bytes over a row that grants something; HMAC-SHA256 under a key of its own."""
        return hmac.digest(self._rights, lp(b"intelhub/right/v1", *fields), "sha256")

    def is_right_mac(self, mac: bytes | None, *fields: bytes) -> bool:
        """Whether a row that grants something is the one that was sealed."""
        return hmac.compare_digest(mac or b"", self.right_mac(*fields))

    # Derived keys

    def index_key(self, purpose: bytes) -> bytes:
        """A 32-byte key for one purpose of the search index; knows nothing of the data root."""
        return self._index_key(purpose)

    def derive(self, purpose: bytes) -> bytes:
        """A 32-byte key for sessions, form tokens and the like, from the session root."""
        return _derived(self._roots.session, b"intelhub/session/v1", purpose)

    # The audit log

    def seal_to_auditors(self, plaintext: bytes, *, context: bytes) -> bytes:
        """Seal what only auditors may read; this process cannot read it back."""
        return seal_to(self._roots.auditors_public, plaintext, context=context)

    def sign_checkpoint(self, checkpoint: bytes) -> bytes:
        """64 bytes Ed25519 (RFC 8032) over the bytes as they stand."""
        return self._signing.sign(checkpoint)

    @property
    def checkpoint_public_key(self) -> bytes:
        """The 32-byte Ed25519 key with which anybody verifies checkpoints."""
        return self._signing.public_key().public_bytes_raw()


class _KekCache:
    """Unwrapped keys by id, the least used leaving first, none older than five minutes.

    The age limit makes a destroyed key die in running processes too.
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[UUID, tuple[float, Kek]] = OrderedDict()

    def get(self, kek_id: UUID) -> Kek | None:
        with self._lock:
            held = self._held.get(kek_id)
            if held is None:
                return None
            if self._clock() - held[0] > _CACHED_SECONDS:
                del self._held[kek_id]
                return None
            self._held.move_to_end(kek_id)
            return held[1]

    def put(self, kek: Kek) -> None:
        with self._lock:
            self._held[kek.id] = (self._clock(), kek)
            self._held.move_to_end(kek.id)
            while len(self._held) > self._most:
                self._held.popitem(last=False)


def vault_of(session: Session) -> Vault:
    """The keys of the process this session works in; raises `KeysNotOpen`."""
    vault = session.info.get("vault")
    if not isinstance(vault, Vault):
        raise KeysNotOpen
    return vault


def verify_checkpoint(public_key: bytes, signature: bytes, checkpoint: bytes) -> bool:
    """Whether a checkpoint was signed with the key that belongs to this public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, checkpoint)
    except (InvalidSignature, ValueError):
        return False
    return True


def _derived(root: bytes, domain: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=lp(domain, purpose)).derive(root)


def _kek_aad(kek_id: UUID, scope: KekScope, version: int) -> bytes:
    return lp(
        b"intelhub/kek/v1",
        kek_id.bytes,
        number(scope.level),
        uuids(scope.compartments),
        scope.department_id.bytes,
        number(version),
    )
