"""Each night: the dictionary of a wall made anew, and its tokens compared with its documents, by ids and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault, vault_of
from intelhub.search.elastic import documents
from intelhub.search.elastic.dictionary import Vocabulary, vocabulary_of
from intelhub.search.elastic.server import Change, SearchServer
from intelhub.search.elastic.shelving import sealed_parts
from intelhub.search.elastic.tokens import Tokens, Wall, fields_of
from intelhub.search.elastic.walls import (
    Head,
    find_head,
    hold_wall,
    list_walls,
    new_dictionary,
    open_head,
    store_head,
)

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found of a wall: documents sent again, those that only a rebuild mends, and those that do not open.

    A flat wall is only ever sent whole; and what the server has in a newer version than the database, which was put
    back from a backup then, it takes in no older one.
    """

    sent: int = 0
    lost: int = 0
    damaged: int = 0


def check_wall(session: Session, server: SearchServer, wall: Wall) -> Checked | None:
    """Hold the server against what the database holds of a wall, and bring a ranked one to that; `None` if it is held.

    What does not open keeps its tokens: taking them away would hide that it was touched. Raises `ServerAway`, and
    `Tampered` if the wall's head does not fit its seal.
    """
    vault = vault_of(session)
    if not hold_wall(session, wall, wait=False):
        return None
    head = find_head(session, vault, wall)
    if head is None or not head.is_legible:  # of another scheme: a rebuild is due
        return Checked()
    server.prepare(head.index(vault))
    vocabulary: Vocabulary = Counter()
    held: dict[UUID, int] = {}
    damaged: set[UUID] = set()
    for row in documents.iterate_wall(session, wall):
        try:
            vocabulary.update(vocabulary_of(row.opened(vault)))
        except Tampered:
            damaged.add(row.record_id)
        else:
            held[row.record_id] = row.row_version
    tokens, index = head.tokens(vault), head.index(vault)
    there = _there(server, index, tokens)
    if head.profile != "ranked":
        return Checked(lost=len(held.keys() - there), damaged=len(damaged))
    ahead = {one: version for one, version in there.items() if version > held.get(one, 0) and one not in damaged}
    ahead = _without_known(session, vault, wall, ahead)
    orphans = ahead.keys() - held
    server.write(Change(index=index, id=tokens.document_id(one), version=None, fields=None) for one in orphans)
    older = [record for record, version in held.items() if there.get(record, 0) < version]
    for start in range(0, len(older), _AT_ONCE):
        _send(session, server, vault, head, older[start : start + _AT_ONCE])
    count = len(held) + len(damaged)
    store_head(session, vault, replace(new_dictionary(session, vault, head, vocabulary), documents=count))
    return Checked(sent=len(older), lost=len(ahead.keys() & held), damaged=len(damaged))


def _without_known(session: Session, vault: Vault, wall: Wall, ahead: Mapping[UUID, int]) -> dict[UUID, int]:
    """Without what waits in the tail or a segment: a move that ended after its write to the server is repeated."""
    unknown = dict(ahead)
    for entries in sealed_parts(session, vault, wall) if unknown else ():
        if entries is None:  # it may know each of them
            return {}
        for entry in entries:
            if unknown.get(entry.record_id, 0) <= entry.row_version:
                unknown.pop(entry.record_id, None)
    return unknown


def _there(server: SearchServer, index: str, tokens: Tokens) -> Mapping[UUID, int]:
    """The version of each record that the server holds."""
    found = server.versions(index, [layer.partition for layer in tokens.layers])
    return dict(zip(tokens.records_of(list(found)), found.values(), strict=True))


def _send(session: Session, server: SearchServer, vault: Vault, head: Head, records: Collection[UUID]) -> int:
    tokens, index = head.tokens(vault), head.index(vault)
    rows = [row for row in documents.fetch_of_records(session, list(records)) if Wall.of(row.partition) == head.wall]
    server.write(
        Change(
            index=index,
            id=tokens.document_id(row.record_id),
            version=row.row_version,
            fields=fields_of(tokens, row.opened(vault)),
        )
        for row in rows
    )
    return len(rows)


def list_indices(session: Session) -> list[str]:
    """The names of the indices in which documents of any wall lie; raises `Tampered`."""
    vault = vault_of(session)
    heads = (open_head(vault, wall, row.version, row.sealed) for wall, row in list_walls(session).items())
    return sorted({head.index(vault) for head in heads})
