"""What this process knows of each partition, brought up to date before every query.

Ids and transactions commit out of order, so nothing here ever asks for rows "behind the last one seen": rows written
by any transaction that may still have been running at the last look are listed again, and known ones passed over.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.crypto import Tampered, Vault
from intelhub.search import store
from intelhub.search.document import Entry, Partition, newest_of_each
from intelhub.search.sealing import TAIL, open_entry
from intelhub.search.segment import Segment
from intelhub.search.store import Listing, SegmentMeta, Sight, TailMeta

_FROM_THE_BEGINNING = "0"
_MOST_SIGHTS = 1000
_LOOK_ANEW_SECONDS = 600.0
_MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class View:
    """One partition as a query uses it; sealed segments are opened by their id."""

    id: UUID
    partition: Partition
    segments: tuple[SegmentMeta, ...]
    tail: Segment
    is_damaged: bool


@dataclass(slots=True)
class _State:
    partition: Partition
    segments: tuple[SegmentMeta, ...]
    tail: Segment
    tail_ids: set[UUID] = field(default_factory=set)
    is_damaged: bool = False

    def knows(self, listing: Listing) -> bool:
        ids = {segment.id for segment in self.segments}
        return all(segment.id in ids for segment in listing.segments)


class LivePartitions:
    """The partitions of one process, shared by its threads; make it after the process has forked."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Held while listing, so that what a thread saw later is never overwritten by what another saw earlier.
        self._lock = threading.Lock()
        self._states: dict[UUID, _State] = {}
        self._looked: OrderedDict[Sight, tuple[str, float]] = OrderedDict()

    def refresh(self, session: Session, vault: Vault) -> list[View]:
        """Everything this session can see, as of now; what this transaction itself wrote comes after its commit."""
        sight = store.find_sight(session)
        if sight is None:
            return []
        with self._lock:
            horizon = self._horizon(sight)
            listings = store.list_since(session, horizon)
            self._apply(session, vault, listings, self._changed(sight, horizon, listings))
            looked_at = self._looked[sight][1] if horizon != _FROM_THE_BEGINNING else self._clock()
            self._looked[sight] = (sight.horizon, looked_at)
            return [
                View(wanted, state.partition, state.segments, state.tail, state.is_damaged)
                for wanted, state in self._states.items()
                if sight.covers(state.partition)
            ]

    def forget(self, partition_ids: Iterable[UUID]) -> None:
        """Look at these partitions anew: a segment that was listed is gone."""
        with self._lock:
            for wanted in partition_ids:
                self._states.pop(wanted, None)
            self._looked.clear()

    def mark_damaged(self, view: View) -> None:
        """Remember that a segment of this partition does not open, until other segments take its place."""
        with self._lock:
            state = self._states.get(view.id)
            if state is not None and state.segments == view.segments:
                state.is_damaged = True

    def _horizon(self, sight: Sight) -> str:
        horizon, looked_at = self._looked.get(sight, (_FROM_THE_BEGINNING, 0.0))
        self._looked.pop(sight, None)
        self._looked[sight] = (horizon, looked_at)
        while len(self._looked) > _MOST_SIGHTS:
            self._looked.popitem(last=False)
        return horizon if self._clock() - looked_at < _LOOK_ANEW_SECONDS else _FROM_THE_BEGINNING

    def _changed(self, sight: Sight, horizon: str, listings: Mapping[UUID, Listing]) -> set[UUID]:
        """Partitions that must be listed whole: new here, merged meanwhile, or different when looked at anew."""
        changed = {wanted for wanted, listing in listings.items() if not self._is_known(wanted, listing)}
        if horizon == _FROM_THE_BEGINNING:
            for wanted, state in self._states.items():
                if not sight.covers(state.partition):
                    continue
                listing = listings.get(wanted)
                if listing is None or len(listing.segments) != len(state.segments):
                    changed.add(wanted)
        return changed

    def _is_known(self, wanted: UUID, listing: Listing) -> bool:
        state = self._states.get(wanted)
        return state is not None and state.knows(listing)

    def _apply(self, session: Session, vault: Vault, listings: dict[UUID, Listing], changed: set[UUID]) -> None:
        grown = {wanted: listing for wanted, listing in listings.items() if wanted not in changed}
        changed = changed | self._pull(session, vault, grown)
        for _ in range(_MOST_ATTEMPTS):
            if not changed:
                return
            whole = store.list_partitions(session, changed)
            for wanted in changed:
                self._states.pop(wanted, None)
            for wanted, listing in whole.items():
                tail = Segment(listing.partition)
                self._states[wanted] = _State(listing.partition, tuple(listing.segments), tail)
            changed = self._pull(session, vault, whole)
        for wanted in changed:  # merged again and again under our eyes: rather say so than answer from half of it
            self._states[wanted].is_damaged = True

    def _pull(self, session: Session, vault: Vault, listings: dict[UUID, Listing]) -> set[UUID]:
        """Bring tails up to date; gives back partitions whose rows a merge took away between two statements."""
        wanted_rows: list[tuple[UUID, TailMeta]] = []
        for wanted, listing in listings.items():
            state = self._states[wanted]
            state.is_damaged |= not listing.is_sound
            wanted_rows += [(wanted, row) for row in listing.tail if row.id not in state.tail_ids]
        if not wanted_rows:
            return set()
        sealed = store.fetch_sealed(session, TAIL, [row.id for _, row in wanted_rows])
        merged = {wanted for wanted, row in wanted_rows if row.id not in sealed}
        fresh: dict[UUID, list[Entry]] = {}
        for wanted, row in wanted_rows:
            if wanted in merged:
                continue
            state = self._states[wanted]
            state.tail_ids.add(row.id)
            try:
                entry = open_entry(
                    vault,
                    sealed[row.id],
                    row_id=row.id,
                    partition=state.partition,
                    record_id=row.record_id,
                    row_version=row.row_version,
                )
            except Tampered:
                # What fits its seal and cannot be read all the same must not take the other entries along.
                state.is_damaged = True
            else:
                fresh.setdefault(wanted, []).append(entry)
        for wanted, entries in fresh.items():
            self._states[wanted].tail.add(newest_of_each(entries))
        return merged


def settle(segments: Iterable[Segment], tail: Segment) -> None:
    """Mask in each part what another part of the same partition has in a newer version.

    Of two equal versions the one in the smaller part stays, the tail's before all. A part is compared once with what
    another held at that time, and later only with what was added.
    """
    parts = [tail, *sorted(segments, key=lambda segment: (len(segment), segment.id))]
    for place, smaller in enumerate(parts):
        for larger in parts[place + 1 :]:
            seen = larger.settled_with.get(smaller.id, 0)
            if seen >= len(smaller):
                continue
            versions = smaller.versions(since=seen)
            smaller.supersede(larger.supersede(versions, equal_too=True), equal_too=False)
            larger.settled_with[smaller.id] = seen + len(versions)
