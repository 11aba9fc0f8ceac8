"""Each night: the dictionary of a wall made anew, and its tokens compared with its documents, by ids and versions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault, vault_of
from intelhub.search.elastic import documents
from intelhub.search.elastic.dictionary import Dictionary, OpenParts, Vocabulary, vocabulary_of
from intelhub.search.elastic.server import MOST_IDS, Change, SearchServer
from intelhub.search.elastic.tokens import Tokens, Wall, day_of, fields_of
from intelhub.search.elastic.walls import (
    Head,
    find_head,
    hold_wall,
    list_walls,
    new_dictionary,
    open_dictionary,
    open_head,
    store_head,
)

_A_MINUTE = 60.0
_AT_ONCE = 5_000
Versions = Mapping[UUID, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found of a wall: documents sent again, those a flat one lacks there, and those that do not open."""

    sent: int = 0
    lost: int = 0
    damaged: int = 0


def check_wall(session: Session, server: SearchServer, wall: Wall) -> Checked:
    """Hold the server against what the database holds of a wall; of a ranked one, bring it to that.

    What does not open keeps its tokens: taking them away would hide that it was touched. Raises `ServerAway`, and
    `Tampered` if the wall's head does not fit its seal.
    """
    vault = vault_of(session)
    if not hold_wall(session, wall, wait=False):
        return Checked()
    head = find_head(session, vault, wall)
    if head is None:
        return Checked()
    server.prepare(head.index(vault), head.profile)
    vocabulary: Vocabulary = Counter()
    days: dict[str, dict[UUID, int]] = defaultdict(dict)
    damaged: set[UUID] = set()
    for row in documents.iterate_wall(session, wall):
        try:
            document = row.opened(vault)
        except (Tampered, ValueError, OverflowError):
            damaged.add(row.record_id)
            continue
        vocabulary.update(vocabulary_of(document))
        days[day_of(document.occurred_at)][row.record_id] = row.row_version
    tokens, index, known = head.tokens(vault), head.index(vault), _dictionary(session, vault, head)
    there = {day: _there(server, index, tokens, day) for day in {*days, *(known.days if known else ())}}
    whole = {day: held for day, held in there.items() if len(held) < MOST_IDS}  # of a cut day nothing can be said
    if head.profile != "ranked":
        lost = sum(record not in whole[day] for day, held in days.items() if day in whole for record in held)
        return Checked(lost=lost, damaged=len(damaged))
    gone = [record for day, held in days.items() if day in whole for record in _lost(held, whole[day])]
    orphans = [
        record
        for day, held in whole.items()
        for record in held
        if record not in days.get(day, {}) and record not in damaged
    ]
    # An orphan of one day may be a document whose day was changed: it is taken away first and sent after that.
    server.write(Change(index=index, id=tokens.document_id(one), version=None, fields=None) for one in orphans)
    moved = {record for held in days.values() for record in held}.intersection(orphans)
    sent = 0
    again = list(dict.fromkeys((*gone, *moved)))
    for start in range(0, len(again), _AT_ONCE):
        sent += _send(session, server, vault, head, again[start : start + _AT_ONCE])
    count = sum(map(len, days.values())) + len(damaged)
    store_head(session, vault, replace(new_dictionary(session, vault, head, vocabulary), documents=count))
    return Checked(sent=sent, damaged=len(damaged))


def _dictionary(session: Session, vault: Vault, head: Head) -> Dictionary | None:
    try:
        return open_dictionary(session, vault, head, OpenParts())
    except Tampered:
        return None  # it is made anew


def _there(server: SearchServer, index: str, tokens: Tokens, day: str) -> Versions:
    """What the server holds of a day, no more of it than it gives at once."""
    query = {"bool": {"filter": [{"term": {"p": tokens.wall}}, {"term": {"k": tokens.value("day", day)}}]}}
    found = server.find(index, query, limit=MOST_IDS, seconds=_A_MINUTE)
    records = tokens.records_of([one.id for one in found])
    return {record: one.version for record, one in zip(records, found, strict=True)}


def _lost(held: Versions, there: Versions) -> Iterator[UUID]:
    return (record for record, version in held.items() if there.get(record) != version)


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
