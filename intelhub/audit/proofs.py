"""Showing that an entry stands in the signed tree: the hashes from its leaf up to the root of the last checkpoint."""

from __future__ import annotations

from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from intelhub.audit.merkle import inclusion_proof, is_included, root_of
from intelhub.audit.models import AuditCheckpoint, AuditEntry
from intelhub.audit.tiles import TILE_WIDTH

_TILES_AT_ONCE: Final = 64
_LOGS_KEPT: Final = 4
_tile_roots: OrderedDict[str, list[bytes]] = OrderedDict()
"""The roots of full tiles by log, from the first on: 32 bytes for 256 entries, so that a proof reads few entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """The proof of one entry against a checkpoint: `hashes` as RFC 6962 orders them, and whether they lead to the root.

    `holds` is false as well when entries that the proof needs are missing.
    """

    size: int
    root: bytes
    note: str
    hashes: tuple[bytes, ...]
    holds: bool

    def written(self, seq: int, entry: bytes) -> str:
        """The proof of entry `seq` as one file (C2SP tlog-proof) that a machine without this log can verify.

        The entry's own bytes are its extra data: nothing else is needed but the log's public key.
        """
        extra, *hashes = (b64encode(part).decode() for part in (entry, *self.hashes))
        return "\n".join(("c2sp.org/tlog-proof@v1", f"extra {extra}", f"index {seq}", *hashes, "", self.note))


def prove_inclusion(session: Session, origin: str, seq: int, leaf: bytes) -> InclusionProof | None:
    """The proof of entry `seq` against the newest checkpoint, already checked; None while none covers it.

    The reader must be allowed to see every entry. The first proof of a process reads every leaf hash once.
    """
    signed = session.execute(
        select(AuditCheckpoint.size, AuditCheckpoint.root, AuditCheckpoint.note)
        .order_by(AuditCheckpoint.size.desc())
        .limit(1)
    ).first()
    if signed is None or seq >= signed.size:
        return None
    proof = _proof(session, origin, seq, leaf, signed)
    if not proof.holds:
        # What was kept may be of a moment when the log stood otherwise.
        _tile_roots.pop(origin, None)
        proof = _proof(session, origin, seq, leaf, signed)
    return proof


def _proof(session: Session, origin: str, seq: int, leaf: bytes, signed: Row[int, bytes, str]) -> InclusionProof:
    size, root, note = signed
    tile, at = divmod(seq, TILE_WIDTH)
    own = _leaves(session, tile * TILE_WIDTH, min((tile + 1) * TILE_WIDTH, size))
    roots = _roots(session, origin, size)
    if at >= len(own) or tile >= len(roots):
        return InclusionProof(size=size, root=root, note=note, hashes=(), holds=False)
    # Every tile but the last is full, so the tree over the entries is the tree over its tiles.
    hashes = inclusion_proof(own, at) + inclusion_proof(roots, tile)
    holds = is_included(leaf, seq, size, hashes, root)
    return InclusionProof(size=size, root=root, note=note, hashes=hashes, holds=holds)


def _roots(session: Session, origin: str, size: int) -> list[bytes]:
    """The root of every tile of a tree of this size; fewer when entries are missing."""
    known = list(_tile_roots.get(origin, ()))[: size // TILE_WIDTH]
    while len(known) < size // TILE_WIDTH:
        first = len(known) * TILE_WIDTH
        last = min(first + _TILES_AT_ONCE * TILE_WIDTH, size // TILE_WIDTH * TILE_WIDTH)
        leaves = _leaves(session, first, last)
        known += [root_of(leaves[start : start + TILE_WIDTH]) for start in range(0, len(leaves), TILE_WIDTH)]
        if len(leaves) < last - first:
            return known
    _keep(origin, known)
    rest = _leaves(session, len(known) * TILE_WIDTH, size)
    return [*known, root_of(rest)] if rest else known


def _keep(origin: str, roots: list[bytes]) -> None:
    if len(roots) >= len(_tile_roots.get(origin, ())):
        _tile_roots[origin] = roots
    while len(_tile_roots) > _LOGS_KEPT:
        _tile_roots.popitem(last=False)


def _leaves(session: Session, first: int, until: int) -> list[bytes]:
    """The leaf hashes from `first` up to `until`; a gap ends them."""
    rows = session.execute(
        select(AuditEntry.seq, AuditEntry.leaf_hash)
        .where(AuditEntry.seq >= first, AuditEntry.seq < until)
        .order_by(AuditEntry.seq)
    ).all()
    return [row.leaf_hash for number, row in enumerate(rows) if row.seq == first + number]
