"""Segments kept open in this process, the least recently used let go when their images outgrow the budget."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.search import store
from intelhub.search.document import Partition
from intelhub.search.sealing import SEGMENTS, open_image
from intelhub.search.segment import Segment
from intelhub.search.tail import View

DEFAULT_BUDGET = 512 * 1024 * 1024


class SegmentGone(Exception):
    """A merge took a segment away after it was listed."""


class OpenSegments:
    """A cache of decrypted segments by id, for all threads of a process; ids are never reused."""

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._open: OrderedDict[UUID, Segment] = OrderedDict()
        self._bytes = 0

    @property
    def bytes_used(self) -> int:
        """The images held, in bytes."""
        return self._bytes

    def of(self, session: Session, vault: Vault, view: View) -> list[Segment]:
        """The segments of a partition, opened; raises `SegmentGone`, or `Tampered` if one does not fit its seal."""
        found = {meta.id: segment for meta in view.segments if (segment := self._get(meta.id)) is not None}
        missing = [meta.id for meta in view.segments if meta.id not in found]
        if missing:
            sealed = store.fetch_sealed(session, SEGMENTS, missing)
            if len(sealed) < len(missing):
                raise SegmentGone
            for segment_id in missing:
                found[segment_id] = self._opened(vault, segment_id, view.partition, sealed.pop(segment_id))
        return list(found.values())

    def _opened(self, vault: Vault, segment_id: UUID, partition: Partition, sealed: bytes) -> Segment:
        image = open_image(vault, sealed, segment_id=segment_id, partition=partition)
        try:
            segment = Segment(partition, segment_id=segment_id, image=image)
        except sqlite3.DatabaseError:  # sealed by us and yet no database: nothing in it can be trusted
            raise Tampered("A part of the search index does not fit its seal.") from None
        with self._lock:
            earlier = self._open.get(segment_id)
            if earlier is not None:  # another thread opened it meanwhile; its masks are already set
                return earlier
            self._open[segment_id] = segment
            self._bytes += segment.size
            while self._bytes > self._budget and len(self._open) > 1:
                _, oldest = self._open.popitem(last=False)
                self._bytes -= oldest.size
        return segment

    def _get(self, segment_id: UUID) -> Segment | None:
        with self._lock:
            segment = self._open.get(segment_id)
            if segment is not None:
                self._open.move_to_end(segment_id)
            return segment
