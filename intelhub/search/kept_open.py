"""What a process keeps open of the sealed index: the least recently used is let go when it outgrows its budget."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, Protocol, TypeVar
from uuid import UUID


class _Sized(Protocol):
    size: int


_T = TypeVar("_T", bound=_Sized)


class KeptOpen(Generic[_T]):
    """Opened parts by id, for all threads of a process; ids are never used again, and `budget` is in bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._open: OrderedDict[UUID, _T] = OrderedDict()
        self._bytes = 0
        self.has_let_go = False
        """Whether what is opened may have been open before: all of it does not fit."""

    @property
    def bytes_used(self) -> int:
        """The images held, in bytes."""
        return self._bytes

    def get(self, part_id: UUID) -> _T | None:
        """What is open of this id."""
        with self._lock:
            part = self._open.get(part_id)
            if part is not None:
                self._open.move_to_end(part_id)
            return part

    def put(self, part_id: UUID, part: _T) -> _T:
        """Keep what was opened, or take what another thread opened meanwhile."""
        with self._lock:
            earlier = self._open.get(part_id)
            if earlier is not None:
                return earlier
            self._open[part_id] = part
            self._bytes += part.size
            while self._bytes > self._budget and len(self._open) > 1:
                _, oldest = self._open.popitem(last=False)
                self._bytes -= oldest.size
                self.has_let_go = True
        return part
