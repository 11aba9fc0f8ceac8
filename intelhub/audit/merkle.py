"""The hash tree of RFC 6962: leaves, nodes, roots and proofs; pure arithmetic over hashes, never an entry's content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry: SHA-256 over 0x00 and the entry (RFC 6962, 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees: SHA-256 over 0x01 and both (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right-hand edge of a tree: one hash a full subtree, the largest (leftmost) first; at most 64 of them.

    It is all that is needed to append and to know the root, however long the log is.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier has one hash for every bit set in its size")
        if any(len(each) != HASH_BYTES for each in self.hashes):
            raise ValueError("a frontier's hashes are 32 bytes long")

    def extended(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after these leaf hashes are appended in order."""
        edge = list(self.hashes)
        size = self.size
        for leaf in leaves:
            carried = leaf
            rest = size
            while rest & 1:
                carried = node_hash(edge.pop(), carried)
                rest >>= 1
            edge.append(carried)
            size += 1
        return Frontier(size, tuple(edge))

    def root(self) -> bytes:
        """The tree's root; SHA-256 of nothing for the empty tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *others, root = self.hashes
        for left in reversed(others):
            root = node_hash(left, root)
        return root

    def packed(self) -> bytes:
        """The hashes in one string, for a column."""
        return b"".join(self.hashes)

    @classmethod
    def unpacked(cls, size: int, packed: bytes) -> Frontier:
        """The frontier out of its column; raises `ValueError` when size and hashes do not fit."""
        return cls(size, tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)))


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    return Frontier().extended(leaves).root()


def _split(size: int) -> int:
    """The largest power of two below `size` (which is at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The sibling hashes from leaf `index` up to the root (RFC 6962, 2.1.1); raises `IndexError` outside the tree."""
    if not 0 <= index < len(leaves):
        raise IndexError("there is no such leaf in this tree")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), root_of(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split]))


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """The hashes that show the first `old_size` leaves unchanged (RFC 6962, 2.1.2); raises `IndexError` outside."""
    if not 0 < old_size <= len(leaves):
        raise IndexError("a consistency proof starts from a tree of one leaf or more, no longer than this one")
    return _consistency(leaves, old_size, is_whole=True)


def _consistency(leaves: Sequence[bytes], old_size: int, *, is_whole: bool) -> tuple[bytes, ...]:
    if old_size == len(leaves):
        return () if is_whole else (root_of(leaves),)
    split = _split(len(leaves))
    if old_size <= split:
        return (*_consistency(leaves[:split], old_size, is_whole=is_whole), root_of(leaves[split:]))
    return (*_consistency(leaves[split:], old_size - split, is_whole=False), root_of(leaves[:split]))


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash at `index` to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, carried = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            carried = node_hash(sibling, carried)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            carried = node_hash(carried, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and carried == root


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows the old tree to be a beginning of the new one (RFC 9162, 2.1.4.2).

    The empty tree is refused: it is a beginning of everything and proves nothing.
    """
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        return False
    at, last = old_size - 1, size - 1
    while at & 1:
        at >>= 1
        last >>= 1
    old_carried = carried = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old_carried = node_hash(sibling, old_carried)
            carried = node_hash(sibling, carried)
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            carried = node_hash(carried, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and old_carried == old_root and carried == root
