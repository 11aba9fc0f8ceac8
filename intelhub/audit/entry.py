"""One entry of the log: its fields, its one canonical form, and the way back from bytes; never a word of content.

The form is JSON by the rules of RFC 8785: sorted names, no spaces, integers only, so that equal entries are equal bytes
and a verifier in any language can write them again. Fields that are empty are left out.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Literal
from uuid import UUID

from intelhub.platform.errors import Refused
from intelhub.platform.messages import Message

VERSION: Final = 1
MAX_ENTRY_BYTES: Final = 8192
MAX_SHOWN: Final = 50
DIGEST_BYTES: Final = 32
SYSTEM_ACTOR_ID: Final = UUID(int=0)
"""Who acts when nobody does: the system itself, or a person who has not signed in yet."""

Decision = Literal["allow", "deny"]

_LARGEST_INTEGER = 2**53 - 1
_KIND = re.compile(r"[a-z][a-z_-]{0,30}")
_SHORT: Mapping[str, str] = {"record": "r", "user": "u", "unit": "n"}
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_LONG: Mapping[str, str] = {short: kind for kind, short in _SHORT.items()}


class EntryDamaged(ValueError):
    """Bytes that are no entry in its canonical form; the sentence says what does not fit."""


class EntryTooLarge(Refused):
    """What would have to be logged does not fit into one entry, so the act is refused."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, size: int) -> None:
        super().__init__(
            Message(
                "This is too long to be written down in the audit log (%(size)d of at most %(most)d bytes). "
                "Shorten the query or the reason and try again.",
                {"size": size, "most": MAX_ENTRY_BYTES},
            ),
            rule="audit_entry_too_large",
        )


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """What an act was done to, such as `ObjectRef("record", record_id)`; written `r:<uuid>`."""

    kind: str
    id: UUID

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind) or self.kind in _LONG:
            raise ValueError(f"{self.kind!r} is not a kind of object")

    def __str__(self) -> str:
        return f"{_SHORT.get(self.kind, self.kind)}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> ObjectRef:
        """The reference out of its written form; raises `ValueError`."""
        short, _, written_id = text.partition(":")
        return cls(_LONG.get(short, short), UUID(written_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to which object, where, when, and what was decided under which rule.

    `object_version` (the row's counter, which grows with every act) and `digest` describe the object after the act;
    `shown` are the ids a list or a result page revealed; `sealed` is what only the auditors' key opens.
    """

    at: datetime
    actor_id: UUID
    unit_id: UUID | None = None
    place: str = ""
    action: str
    object_ref: ObjectRef | None = None
    object_version: int | None = None
    digest: bytes | None = None
    shown: tuple[UUID, ...] = ()
    decision: Decision = "allow"
    rule: str = ""
    level: int = 0
    request_id: UUID | None = None
    sealed: bytes | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of an entry is aware")
        if len(self.shown) > MAX_SHOWN:
            raise ValueError(f"one entry shows at most {MAX_SHOWN} ids: write one entry a page")
        if self.digest is not None and len(self.digest) != DIGEST_BYTES:
            raise ValueError("a digest is 32 bytes long")
        if self.digest is not None and self.object_version is None:
            raise ValueError("a digest belongs to a version of its object: name it")
        for number in (self.level, self.object_version or 0):
            if not 0 <= number <= _LARGEST_INTEGER:
                raise ValueError("numbers in an entry are integers that every JSON reader keeps exactly")

    def fields(self) -> dict[str, object]:
        """The entry as JSON fields; those that are empty are left out."""
        every: dict[str, object] = {
            "v": VERSION,
            "t": written_time(self.at),
            "actor": f"u:{self.actor_id}",
            "unit": f"n:{self.unit_id}" if self.unit_id else None,
            "place": self.place or None,
            "act": self.action,
            "obj": str(self.object_ref) if self.object_ref else None,
            "objv": self.object_version,
            "dig": self.digest.hex() if self.digest is not None else None,
            "shown": [str(each) for each in self.shown] or None,
            "dec": self.decision,
            "why": self.rule or None,
            "lvl": self.level,
            "req": str(self.request_id) if self.request_id else None,
            "sealed": b64encode(self.sealed).decode() if self.sealed is not None else None,
        }
        return {name: value for name, value in every.items() if value is not None}

    def canonical(self) -> bytes:
        """The bytes that are hashed and kept; raises `EntryTooLarge`."""
        written = canonical_json(self.fields())
        if len(written) > MAX_ENTRY_BYTES:
            raise EntryTooLarge(len(written))
        return written

    def seal_context(self) -> bytes:
        """What the sealed part is bound to: everything else in the entry, so that it fits no other entry."""
        return b"intelhub audit entry\n" + canonical_json(replace(self, sealed=None).fields())

    def columns(self) -> dict[str, object]:
        """The columns that stand beside the bytes so that SQL can filter; they must always equal the bytes."""
        return {
            "at": self.at,
            "actor_id": self.actor_id,
            "unit_id": self.unit_id,
            "place": self.place,
            "action": self.action,
            "object_kind": self.object_ref.kind if self.object_ref else None,
            "object_id": self.object_ref.id if self.object_ref else None,
            "object_version": self.object_version,
            "digest": self.digest,
            "shown": list(self.shown),
            "decision": self.decision,
            "rule": self.rule,
            "level": self.level,
            "request_id": self.request_id,
        }


def canonical_json(fields: Mapping[str, object]) -> bytes:
    """JSON by RFC 8785 for the values we use (text, integers, lists); raises `ValueError` for text that is no UTF-8."""
    # Python sorts names by code point, RFC 8785 by UTF-16 unit: the same for the ASCII names used here.
    if not all(name.isascii() for name in fields):
        raise ValueError("names in an entry are ASCII")
    return _ENCODER.encode(fields).encode()


def written_time(moment: datetime) -> str:
    """A moment as `2026-11-21T17:00:00.123456Z`: UTC, always with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_entry(written: bytes) -> Entry:
    """The entry out of its bytes; raises `EntryDamaged` for anything but the one canonical form."""
    try:
        fields = json.loads(written.decode())
        entry = _from_fields(fields)
        is_canonical = entry.canonical() == written
    except EntryDamaged:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, Refused) as problem:
        raise EntryDamaged(f"these bytes are no audit entry: {problem}") from None
    if not is_canonical:
        raise EntryDamaged("this entry is not written in its canonical form")
    return entry


def _from_fields(fields: Mapping[str, object]) -> Entry:
    def text(name: str) -> str:
        value = fields[name]
        if not isinstance(value, str):
            raise EntryDamaged(f"{name} is not text")
        return value

    def number(name: str) -> int:
        value = fields[name]
        if not isinstance(value, int) or isinstance(value, bool):
            raise EntryDamaged(f"{name} is not an integer")
        return value

    if number("v") != VERSION:
        raise EntryDamaged(f"this program reads entries of version {VERSION}")
    shown = fields.get("shown", [])
    if not isinstance(shown, list):
        raise EntryDamaged("shown is not a list")
    decided = text("dec")
    if decided not in {"allow", "deny"}:
        raise EntryDamaged("dec is neither allow nor deny")
    return Entry(
        at=datetime.fromisoformat(text("t")).astimezone(UTC),  # any other way of writing it is found not canonical
        actor_id=UUID(text("actor").removeprefix("u:")),
        unit_id=UUID(text("unit").removeprefix("n:")) if "unit" in fields else None,
        place=text("place") if "place" in fields else "",
        action=text("act"),
        object_ref=ObjectRef.parse(text("obj")) if "obj" in fields else None,
        object_version=number("objv") if "objv" in fields else None,
        digest=bytes.fromhex(text("dig")) if "dig" in fields else None,
        shown=tuple(UUID(each) for each in shown),
        decision="allow" if decided == "allow" else "deny",
        rule=text("why") if "why" in fields else "",
        level=number("lvl"),
        request_id=UUID(text("req")) if "req" in fields else None,
        sealed=b64decode(text("sealed"), validate=True) if "sealed" in fields else None,
    )
