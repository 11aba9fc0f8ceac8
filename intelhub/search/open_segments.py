"""The segments of a partition, decrypted once and kept open in this process."""

from __future__ import annotations

import sqlite3
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.search import store
from intelhub.search.document import Partition
from intelhub.search.kept_open import KeptOpen
from intelhub.search.sealing import SEGMENTS, open_image
from intelhub.search.segment import Segment
from intelhub.search.tail import View

DEFAULT_BUDGET = 512 * 1024 * 1024


class SegmentGone(Exception):
    """A merge took a segment away after it was listed."""


class OpenSegments:
    """The decrypted segments of a process, for all its threads."""

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self.kept: KeptOpen[Segment] = KeptOpen(budget)

    def of(self, session: Session, vault: Vault, view: View) -> list[Segment]:
        """The segments of a partition, opened; raises `SegmentGone`, or `Tampered` if one does not fit its seal."""
        found = {meta.id: segment for meta in view.segments if (segment := self.kept.get(meta.id)) is not None}
        missing = [meta.id for meta in view.segments if meta.id not in found]
        if missing:
            sealed = store.fetch_sealed(session, SEGMENTS, missing)
            if len(sealed) < len(missing):
                raise SegmentGone
            for segment_id in missing:
                opened = _opened(vault, segment_id, view.partition, sealed.pop(segment_id))
                found[segment_id] = self.kept.put(segment_id, opened)  # another thread's has its masks set already
        return list(found.values())


def _opened(vault: Vault, segment_id: UUID, partition: Partition, sealed: bytes) -> Segment:
    image = open_image(vault, sealed, segment_id=segment_id, partition=partition)
    try:
        return Segment(partition, segment_id=segment_id, image=image)
    except sqlite3.DatabaseError:  # sealed by us and yet no database: nothing in it can be trusted
        raise Tampered("A part of the search index does not fit its seal.") from None
