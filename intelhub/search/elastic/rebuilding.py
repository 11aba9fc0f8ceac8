"""A level's tokens made anew beside everybody's work: under a fresh epoch, wall by wall, then the old index goes.

An epoch is keys, ids and indices at once. A wall changes over in the transaction that stores its head, so that a reader
asks either the index of before or the one of after, and never half of both; walls of one level may be in two epochs
for a while. A rebuild that stopped half way is followed by one of the next epoch.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault, vault_of
from intelhub.search import store
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.elastic import documents
from intelhub.search.elastic.dictionary import Vocabulary, vocabulary_of
from intelhub.search.elastic.documents import DocumentRow
from intelhub.search.elastic.flattening import Flat, Flattening
from intelhub.search.elastic.server import Change, SearchServer
from intelhub.search.elastic.shelving import MOST_IN_VOLUME, Profiles, has_enough, shipped_profiles, take_down
from intelhub.search.elastic.tokens import FIRST_EPOCH, Wall, any_token, fields_of, index_name, value_tokens, words_of
from intelhub.search.elastic.walls import (
    Head,
    definition_today,
    find_head,
    has_head,
    hold_wall,
    list_walls,
    new_dictionary,
    store_head,
)
from intelhub.search.merge import MOST_DOCUMENTS, write_segment
from intelhub.search.sealing import DOCUMENTS, partition_id

CHANGED_SHARE = 0.05
_AT_ONCE = 2_000
_VOLUMES = 4
_EPOCHS_BEHIND = 16


def levels_due(session: Session, *, profiles: Profiles | None = None, changed: float = CHANGED_SHARE) -> list[int]:
    """The levels to be rebuilt: flat ones of which so much has changed, and those of another profile or definition.

    A wall whose head does not open is of another one: a rebuild needs nothing of it.
    """
    rules = profiles or shipped_profiles()
    vault = vault_of(session)
    due = []
    for level in range(4):
        heads = [_opened_head(session, vault, wall) for wall in list_walls(session) if wall.level == level]
        kept = sum(head.documents for head in heads if head)
        is_other = any(head is None or not _is_of_today(head, rules) for head in heads)
        if is_other or (rules.of(level) == "flat" and _count_waiting(session, level, rules) >= max(1, changed * kept)):
            due.append(level)
    return due


def _count_waiting(session: Session, level: int, rules: Profiles) -> int:
    """How many changes of a level have no tokens yet and may get them."""
    return sum(
        store.count_behind(session, level, wall.compartments, wall.department_id)
        for wall in walls_of_level(session, level, profiles=rules)
    )


def _is_of_today(head: Head, rules: Profiles) -> bool:
    return head.is_legible and head.profile == rules.of(head.wall.level) and head.definition == definition_today()


def walls_of_level(session: Session, level: int, *, profiles: Profiles | None = None) -> list[Wall]:
    """The walls of a level that have tokens, and those that are large enough to get them."""
    walls = [wall for wall in list_walls(session) if wall.level == level]
    others = {Wall.of(one) for one in store.list_all_partitions(session) if one.level == level}.difference(walls)
    return [*walls, *(wall for wall in others if gets_tokens(session, wall, profiles=profiles))]


def gets_tokens(session: Session, wall: Wall, *, profiles: Profiles | None = None) -> bool:
    """Whether a wall has tokens, be it that it is to lose them, or is large enough to get them."""
    rules = profiles or shipped_profiles()
    if has_head(session, wall):
        return True
    return rules.of(wall.level) != "sealed" and has_enough(session, vault_of(session), wall, None, rules)


def next_epoch(session: Session, level: int) -> int:
    """The epoch of a level's next rebuild: it names indices, and a wall's salt is what makes keys fresh."""
    used = [row.epoch for wall, row in list_walls(session).items() if wall.level == level]
    return max(used, default=FIRST_EPOCH - 1) + 1


def clear_epoch(session: Session, server: SearchServer, level: int, epoch: int) -> None:
    """Take away what a rebuild of this epoch left that stopped half way."""
    for volume in range(_VOLUMES):
        server.drop(index_name(vault_of(session), level, epoch, volume))


def drop_epochs(session: Session, server: SearchServer, level: int, *, before: int) -> None:
    """Take away the epochs before this one in which no wall of a level lies any more."""
    used = {row.epoch for wall, row in list_walls(session).items() if wall.level == level}
    for epoch in range(max(1, before - _EPOCHS_BEHIND), before):
        if epoch not in used:
            clear_epoch(session, server, level, epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """How many documents of a wall were sent, and how many do not open: their rows stay, without tokens."""

    documents: int = 0
    damaged: int = 0


def rebuild_wall(
    session: Session, server: SearchServer, wall: Wall, epoch: int, *, profiles: Profiles | None = None
) -> Rebuilt:
    """Send everything behind a wall again, under a fresh epoch and today's profile.

    Where the profile is `sealed` now, they go back into sealed parts. Raises `ServerAway`, and `Tampered` if a part of
    the tail or a segment does not fit its seal.
    """
    rules = profiles or shipped_profiles()
    hold_wall(session, wall, wait=True)
    vault, profile = vault_of(session), rules.of(wall.level)
    partitions = [one for one in store.list_all_partitions(session) if Wall.of(one) == wall]
    if profile == "sealed":
        for partition in partitions:
            _put_back(session, vault, partition)
        store_head(session, vault, Head(wall=wall))
        return Rebuilt(damaged=documents.count_of_wall(session, wall))
    for partition in partitions:
        take_down(session, vault, partition, wait=True)
    volume = _volume(session, vault, wall, epoch)
    head = Head(
        wall=wall,
        epoch=epoch,
        salt=secrets.token_hex(16),
        volume=volume,
        profile=profile,
        definition=definition_today(),
    )
    server.prepare(head.index(vault))
    vocabulary: Vocabulary = Counter()
    send = _send_flat if profile == "flat" else _send_ranked
    count = send(session, server, vault, head, vocabulary)
    held = documents.count_of_wall(session, wall)
    store_head(session, vault, replace(new_dictionary(session, vault, head, vocabulary), documents=held))
    return Rebuilt(documents=count, damaged=held - count)


def forget_wall(session: Session, wall: Wall) -> None:
    """Let a wall have no tokens any more if nothing lies behind them; what the server still has names no document."""
    hold_wall(session, wall, wait=True)
    if not documents.count_of_wall(session, wall):
        store_head(session, vault_of(session), Head(wall=wall))


def _send_ranked(session: Session, server: SearchServer, vault: Vault, head: Head, vocabulary: Vocabulary) -> int:
    tokens, index = head.tokens(vault), head.index(vault)
    batch: list[Change] = []
    count = 0
    for _, document in _opened(documents.iterate_wall(session, head.wall), vault):
        count += 1
        vocabulary.update(vocabulary_of(document))
        one = tokens.document_id(document.record_id)
        batch.append(Change(index=index, id=one, version=document.row_version, fields=fields_of(tokens, document)))
        if len(batch) == _AT_ONCE:
            server.write(batch)
            batch = []
    server.write(batch)
    return count


def _send_flat(session: Session, server: SearchServer, vault: Vault, head: Head, vocabulary: Vocabulary) -> int:
    tokens, index = head.tokens(vault), head.index(vault)
    layers = [Flattening(new_token=any_token, new_id=_any_id) for _ in tokens.layers]
    count = 0
    for _, document in _opened(documents.iterate_wall(session, head.wall), vault):
        count += 1
        vocabulary.update(vocabulary_of(document))
        layer = tokens.of(document)
        words = {layer.folded(word.folded) for word in words_of(document)}
        one = tokens.document_id(document.record_id)
        layers[layer.exposure].add(one, Flat(list(words), list(value_tokens(layer, document))))
    sent = (
        (one, {"p": layer.partition, "f": " ".join(flat.words), "k": flat.values})
        for layer, flattening in zip(tokens.layers, layers, strict=True)
        for one, flat in flattening.flattened()
    )
    changes = (Change(index=index, id=one, version=1, fields=fields) for one, fields in sent)
    while batch := list(islice(changes, _AT_ONCE)):
        server.write(batch)
    return count


def _put_back(session: Session, vault: Vault, partition: Partition) -> None:
    """Seal in segments again what opens of a partition; what does not stays where it is, as the trace of it."""
    store.lock_partition(session, partition_id(partition), wait=True)
    rows = documents.iterate_wall(session, Wall.of(partition), year=partition.year)
    moved: list[UUID] = []

    def opened() -> Iterator[SearchDocument]:
        for row, document in _opened(rows, vault):
            moved.append(row.id)
            yield document

    source = opened()
    while (first := next(source, None)) is not None:
        write_segment(session, vault, partition, chain([first], islice(source, MOST_DOCUMENTS - 1)))
        store.delete_rows(session, DOCUMENTS, moved)
        moved.clear()


def _opened(rows: Iterable[DocumentRow], vault: Vault) -> Iterator[tuple[DocumentRow, SearchDocument]]:
    """The rows that open; the others are counted by who asks, and `intelhub reindex` makes them anew."""
    for row in rows:
        try:
            yield row, row.opened(vault)
        except Tampered:
            continue


def _volume(session: Session, vault: Vault, wall: Wall, epoch: int) -> int:
    """The first volume of an epoch with room."""
    held: Counter[int] = Counter()
    for other in list_walls(session):
        head = _opened_head(session, vault, other) if other.level == wall.level and other != wall else None
        if head is not None and head.epoch == epoch:
            held[head.volume] += head.documents
    return next(volume for volume in range(len(held) + 1) if held[volume] < MOST_IN_VOLUME)


def _opened_head(session: Session, vault: Vault, wall: Wall) -> Head | None:
    try:
        return find_head(session, vault, wall)
    except Tampered:
        return None


def _any_id() -> UUID:
    """An id of nothing: as random in every bit as those of records, which a UUID of version 4 is not."""
    return UUID(bytes=secrets.token_bytes(16))
