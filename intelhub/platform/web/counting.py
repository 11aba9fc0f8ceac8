"""Numbers beside the places of the navigation: counted by a feature, remembered for a moment.

A number tells what somebody may read. It is found again only in the session it was counted in, with the rights it was
counted with, and never by somebody else or from another place.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor

Counter = Callable[[Actor, Session], int | None]
"""How many wait for this actor, found through the session's row scope; None where nothing ever waits for them."""

_SECONDS = 20.0
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class _Remembered:
    rights: Actor
    count: int | None
    at: float


class CountMemory:
    """The numbers one process counted last: one a session and place, at most twenty seconds old, oldest out first."""

    def __init__(self, *, most: int = _MOST, clock: Callable[[], float] = time.time) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[UUID, Counter], _Remembered] = OrderedDict()

    def count(
        self, actor: Actor, session: Session, counter: Counter, *, is_fresh: bool = False, since: float = 0.0
    ) -> int | None:
        """The number for this actor, counted anew when it is to be `is_fresh`, too old, or of other rights.

        `since` is when the actor last did something, which another process may have answered.
        """
        if actor.session_id is None:
            return counter(actor, session)
        # Everything a row filter rests on: only which request it is may differ.
        rights = replace(actor, request_id=None)
        key = (actor.session_id, counter)
        with self._lock:
            kept = self._kept.get(key)
        now = self._clock()
        if not is_fresh and kept is not None and kept.rights == rights and max(now - _SECONDS, since) < kept.at <= now:
            return kept.count
        counted = _Remembered(rights, counter(actor, session), now)
        with self._lock:
            self._kept[key] = counted
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return counted.count
