"""The log as static files (C2SP tlog-tiles): bundles of entries, tiles of hashes; derived, never the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from intelhub.audit.merkle import HASH_BYTES, root_of

TILE_WIDTH: Final = 256
_LENGTH_BYTES = 2
_LONGEST_ENTRY = 0xFFFF


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Where a tile of hashes lies, such as `tile/1/x001/x234/067.p/8` for one that is not full yet."""
    return f"tile/{level}/{_numbered(index, width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Where a bundle of up to 256 entries lies, such as `tile/entries/000.p/3`."""
    return f"tile/entries/{_numbered(index, width)}"


def _numbered(index: int, width: int) -> str:
    if index < 0 or not 1 <= width <= TILE_WIDTH:
        raise ValueError("a tile has a number from 0 and a width from 1 to 256")
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return "/".join(groups) + partial


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries in a row, each behind its length in two bytes, big-endian; raises `ValueError` above 65,535 bytes."""
    framed = bytearray()
    for entry in entries:
        if len(entry) > _LONGEST_ENTRY:
            raise ValueError("an entry of a bundle has at most 65,535 bytes")
        framed += len(entry).to_bytes(_LENGTH_BYTES, "big") + entry
    return bytes(framed)


def unbundle(framed: bytes) -> list[bytes]:
    """The entries of a bundle; raises `ValueError` when it ends in the middle of one."""
    entries: list[bytes] = []
    at = 0
    while at < len(framed):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(framed[at:start], "big")
        if at > len(framed) or start > len(framed):
            raise ValueError("this bundle ends in the middle of an entry")
        entries.append(framed[start:at])
    return entries


def hash_tiles(leaves: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every tile of the tree over these leaf hashes as path and content, lower levels before higher ones as they fill.

    A tile of level n holds the roots of full subtrees of 256**n leaves; the last one of a level may be partial.
    Keeps one open tile a level in memory.
    """
    levels: list[_Level] = [_Level(0)]
    for leaf in leaves:
        carried: bytes | None = leaf
        at = 0
        while carried is not None:
            if at == len(levels):
                levels.append(_Level(at))
            level = levels[at]
            level.hashes.append(carried)
            carried = None
            if len(level.hashes) == TILE_WIDTH:
                yield level.written()
                carried = root_of(level.hashes)
                level.turn()
            at += 1
    for level in levels:
        if level.hashes:
            yield level.written()


class _Level:
    """The tile of one level that is being filled."""

    def __init__(self, level: int) -> None:
        self._level = level
        self._index = 0
        self.hashes: list[bytes] = []

    def written(self) -> tuple[str, bytes]:
        return tile_path(self._level, self._index, len(self.hashes)), b"".join(self.hashes)

    def turn(self) -> None:
        self._index += 1
        self.hashes.clear()


def split_tile(tile: bytes) -> Sequence[bytes]:
    """The hashes of a tile; raises `ValueError` when its length is no multiple of 32."""
    if len(tile) % HASH_BYTES:
        raise ValueError("a tile is made of hashes of 32 bytes")
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
