"""Each night: the dictionary of a wall made anew, and its tokens compared with its documents, by ids and versions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
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


def check_wall(session: Session, server: SearchServer, wall: Wall) -> int:
    """Bring the server to what the database holds of a ranked wall; how many documents were sent again.

    Documents that do not open are left out: `intelhub reindex` makes them anew. Raises `ServerAway`, and `Tampered` if
    the wall's head does not fit its seal.
    """
    hold_wall(session, wall, wait=True)
    vault = vault_of(session)
    head = find_head(session, vault, wall)
    if head is None or head.profile != "ranked":
        return 0
    server.prepare(head.index(vault))
    vocabulary: Vocabulary = Counter()
    days: dict[str, dict[UUID, int]] = defaultdict(dict)
    for row in documents.iterate_wall(session, wall):
        try:
            document = row.opened(vault)
        except (Tampered, ValueError, OverflowError):
            continue
        vocabulary.update(vocabulary_of(document))
        days[day_of(document.occurred_at)][row.record_id] = row.row_version
    tokens = head.tokens(vault)
    index = head.index(vault)
    known = _dictionary(session, vault, head)
    there = {day: _there(server, index, tokens, day) for day in {*days, *(known.days if known else ())}}
    lost = [record for day, held in days.items() for record in _lost(held, there[day])]
    orphans = [record for day, held in there.items() for record in held if record not in days.get(day, {})]
    # An orphan of one day may be a document whose day was changed: it is taken away first and sent after that.
    server.write(Change(index=index, id=tokens.document_id(one), version=None, fields=None) for one in orphans)
    moved = {record for held in days.values() for record in held}.intersection(orphans)
    sent = 0
    again = list(dict.fromkeys((*lost, *moved)))
    for start in range(0, len(again), _AT_ONCE):
        sent += _send(session, server, vault, head, again[start : start + _AT_ONCE])
    count = sum(map(len, days.values()))
    changed = new_dictionary(session, vault, head, vocabulary)
    store_head(session, vault, replace(changed, documents=count))
    return sent


def _dictionary(session: Session, vault: Vault, head: Head) -> Dictionary | None:
    try:
        return open_dictionary(session, vault, head, OpenParts())
    except Tampered:
        return None  # it is made anew


def _there(server: SearchServer, index: str, tokens: Tokens, day: str) -> Versions:
    """What the server holds of a day; of a day with more than it gives at once, nothing is said to be surplus."""
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
