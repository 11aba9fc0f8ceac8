"""Moving a partition's documents behind tokens: tail and sealed parts become sealed documents and their tokens.

The server is written first and PostgreSQL commits last: what only the server knows names no document and is passed
over, so a move may stop anywhere, be repeated and be overtaken. Whoever calls commits, once a partition.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault, vault_of
from intelhub.platform.shipped import shipped
from intelhub.search import store
from intelhub.search.document import Entry, Partition, SearchDocument
from intelhub.search.elastic import documents
from intelhub.search.elastic.dictionary import Vocabulary, vocabulary_of
from intelhub.search.elastic.documents import DocumentRow
from intelhub.search.elastic.server import Change, SearchServer
from intelhub.search.elastic.tokens import FIRST_EPOCH, Wall, fields_of
from intelhub.search.elastic.walls import (
    Head,
    change_dictionary,
    definition_today,
    find_head,
    hold_wall,
    list_walls,
    open_head,
    store_head,
)
from intelhub.search.merge import entries_of, newest_of, write_segment
from intelhub.search.sealing import SEGMENTS, TAIL, partition_id

MOST_IN_VOLUME = 20_000_000  # documents: some 40 GB, about where one index becomes unwieldy


@dataclass(frozen=True, slots=True)
class Profiles:
    """How each level is searched, and how many documents must stand behind a wall before it gets tokens."""

    minimum: int
    levels: Mapping[str, str]

    def of(self, level: int) -> str:
        """`ranked`, `flat` or `sealed`; what is not named is sealed."""
        return self.levels.get(str(level), "sealed")


@cache
def shipped_profiles() -> Profiles:
    """The reviewed profiles, from `search/profiles.json`."""
    return Profiles(**json.loads(shipped("search/profiles.json").read_text(encoding="utf-8")))


def list_moves_due(session: Session, *, profiles: Profiles | None = None) -> list[Partition]:
    """The partitions of ranked levels with sealed segments: merged while there was no server, or few documents yet."""
    rules = profiles or shipped_profiles()
    return [one for one in store.list_sealed(session) if rules.of(one.level) == "ranked"]


def shelve_partition(
    session: Session, server: SearchServer, partition: Partition, *, profiles: Profiles | None = None
) -> bool:
    """Move what a partition holds in its tail and segments; false where it stays sealed or another worker is at it.

    It stays sealed where its level's profile says so, or few documents stand behind its wall: among few, a token says
    too much. Raises `ServerAway`, and `Tampered` if a part does not fit its seal.
    """
    rules = profiles or shipped_profiles()
    wall = Wall.of(partition)
    if rules.of(partition.level) != "ranked" or not hold_wall(session, wall, wait=False):
        return False
    vault = vault_of(session)
    known = find_head(session, vault, wall)
    if known is not None and not (known.profile == "ranked" and known.is_legible):
        return False  # the next rebuild brings it over
    if not has_enough(session, vault, wall, known, rules):
        return False
    head = known or new_head(session, vault, wall)
    server.prepare(head.index(vault))  # a server that has gone away says so before anything is opened
    moved = take_down(session, vault, partition)
    if moved is None:
        return False
    server.write(moved.changes(vault, head))
    added, gone = moved.vocabularies(vault)
    added.subtract(gone)
    # Counted, because a rebuild of sealed parts takes rows away that no head hears of.
    head = replace(head, documents=documents.count_of_wall(session, wall))
    store_head(session, vault, change_dictionary(session, vault, head, added))
    return True


@dataclass(frozen=True, slots=True)
class Moved:
    """What left a partition's tail and segments; `replaced` are the rows of before that these were put in place of."""

    entries: Sequence[Entry]
    replaced: Sequence[DocumentRow]

    @property
    def new(self) -> list[SearchDocument]:
        """The documents that lie in the database now."""
        return [entry for entry in self.entries if isinstance(entry, SearchDocument)]

    def changes(self, vault: Vault, head: Head) -> Iterable[Change]:
        """What the server is told of them."""
        tokens, index = head.tokens(vault), head.index(vault)
        for entry in self.entries:
            fields = fields_of(tokens, entry) if isinstance(entry, SearchDocument) else None
            record = tokens.document_id(entry.record_id)
            yield Change(index=index, id=record, version=entry.row_version, fields=fields)

    def vocabularies(self, vault: Vault) -> tuple[Vocabulary, Vocabulary]:
        """What the dictionary gains, and what it loses."""
        return _summed(self.new), _summed(row.opened(vault) for row in self.replaced)


def take_down(session: Session, vault: Vault, partition: Partition, *, wait: bool = False) -> Moved | None:
    """Make rows of what lies in a partition's tail and segments; `None` where nothing does or a worker is at it."""
    wanted = partition_id(partition)
    if not store.lock_partition(session, wanted, wait=wait):
        return None
    listing = store.list_partitions(session, [wanted]).get(wanted)
    if listing is None or not (listing.tail or any(segment.documents for segment in listing.segments)):
        return None
    entries = newest_of(entries_of(session, vault, listing, listing.segments), with_tombstones=True)
    before = {
        row.record_id: row
        for row in documents.fetch_of_partition(session, partition, [entry.record_id for entry in entries])
    }
    moving = [entry for entry in entries if _is_newer(entry, before.get(entry.record_id))]
    moved = Moved(moving, [before[entry.record_id] for entry in moving if entry.record_id in before])
    documents.replace_documents(session, vault, [row.id for row in moved.replaced], moved.new)
    store.delete_rows(session, SEGMENTS, [segment.id for segment in listing.segments])
    store.delete_rows(session, TAIL, [row.id for row in listing.tail])
    # By a new segment, though an empty one, every process notices that its picture of the partition is old.
    write_segment(session, vault, partition, [])
    return moved


def has_enough(session: Session, vault: Vault, wall: Wall, known: Head | None, rules: Profiles) -> bool:
    """Whether so many records stand behind a wall: each once, however often it was changed, and none that has gone.

    What cannot be read now counts nothing.
    """
    if known is not None and known.documents >= rules.minimum:
        return True
    held = known.documents if known else 0
    if store.count_behind(session, wall.level, wall.compartments, wall.department_id) + held < rules.minimum:
        return False  # fewer changes than that are fewer records, and nothing need be opened
    there: set[UUID] = set()
    gone: set[UUID] = set()
    for entries in sealed_parts(session, vault, wall):
        for entry in entries or ():
            (there if isinstance(entry, SearchDocument) else gone).add(entry.record_id)
        if len(there) >= rules.minimum:
            return True
    behind = {row.record_id for row in documents.iterate_wall(session, wall)} if known else set()
    return len(there | (behind - gone)) >= rules.minimum


def sealed_parts(session: Session, vault: Vault, wall: Wall) -> Iterator[Sequence[Entry] | None]:
    """What the tail and segments of each partition know newest of each record; `None` of one that cannot be read now.

    Nothing is held: a merge may take a segment away meanwhile.
    """
    wanted = [partition_id(one) for one in store.list_all_partitions(session) if Wall.of(one) == wall]
    for listing in store.list_partitions(session, wanted).values():
        try:
            yield newest_of(entries_of(session, vault, listing, listing.segments), with_tombstones=True)
        except (Tampered, LookupError):
            yield None


def new_head(session: Session, vault: Vault, wall: Wall) -> Head:
    """The head of a wall that joins the others of its level: in their epoch, in a volume that has room."""
    beside = [
        open_head(vault, other, row.version, row.sealed)
        for other, row in list_walls(session).items()
        if other.level == wall.level
    ]
    epoch = max((head.epoch for head in beside), default=FIRST_EPOCH)
    volumes: Counter[int] = Counter()
    for head in beside:
        if head.epoch == epoch:
            volumes[head.volume] += head.documents
    volume = max(volumes, default=0)
    volume += volumes[volume] >= MOST_IN_VOLUME
    made = (head.definition for head in beside if (head.epoch, head.volume) == (epoch, volume))
    return Head(wall=wall, epoch=epoch, volume=volume, definition=next(made, definition_today()))


def _is_newer(entry: Entry, before: DocumentRow | None) -> bool:
    if before is None:
        return True  # also for what is gone: a move that stopped half way may have left its tokens
    return entry.row_version > before.row_version


def _summed(found: Iterable[SearchDocument]) -> Vocabulary:
    total: Vocabulary = Counter()
    for document in found:
        total.update(vocabulary_of(document))
    return total
