"""The newest candidates of a server that knows no order of time: stretches of days that hold few of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from intelhub.search.elastic.asking import EVERYTHING, Asking, Query
from intelhub.search.elastic.server import MOST_IDS, Proposed, SearchServer
from intelhub.search.query import Node

ENOUGH = 300  # candidates of one stretch of days: three first pages of what an index may well hold millions of


class Stretches:
    """The candidates of one question in one index, stretch by stretch, the newest first.

    `days` are still to be asked; `is_cut` says that some day has more candidates than the server names at once.
    """

    def __init__(
        self,
        server: SearchServer,
        index: str,
        asking: Asking,
        tree: Node,
        *,
        days: Sequence[str],
        tier: Query = EVERYTHING,
    ) -> None:
        self.days = days
        self.is_cut = False
        self._server = server
        self._index = index
        self._asking = asking
        self._tree = tree
        self._tier = tier

    def take(self, seconds: Callable[[], float]) -> list[Proposed]:
        """The candidates of the next stretch, in no order."""
        stretch = self._next(seconds)
        found = self._server.find(self._index, self._query(stretch), limit=MOST_IDS, seconds=seconds())
        self.days = self.days[len(stretch) :]
        self.is_cut |= len(found) == MOST_IDS
        return found

    def _next(self, seconds: Callable[[], float]) -> Sequence[str]:
        """The longest stretch of the next days that does not hold too many candidates, or the first day alone."""
        lengths = [len(self.days)]
        while lengths[-1] > 1:
            lengths.append((lengths[-1] + 2) // 3)
        stretches = [self.days[:length] for length in lengths]
        queries = [self._query(one) for one in stretches[:-1]]
        counts = self._server.count(self._index, queries, most=ENOUGH + 1, seconds=seconds())
        fitting = (one for one, count in zip(stretches, counts, strict=False) if count <= ENOUGH)
        return next(fitting, stretches[-1])

    def _query(self, stretch: Sequence[str]) -> Query:
        return self._asking.candidates(self._tree, days=stretch, tier=self._tier)
