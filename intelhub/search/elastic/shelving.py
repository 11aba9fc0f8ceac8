"""Moving a partition's documents behind tokens: tail and sealed parts become sealed documents and their tokens.

The server is written first and PostgreSQL commits last: what only the server knows names no document and is passed
over, so a move may stop anywhere, be repeated and be overtaken. Whoever calls commits, once a partition.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault, vault_of
from intelhub.platform.shipped import shipped
from intelhub.search import store
from intelhub.search.document import Entry, Partition, SearchDocument
from intelhub.search.elastic import documents
from intelhub.search.elastic.dictionary import Dictionary
from intelhub.search.elastic.documents import DictionaryRow, DocumentRow
from intelhub.search.elastic.server import MOST_IDS, Change, SearchServer
from intelhub.search.elastic.tokens import (
    Tokens,
    Vocabulary,
    Wall,
    document_id,
    fields_of,
    index_name,
    merged,
    vocabulary_of,
)
from intelhub.search.merge import entries_of, newest_of, write_segment
from intelhub.search.sealing import SEGMENTS, TAIL, partition_id


@dataclass(frozen=True, slots=True)
class Profiles:
    """How each level is searched, and how many documents must stand behind a wall before it gets tokens."""

    minimum: int
    levels: Mapping[str, str]

    def is_ranked(self, level: int) -> bool:
        """Whether words of this level may lie on the search server as tokens."""
        return self.levels.get(str(level)) == "ranked"


@cache
def shipped_profiles() -> Profiles:
    """The reviewed profiles, from `search/profiles.json`."""
    return Profiles(**json.loads(shipped("search/profiles.json").read_text(encoding="utf-8")))


_MOST_COUNTED = 2**31 - 1
_A_MINUTE = 60.0
_SENT_AT_ONCE = 5_000


def shelve_partition(
    session: Session, server: SearchServer, partition: Partition, *, profiles: Profiles | None = None
) -> bool:
    """Move what a partition holds in its tail and segments; false where it stays sealed or another worker is at it.

    It stays sealed where its level's profile says so, or few documents stand behind its wall: among few, a token says
    too much. Raises `ServerAway`, and `Tampered` if a part does not fit its seal.
    """
    rules = profiles or shipped_profiles()
    wanted, wall = partition_id(partition), Wall.of(partition)
    if not rules.is_ranked(partition.level) or not store.lock_partition(session, wanted, wait=False):
        return False
    listing = store.list_partitions(session, [wanted]).get(wanted)
    if listing is None or not listing.tail:
        return False
    known = documents.find_dictionary(session, wall, for_update=True)
    sealed = store.count_behind(session, wall.level, wall.compartments, wall.department_id)
    if sealed + (known.documents if known else 0) < rules.minimum:
        return False
    vault = vault_of(session)
    entries = newest_of(entries_of(session, vault, listing, listing.segments), with_tombstones=True)
    _move(session, server, vault, partition, entries, known)
    store.delete_rows(session, SEGMENTS, [segment.id for segment in listing.segments])
    store.delete_rows(session, TAIL, [row.id for row in listing.tail])
    # By a new segment, though an empty one, every process notices that its picture of the partition is old.
    write_segment(session, vault, partition, [])
    return True


def check_wall(session: Session, server: SearchServer, wall: Wall) -> int:
    """Make a wall's dictionary anew from its documents and send those again that the server has lost.

    The number sent. Documents that do not open are left out: `intelhub reindex` makes them anew.
    """
    known = documents.find_dictionary(session, wall, for_update=True)
    if known is None:
        return 0
    vault, index, tokens = vault_of(session), index_name(vault_of(session), wall.level), Tokens(vault_of(session), wall)
    server.prepare(index)
    (there,) = server.count(index, [{"term": {"p": tokens.wall}}], most=_MOST_COUNTED, seconds=_A_MINUTE)
    rows = documents.count_of_wall(session, wall)
    if there > rows:
        months = Dictionary.opened(vault, known.sealed, wall, known.version).months
        there -= _delete_orphans(session, server, index, tokens, months)
    vocabulary, count, lost = Vocabulary(), 0, there != rows
    batch: list[Change] = []
    for row in documents.iterate_wall(session, wall):
        try:
            document = row.opened(vault)
        except (Tampered, ValueError, OverflowError):
            continue
        count += 1
        vocabulary.take(vocabulary_of(document))
        if lost:
            fields = fields_of(tokens, document)
            batch.append(Change(index=index, id=row.id, version=row.row_version, fields=fields))
        if len(batch) == _SENT_AT_ONCE:
            server.write(batch)
            batch = []
    server.write(batch)
    _store(session, vault, wall, Dictionary(vocabulary), count)
    return count if lost else 0


def _delete_orphans(session: Session, server: SearchServer, index: str, tokens: Tokens, months: Sequence[str]) -> int:
    """Take away what the server holds of a wall and no document stands behind; how many that were."""
    gone = 0
    for month in months:
        query = {"bool": {"filter": [{"term": {"p": tokens.wall}}, {"term": {"k": tokens.value("month", month)}}]}}
        there = server.find(index, query, limit=MOST_IDS, seconds=_A_MINUTE)
        known = {row.id for row in documents.fetch_documents(session, there)}
        orphans = [one for one in there if one not in known]
        server.write(Change(index=index, id=one, version=None, fields=None) for one in orphans)
        gone += len(orphans)
    return gone


def list_walls(session: Session) -> list[Wall]:
    """Every wall with documents behind tokens."""
    return [row.wall for row in documents.list_dictionaries(session)]


def _move(
    session: Session,
    server: SearchServer,
    vault: Vault,
    partition: Partition,
    entries: Sequence[Entry],
    known: DictionaryRow | None,
) -> None:
    wall, tokens = Wall.of(partition), Tokens(vault, Wall.of(partition))
    ids = {document_id(vault, partition, entry.record_id): entry for entry in entries}
    before = {row.id: row for row in documents.fetch_of_partition(session, partition, list(ids))}
    moving = {one: entry for one, entry in ids.items() if _is_newer(entry, before.get(one))}
    index = index_name(vault, partition.level)
    server.write(
        Change(
            index=index,
            id=one,
            version=entry.row_version,
            fields=fields_of(tokens, entry) if isinstance(entry, SearchDocument) else None,
        )
        for one, entry in moving.items()
    )
    new = [(one, entry) for one, entry in moving.items() if isinstance(entry, SearchDocument)]
    gone = [before[one] for one in moving if one in before]
    documents.replace_documents(session, vault, [row.id for row in gone], new)
    dictionary = Dictionary.opened(vault, known.sealed, wall, known.version) if known else Dictionary(Vocabulary())
    added = merged(vocabulary_of(document) for _, document in new)
    changed = dictionary.with_changes(added, merged(vocabulary_of(row.opened(vault)) for row in gone))
    _store(session, vault, wall, changed, (known.documents if known else 0) + len(new) - len(gone))


def _is_newer(entry: Entry, before: DocumentRow | None) -> bool:
    if before is None:
        return True  # also for what is gone: a move that stopped half way may have left its tokens
    return entry.row_version > before.row_version


def _store(session: Session, vault: Vault, wall: Wall, dictionary: Dictionary, count: int) -> None:
    version = secrets.randbits(62)  # never one that a process may have met before
    sealed = dictionary.sealed(vault, wall, version)
    documents.store_dictionary(session, DictionaryRow(wall, version, count, sealed))
