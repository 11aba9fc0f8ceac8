"""The engine with a search server: sealed parts as ever, and documents that keyed tokens propose.

What the server names is a candidate and no more (`candidates.py`). Without the server the sealed parts go on answering,
and a notice says what is missing.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault, vault_of
from intelhub.platform.messages import Message
from intelhub.search import store
from intelhub.search.elastic.asking import Asking, OpenLayer, Remaining, remaining
from intelhub.search.elastic.candidates import Candidates, Group
from intelhub.search.elastic.dictionary import BUDGET, Part
from intelhub.search.elastic.server import AskedTooMuch, IndexGone, SearchServer, ServerAway
from intelhub.search.elastic.tokens import Tokens, Wall
from intelhub.search.elastic.walls import Head, SealedHead, list_walls, open_dictionary, open_head
from intelhub.search.engine import PartitionFilter, SearchRequest
from intelhub.search.kept_open import KeptOpen
from intelhub.search.open_segments import DEFAULT_BUDGET, SegmentGone
from intelhub.search.sealed import REBUILDING, TOO_LONG, Attempt, Opened, SealedIndex
from intelhub.search.segment import TookTooLong

SERVER_AWAY = Message("The search server does not answer; older records may be missing from these results.")
NOT_TOLD = Message("Older records of a lower level are missing here: the search server is told no words from above.")
_MOST_WALLS = 2_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """A head at one version, with what follows from it; `days` are those of each layer once somebody asked."""

    head: Head
    tokens: Tokens
    index: str
    days: dict[int, frozenset[str]] = field(default_factory=dict)


class _KnownWalls:
    """Heads opened in this process, with what makes their tokens; the least recently used let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[UUID, int], _Known] = OrderedDict()

    def find(self, vault: Vault, wall: Wall, version: int, sealed: bytes) -> _Known | None:
        """A wall at this version, or `None` where its head does not fit its seal."""
        key = wall.id, version
        with self._lock:
            known = self._open.get(key)
            if known is None:
                try:
                    head = open_head(vault, wall, version, sealed)
                except Tampered:
                    return None
                known = self._open[key] = _Known(head, head.tokens(vault), head.index(vault))
            self._open.move_to_end(key)
            while len(self._open) > _MOST_WALLS:
                self._open.popitem(last=False)
        return known


class ElasticIndex(SealedIndex):
    """One a process, as the sealed engine is; where no server is named, a notice says what lies there all the same."""

    def __init__(self, server: SearchServer | None, *, memory: int = DEFAULT_BUDGET, seconds: float = 5.0) -> None:
        super().__init__(memory=memory, seconds=seconds)
        self._server = server
        self._walls = _KnownWalls()
        self._parts: KeptOpen[Part] = KeptOpen(BUDGET)

    def _gather(self, session: Session, request: SearchRequest, attempt: Attempt, opened: Sequence[Opened]) -> None:
        super()._gather(session, request, attempt, opened)
        if TOO_LONG in attempt.notices:
            return  # of the parts that were not asked nobody knows what they know newer
        rows = list_walls(session)
        beside = [one for one in opened if Wall.of(one.view.partition) in rows]
        if any(one.view.partition.level < request.words_level for one in beside):
            attempt.notices.append(NOT_TOLD)
            beside = [one for one in beside if one.view.partition.level >= request.words_level]
        if not beside:
            return
        try:
            self._ask(session, request, attempt, Candidates(vault_of(session), attempt, beside, self._server), rows)
            self._require_same(session, beside)
        except (TookTooLong, AskedTooMuch):
            attempt.notices.append(TOO_LONG)
        except IndexGone:
            if list_walls(session) != rows:
                raise SegmentGone from None  # rebuilt under another name meanwhile
            attempt.notices.append(SERVER_AWAY)
        except ServerAway:
            attempt.notices.append(SERVER_AWAY)

    def _ask(
        self,
        session: Session,
        request: SearchRequest,
        attempt: Attempt,
        candidates: Candidates,
        rows: Mapping[Wall, SealedHead],
    ) -> None:
        """Ask the server; a wall whose head or dictionary does not fit its seal is damaged, and no other is."""
        if request.among is not None:
            candidates.take_records(session, request.among)
            return
        vault = vault_of(session)
        known = {wall: self._walls.find(vault, wall, row.version, row.sealed) for wall, row in rows.items()}
        touched = {wall for wall, one in known.items() if one is None}
        groups: dict[tuple[str, Remaining], list[OpenLayer]] = {}
        for wall, access in {Wall.of(one.view.partition): one.access for one in candidates.opened}.items():
            found = known[wall]
            if found is None:
                continue
            if not found.head.is_legible:
                attempt.notices.append(REBUILDING)
                continue
            try:
                with attempt.gathering.deadline.opening(self._parts):
                    layers = list(self._layers(session, vault, found, access))
                for left, layer in layers:
                    groups.setdefault((found.index, left), []).append(layer)
            except Tampered:
                touched.add(wall)
        asked = [Group(index, Asking(layers, left)) for (index, left), layers in groups.items()]
        candidates.ask(session, request, asked)
        damaged = [one.view.partition for one in candidates.opened if Wall.of(one.view.partition) in touched]
        if damaged:
            logger.error("a wall of the search index does not fit its seal")
            attempt.damaged += damaged

    def _layers(
        self, session: Session, vault: Vault, known: _Known, access: PartitionFilter
    ) -> Iterator[tuple[Remaining, OpenLayer]]:
        """The layers of a wall of which an access filter lets anything through, with what it still asks there."""
        dictionary = open_dictionary(session, vault, known.head, self._parts)
        if dictionary is None:  # folded meanwhile: the next look sees its new parts
            raise SegmentGone
        for layer in known.tokens.layers:
            left = remaining(access, layer.exposure)
            if left is None:
                continue
            # Headquarters looks into every department's walls.
            if layer.exposure not in known.days:
                known.days[layer.exposure] = dictionary.days(layer.exposure)
            if days := known.days[layer.exposure]:
                yield left, OpenLayer(known.head, known.tokens, layer, dictionary, days)

    def _require_same(self, session: Session, opened: Sequence[Opened]) -> None:
        """Raise `SegmentGone` if a partition was rewritten meanwhile: its documents may lie elsewhere by now."""
        listed = store.list_partitions(session, [one.view.id for one in opened])
        changed = [
            one.view.id
            for one in opened
            if one.view.id not in listed
            or {segment.id for segment in listed[one.view.id].segments} != {meta.id for meta in one.view.segments}
        ]
        if changed:
            self._live.forget(changed)
            raise SegmentGone
