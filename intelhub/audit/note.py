"""Signed notes and checkpoints as C2SP writes them; the signing itself is the vault's, no key passes through here."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

ED25519: Final = b"\x01"
MAX_NOTE_BYTES: Final = 64 * 1024
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether a signature (second) by the public key (first) is over a message (third)."""


class NoteRejected(ValueError):
    """A note that is malformed or not signed by the key that should have signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A log's name and its Ed25519 public key of 32 bytes (C2SP signed-note)."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a key's name is not empty and has neither spaces nor plus signs")
        if len(self.public_key) != 32:  # noqa: PLR2004 - the length of an Ed25519 public key, RFC 8032
            raise ValueError("an Ed25519 public key is 32 bytes long")

    @classmethod
    def of_log(cls, name: str, public_key: bytes) -> NoteKey:
        """The key of a log as its table names it; under `unknown` where somebody wrote no possible name there."""
        return cls(name=name if _NAME.fullmatch(name) else "unknown", public_key=public_key)

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, type and key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """The key out of `name+id+base64`; raises `NoteRejected`."""
        name, plus, rest = text.strip().partition("+")
        written_id, also_plus, encoded = rest.partition("+")
        try:
            typed = b64decode(encoded, validate=True)
            key = cls(name=name, public_key=typed[1:])
        except (NotBase64, ValueError) as problem:
            raise NoteRejected(f"this is no verifier key: {problem}") from None
        if not plus or not also_plus or typed[:1] != ED25519 or key.key_id.hex() != written_id:
            raise NoteRejected("this is no Ed25519 verifier key, or its id does not fit")
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log's size and root under its origin (C2SP tlog-checkpoint, without extension lines)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed: three lines, each ended."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, body: str) -> Checkpoint:
        """The checkpoint out of its text; raises `NoteRejected`."""
        match body.split("\n"):
            case [origin, size, root, *_, ""] if origin and re.fullmatch(r"0|[1-9][0-9]*", size):
                try:
                    decoded = b64decode(root, validate=True)
                except NotBase64:
                    raise NoteRejected("the checkpoint's root is no base64") from None
                if len(decoded) != sha256().digest_size:
                    raise NoteRejected("the checkpoint's root is no SHA-256 hash")
                return cls(origin=origin, size=int(size), root=decoded)
            case _:
                raise NoteRejected("a checkpoint is origin, size and root, a line each")


def sign_note(body: str, key: NoteKey, sign: Sign) -> str:
    """The note: the text, an empty line, and one signature line."""
    if not body.endswith("\n") or _CONTROL.search(body):
        raise ValueError("the text of a note ends with a newline and has no control characters")
    signature = b64encode(key.key_id + sign(body.encode())).decode()
    return f"{body}\n— {key.name} {signature}\n"


def open_note(note: str, key: NoteKey, verify: Verify) -> str:
    """The text of a note that `key` signed; raises `NoteRejected`. Signatures of others (witnesses) are passed over."""
    if len(note.encode()) > MAX_NOTE_BYTES or _CONTROL.search(note):
        raise NoteRejected("this is no note: too long, or with control characters in it")
    at = note.rfind("\n\n")
    body, signatures = note[: at + 1], note[at + 2 :]
    if at < 0 or not signatures.endswith("\n"):
        raise NoteRejected("this is no note: the empty line before the signatures is missing")
    for line in signatures[:-1].split("\n"):
        matched = _SIGNATURE_LINE.fullmatch(line)
        if not matched:
            raise NoteRejected("this is no note: a signature line is malformed")
        if matched[1] != key.name:
            continue
        try:
            signed = b64decode(matched[2], validate=True)
        except NotBase64:
            raise NoteRejected("this is no note: a signature is no base64") from None
        if signed[:4] != key.key_id:
            continue
        if not verify(key.public_key, signed[4:], body.encode()):
            raise NoteRejected("the signature does not fit the text")
        return body
    raise NoteRejected(f"the note is not signed by {key.name} with this key")


def open_checkpoint(note: str, key: NoteKey, verify: Verify) -> Checkpoint:
    """The checkpoint in a note that `key` signed for its own origin; raises `NoteRejected`."""
    checkpoint = Checkpoint.parse(open_note(note, key, verify))
    if checkpoint.origin != key.name:
        raise NoteRejected("the checkpoint is another log's")
    return checkpoint
