"""The walls that have tokens on the search server: under which epoch, in which volume, with which dictionary.

A wall's head is sealed, so that nobody who has the database sends a question to another epoch or leaves a part of a
dictionary out. Plain SQL behind row-level security, as in `intelhub.search.store`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from intelhub.crypto import Vault, lp, open_blob, seal_blob
from intelhub.search.elastic.dictionary import BUDGET, Dictionary, Part, Vocabulary, image_of, seal_part
from intelhub.search.elastic.server import index_definition
from intelhub.search.elastic.tokens import FIRST_EPOCH, SCHEME, Tokens, Wall, index_name
from intelhub.search.kept_open import KeptOpen
from intelhub.search.statements import run

_MOST_PARTS = 12
_UNTOLD_SCHEME = 2  # of heads that were written before they said which
_FOLDED_AT = 4  # a part joins the base once all changes together have a quarter of its size


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a wall on the server; `parts` are ids and sizes of its dictionary's parts, the base first.

    `definition` is the digest of the reviewed settings and mappings under which its index was made, `scheme` says which
    tokens it has.
    """

    wall: Wall
    epoch: int = FIRST_EPOCH
    salt: str = ""
    volume: int = 0
    profile: str = "ranked"
    definition: str = ""
    scheme: int = SCHEME
    documents: int = 0
    parts: Sequence[tuple[UUID, int]] = ()
    version: int = 0

    def tokens(self, vault: Vault) -> Tokens:
        """What makes the tokens of its epoch."""
        return Tokens(vault, self.wall, self.salt)

    @property
    def is_legible(self) -> bool:
        """Whether its tokens are of today's making; if not, nothing can be asked or added until it is made anew."""
        return self.scheme == SCHEME

    def index(self, vault: Vault) -> str:
        """The name of the index its documents lie in."""
        return index_name(vault, self.wall.level, self.epoch, self.volume)


def definition_today() -> str:
    """A digest of what `search/elastic-index.json` says today of indices."""
    return sha256(json.dumps(index_definition(), sort_keys=True).encode()).hexdigest()


def count_behind_tokens(session: Session) -> int:
    """How many documents lie behind tokens in the whole house; for the worker."""
    return int(run(session, "SELECT coalesce(sum(documents), 0) FROM search_dictionaries").scalar_one())


class SealedHead(NamedTuple):
    """A head as it lies in its table."""

    version: int
    epoch: int
    sealed: bytes


def list_walls(session: Session) -> dict[Wall, SealedHead]:
    """Every wall this session may see that has documents on the server."""
    sql = "SELECT level, compartments, department_id, version, epoch, sealed FROM search_dictionaries"
    return {
        Wall(level=level, compartments=frozenset(compartments), department_id=department): SealedHead(
            version, epoch, bytes(sealed)
        )
        for level, compartments, department, version, epoch, sealed in run(session, sql)
    }


def open_head(vault: Vault, wall: Wall, version: int, sealed: bytes) -> Head:
    """A wall's head; raises `Tampered`."""
    opened = json.loads(open_blob(_key(vault, wall), sealed, context=_context(wall, version)))
    parts = tuple((UUID(hex=one), size) for one, size in opened.pop("parts"))
    scheme = opened.pop("scheme", _UNTOLD_SCHEME)
    return Head(wall=wall, version=version, parts=parts, scheme=scheme, **opened)


def hold_wall(session: Session, wall: Wall, *, wait: bool) -> bool:
    """Hold a wall until the transaction ends, so that one worker alone changes it."""
    key = int.from_bytes(wall.id.bytes[8:], "big", signed=True)
    if wait:
        run(session, "SELECT pg_advisory_xact_lock(:key)", key=key)
        return True
    return bool(run(session, "SELECT pg_try_advisory_xact_lock(:key)", key=key).scalar_one())


def hold_level(session: Session, level: int) -> bool:
    """Hold the rebuilding of a level until the transaction ends; false if somebody rebuilds it."""
    sql = "SELECT pg_try_advisory_xact_lock(:space, :level)"
    return bool(run(session, sql, space=_REBUILDS, level=level).scalar_one())


def has_head(session: Session, wall: Wall) -> bool:
    """Whether a wall has tokens, without opening its head."""
    sql = f"SELECT EXISTS (SELECT 1 FROM search_dictionaries WHERE {_OF_WALL})"  # noqa: S608 - our own words alone
    return bool(run(session, sql, **_label(wall)).scalar_one())


def find_head(session: Session, vault: Vault, wall: Wall) -> Head | None:
    """The head of one wall; raises `Tampered`."""
    sql = f"SELECT version, sealed FROM search_dictionaries WHERE {_OF_WALL}"  # noqa: S608 - our own words alone
    row = run(session, sql, **_label(wall)).one_or_none()
    return open_head(vault, wall, row[0], bytes(row[1])) if row else None


def open_dictionary(session: Session, vault: Vault, head: Head, known: KeptOpen[Part]) -> Dictionary | None:
    """A wall's dictionary, or `None` when a part was folded meanwhile; raises `Tampered`."""
    found = {part_id: part for part_id, _ in head.parts if (part := known.get(part_id)) is not None}
    missing = [part_id for part_id, _ in head.parts if part_id not in found]
    if missing:
        sql = "SELECT id, sealed FROM search_dictionary_parts WHERE id = ANY(:ids)"
        for part_id, sealed in run(session, sql, ids=missing):
            found[part_id] = known.put(part_id, Part.opened(vault, head.wall, part_id, bytes(sealed)))
    if len(found) < len(head.parts):
        return None
    return Dictionary([found[part_id] for part_id, _ in head.parts])


def change_dictionary(session: Session, vault: Vault, head: Head, changes: Vocabulary) -> Head:
    """The head with these changes to its dictionary added; raises `Tampered`."""
    parts = list(head.parts)
    image = image_of(changes)
    grown = sum(size for _, size in parts[1:]) + len(image)
    if parts and len(parts) < _MOST_PARTS and grown * _FOLDED_AT <= parts[0][1]:
        return replace(head, parts=[*parts, _insert_part(session, vault, head.wall, image)])
    if parts:
        opened = open_dictionary(session, vault, head, KeptOpen(BUDGET))
        for part in opened.parts if opened else ():
            changes.update(part.entries())
    return new_dictionary(session, vault, head, +changes)


def new_dictionary(session: Session, vault: Vault, head: Head, vocabulary: Vocabulary) -> Head:
    """The head with another dictionary in the place of its own."""
    return replace(head, parts=[_insert_part(session, vault, head.wall, image_of(vocabulary))])


def store_head(session: Session, vault: Vault, head: Head) -> None:
    """Put a head in the place of the one before, under another version; one of no documents goes, with its parts."""
    wall, version = head.wall, secrets.randbits(62)  # never one that a process may have met before
    run(session, f"DELETE FROM search_dictionaries WHERE {_OF_WALL}", **_label(wall))  # noqa: S608 - our own words
    kept = [part_id for part_id, _ in head.parts] if head.documents else []
    sql = "DELETE FROM search_dictionary_parts WHERE wall_id = :wall AND NOT id = ANY(:ids)"
    run(session, sql, wall=wall.id, ids=kept)
    if not head.documents:
        return
    written = {
        "epoch": head.epoch,
        "salt": head.salt,
        "volume": head.volume,
        "profile": head.profile,
        "definition": head.definition,
        "scheme": head.scheme,
        "documents": head.documents,
        "parts": [(part_id.hex, size) for part_id, size in head.parts],
    }
    sealed = seal_blob(_key(vault, wall), json.dumps(written).encode(), context=_context(wall, version))
    run(
        session,
        "INSERT INTO search_dictionaries (id, level, compartments, department_id, epoch, version, documents, sealed)"
        " VALUES (:wall, :level, :compartments, :department, :epoch, :version, :documents, :sealed)",
        **_columns(wall),
        epoch=head.epoch,
        version=version,
        documents=head.documents,
        sealed=sealed,
    )


def _insert_part(session: Session, vault: Vault, wall: Wall, image: bytes) -> tuple[UUID, int]:
    part_id = uuid4()
    run(
        session,
        "INSERT INTO search_dictionary_parts (id, wall_id, level, compartments, department_id, sealed)"
        " VALUES (:id, :wall, :level, :compartments, :department, :sealed)",
        **_columns(wall),
        id=part_id,
        sealed=seal_part(vault, wall, part_id, image),
    )
    return part_id, len(image)


def _columns(wall: Wall) -> Mapping[str, Any]:
    return {"wall": wall.id, **_label(wall)}


def _label(wall: Wall) -> Mapping[str, Any]:
    return {"level": wall.level, "compartments": sorted(wall.compartments), "department": wall.department_id}


def _key(vault: Vault, wall: Wall) -> bytes:
    return vault.index_key(lp(b"intelhub/search/head/v1", wall.framed()))


def _context(wall: Wall, version: int) -> bytes:
    return lp(b"search_dictionaries", wall.framed(), version.to_bytes(8, "big"))


_REBUILDS = 0x1E7E1
_OF_WALL = "level = :level AND compartments = :compartments AND department_id = :department"
