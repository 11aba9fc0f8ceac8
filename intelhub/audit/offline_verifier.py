"""Verify an exported audit log on any machine with Python 3.9 or newer: no keys, no database, no other program.

    python offline_verifier.py FOLDER [--key KEY] [--seen CHECKPOINT]
    python offline_verifier.py FILE.tlog-proof --key KEY

FOLDER  what `intelhub audit export FOLDER` wrote.
FILE    one entry with its proof, as the entry's page gives it; the entry is printed when it holds.
--key   the log's verifier key (`name+id+base64`, or a file with it) as you got it from somebody you trust, on another
        way than the export. Without it the key inside the export is used, and whoever forged one forged the other.
--seen  a checkpoint that you kept from an earlier export: the log may only have grown since. This is the only way to
        notice that the newest entries were cut off, so keep the file `checkpoint` of every export.

It ends with 0 when everything holds, 1 when something does not (the first broken entry is named), 2 when it could not
look. This file shares no code with intelhub on purpose. Formats: RFC 6962 (tree), RFC 8032 (Ed25519), C2SP signed-note,
tlog-checkpoint, tlog-tiles and tlog-proof.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import sys
from pathlib import Path

PROOF = "c2sp.org/tlog-proof@v1"
WIDTH = 256  # entries a tile, C2SP tlog-tiles
HASH_BYTES = 32
KEY_BYTES = 32
SIGNATURE_BYTES = 64
ED25519 = b"\x01"
GROUP = 1000  # a folder of the export holds a thousand files

Point = tuple[int, int, int, int]
Key = tuple[str, bytes, bytes]


class BrokenLog(Exception):
    """Something does not hold; the text says what."""


# Ed25519, RFC 8032 section 5.1, verification only: nothing secret passes through here, so speed may vary with the data.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(a: Point, b: Point) -> Point:
    """Sum of two points in extended coordinates (X, Y, Z, T)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """A point added to itself `number` times."""
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def same(a: Point, b: Point) -> bool:
    """Whether two points are equal."""
    return not (a[0] * b[2] - b[0] * a[2]) % P and not (a[1] * b[2] - b[1] * a[2]) % P


def decompress(encoded: bytes) -> Point | None:
    """The point of a 32-byte string, or None (RFC 8032, 5.1.3)."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if len(encoded) != KEY_BYTES or y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is over the message by the key (RFC 8032, 5.1.7)."""
    key, commitment = decompress(public_key), decompress(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or len(signature) != SIGNATURE_BYTES or number >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % L
    return same(times(number, BASE), add(commitment, times(challenge, key)))


# Signed notes and checkpoints, C2SP.


def read_key(text: str) -> Key:
    """Name, key id and public key out of `name+id+base64`."""
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise BrokenLog("this is no verifier key: name+id+base64 is expected") from None
    expected = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    if typed[:1] != ED25519 or len(typed) != len(ED25519) + KEY_BYTES or expected.hex() != key_id:
        raise BrokenLog("this is no Ed25519 verifier key, or its id does not fit")
    return name, expected, typed[1:]


def decoded(text: str) -> bytes:
    """The bytes of a base64 text; raises BrokenLog."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise BrokenLog("the checkpoint is malformed: base64 is expected") from None


def read_checkpoint(note: str, key: Key) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed; raises BrokenLog."""
    name, key_id, public_key = key
    body, gap, signatures = note.rpartition("\n\n")
    body += "\n"
    lines = body.split("\n")
    if (
        not gap
        or not signatures.endswith("\n")
        or len(lines) < len(("origin", "size", "root", ""))
        or not re.fullmatch(r"0|[1-9][0-9]*", lines[1])
    ):
        raise BrokenLog("the checkpoint is malformed")
    for line in signatures[:-1].split("\n"):
        found = re.fullmatch("— ([^ ]+) ([A-Za-z0-9+/=]+)", line)
        if not found:
            raise BrokenLog("the checkpoint has a malformed signature line")
        signed = decoded(found[2])
        if found[1] == name and signed.startswith(key_id):  # the others are witnesses'
            if not ed25519_holds(public_key, signed[len(key_id) :], body.encode()):
                raise BrokenLog("the checkpoint's signature does not fit: it is forged or was changed")
            break
    else:
        raise BrokenLog("the checkpoint is not signed by the key of " + name)
    if lines[0] != name:
        raise BrokenLog("the checkpoint belongs to another log: " + lines[0])
    root = decoded(lines[2])
    if len(root) != HASH_BYTES:
        raise BrokenLog("the checkpoint's root is no SHA-256 hash")
    return int(lines[1]), root


# The tree, RFC 6962, and its files, C2SP tlog-tiles.


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The right-hand edge of a growing tree."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash at the right."""
        rest = self.size
        while rest & 1:
            leaf = node(self.edge.pop(), leaf)
            rest >>= 1
        self.edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The hash over everything."""
        if not self.edge:
            return hashlib.sha256(b"").digest()
        carried = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            carried = node(left, carried)
        return carried


def path_of(folder: Path, kind: str, index: int, width: int) -> Path:
    """Where a tile or bundle lies."""
    parts = [f"{index % GROUP:03d}"]
    while index >= GROUP:
        index //= GROUP
        parts.insert(0, f"x{index % GROUP:03d}")
    if width < WIDTH:
        parts[-1] += ".p"
        parts.append(str(width))
    return folder.joinpath("tile", kind, *parts)


def read_tile(folder: Path, kind: str, index: int, width: int) -> bytes:
    """A file of the export; raises BrokenLog when it is missing."""
    path = path_of(folder, kind, index, width)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BrokenLog(f"entries from number {index * WIDTH} are missing: there is no file {path}") from None


def entries_of(bundle: bytes, first: int, width: int) -> list[bytes]:
    """The entries of a bundle; raises BrokenLog when it does not hold as many as it should."""
    found: list[bytes] = []
    at = 0
    while at + 2 <= len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if end > len(bundle):
            break
        found.append(bundle[at + 2 : end])
        at = end
    if at != len(bundle) or len(found) != width:
        raise BrokenLog(f"entry {first + min(len(found), width - 1)} is broken: its bundle should hold {width} entries")
    return found


def check_hashes(tile: bytes, leaves: list[bytes], first: int) -> None:
    """Compare the entries' hashes with the level-0 tile, so that a changed entry is named exactly."""
    for at, leaf in enumerate(leaves):
        if tile[HASH_BYTES * at : HASH_BYTES * (at + 1)] != leaf:
            raise BrokenLog(f"entry {first + at} is broken: it does not fit its hash in the tree")
    if len(tile) != HASH_BYTES * len(leaves):
        raise BrokenLog(f"the tile of hashes at entry {first} has the wrong length")


def check_upper_tiles(folder: Path, hashes: list[bytes], level: int) -> None:
    """Check that the tiles of this level and above follow from the ones below."""
    if not hashes:
        return
    above = []
    for index in range((len(hashes) + WIDTH - 1) // WIDTH):
        group = hashes[index * WIDTH : (index + 1) * WIDTH]
        if read_tile(folder, str(level), index, len(group)) != b"".join(group):
            raise BrokenLog(f"tile {index} of level {level} does not follow from the tiles below it")
        if len(group) == WIDTH:
            above.append(root_over(group))
    check_upper_tiles(folder, above, level + 1)


def root_over(leaves: list[bytes]) -> bytes:
    """The root over some leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def verify(folder: Path, key: Key, seen_note: str | None) -> tuple[int, bytes, int | None]:
    """Verify a folder; returns (size, root, size seen earlier or None); raises BrokenLog."""
    size, root = read_checkpoint((folder / "checkpoint").read_text("utf-8"), key)
    seen = read_checkpoint(seen_note, key) if seen_note is not None else None
    if seen and seen[0] > size:
        raise BrokenLog(f"entry {size} is missing: the log had {seen[0]} entries when you saw it and has {size} now")
    tree = Tree()
    full_tiles: list[bytes] = []
    root_seen = tree.root()
    for index in range((size + WIDTH - 1) // WIDTH):
        first = index * WIDTH
        width = min(WIDTH, size - first)
        entries = entries_of(read_tile(folder, "entries", index, width), first, width)
        leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
        check_hashes(read_tile(folder, "0", index, width), leaves, first)
        for leaf in leaves:
            tree.append(leaf)
            if seen and tree.size == seen[0]:
                root_seen = tree.root()
        if width == WIDTH:
            full_tiles.append(root_over(leaves))
    if seen and root_seen != seen[1]:
        raise BrokenLog(f"the first {seen[0]} entries are not those of the checkpoint you kept: history was rewritten")
    if tree.root() != root:
        raise BrokenLog(f"the {size} entries together do not give the root that was signed: one of them was exchanged")
    check_upper_tiles(folder, full_tiles, 1)
    return size, root, seen[0] if seen else None


def root_from(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes:
    """The root a proof leads to (RFC 9162, 2.1.3.2); raises BrokenLog when it has not the hashes it must have."""
    at, last = index, size - 1
    for sibling in hashes:
        if not last:
            raise BrokenLog("the proof has more hashes than the tree is high")
        if at & 1 or at == last:
            leaf = node(sibling, leaf)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            leaf = node(leaf, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise BrokenLog("the proof has fewer hashes than it must have")
    return leaf


def verify_proof(text: str, key: Key) -> tuple[int, int, bytes]:
    """Verify one entry's proof (C2SP tlog-proof); returns (number, size, entry); raises BrokenLog."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or len(lines) < len(("name", "extra", "index")) or lines[0] != PROOF:
        raise BrokenLog("this is no proof of an entry")
    extra, index = re.fullmatch("extra ([A-Za-z0-9+/=]+)", lines[1]), re.fullmatch(r"index (0|[1-9][0-9]*)", lines[2])
    if not extra or not index:
        raise BrokenLog("the proof names no entry")
    size, root = read_checkpoint(note, key)
    entry, number = decoded(extra[1]), int(index[1])
    hashes = [decoded(line) for line in lines[3:]]
    if number >= size or any(len(one) != HASH_BYTES for one in hashes):
        raise BrokenLog("the proof does not fit the tree it names")
    if root_from(hashlib.sha256(b"\x00" + entry).digest(), number, size, hashes) != root:
        raise BrokenLog(f"entry {number} does not stand in the tree that was signed")
    return number, size, entry


def show_proof(path: Path, key_text: str | None) -> None:
    """Verify the file of one entry and print the entry; raises BrokenLog, and ValueError without a key."""
    if not key_text:
        raise ValueError("a single entry needs the log's key (--key)")
    number, size, entry = verify_proof(path.read_text("utf-8"), read_key(text_or_file(key_text)))
    say(f"Entry {number} stands in the signed tree of {size} entries:")
    say(entry.decode("utf-8", "replace"))


def text_or_file(value: str) -> str:
    """The text itself, or what stands in the file of that name."""
    return Path(value).read_text("utf-8") if Path(value).is_file() else value


def say(sentence: str) -> None:
    """One line to the person in front of the screen."""
    sys.stdout.write(sentence + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Verify an exported audit log.")
    parser.add_argument("folder", type=Path, help="what `intelhub audit export` wrote, or one entry with its proof")
    parser.add_argument("--key", help="the verifier key you trust (name+id+base64), or a file with it")
    parser.add_argument("--seen", help="a checkpoint file kept from an earlier export")
    given = parser.parse_args(arguments)
    try:
        if given.folder.is_file():
            show_proof(given.folder, given.key)
            return 0
        key_text = text_or_file(given.key) if given.key else (given.folder / "key").read_text("utf-8")
        seen_note = Path(given.seen).read_text("utf-8") if given.seen else None
        size, root, seen_size = verify(given.folder, read_key(key_text), seen_note)
    except BrokenLog as problem:
        say(f"BROKEN: {problem}.")
        return 1
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"Could not look: {problem}.\n")
        return 2
    say(f"The chain holds: {size} entries, root {base64.b64encode(root).decode()}.")
    if seen_size is not None:
        say(f"It continues the checkpoint of {seen_size} entries that you kept.")
    if not given.key:
        say("The key came with the export: compare it with one you were given on another way (--key).")
        say("  " + key_text.strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
