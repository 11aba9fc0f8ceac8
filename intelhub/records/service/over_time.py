"""How many hits each month has, over all time and not among the first hundred alone.

Counted backwards, a stretch of months at a time, from records that were read again: a month is exact up to 100 and
“100+” beyond. Time bounds it, and what was not reached is said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor
from intelhub.platform.clock import HANOI
from intelhub.records.index_reader import ask_index
from intelhub.records.saved_view_queries import list_readable
from intelhub.search import Hit, Order, SearchRequest, read_span

MOST_LOOKS = 40


@dataclass(frozen=True, slots=True)
class OverTime:
    """Hits by month, the oldest first, each no more than 101, which means more.

    `is_whole` says that the oldest was reached, and everything on the way there looked through.

    `hits` are those that were counted.
    """

    months: tuple[tuple[str, int], ...]
    hits: tuple[Hit, ...]
    is_whole: bool

    def is_exact(self, most: int) -> bool:
        """Whether every hit of the question was counted."""
        return self.is_whole and all(count <= most for _, count in self.months)


def count_over_time(actor: Actor, session: Session, request: SearchRequest, *, exact: int) -> OverTime:
    """Count the hits of a question by month, as far back as its time allows."""
    asked = replace(request, order=Order.NEWEST, limit=exact + 1, with_snippets=False, after=None, among=None)
    found: dict[str, list[Hit]] = {}
    is_whole, is_end = True, False
    for _ in range(MOST_LOOKS):
        answer = ask_index(session, asked)
        if request.is_time_spent:
            break  # of a look that was stopped nobody knows what it left out
        stretch: dict[str, list[Hit]] = defaultdict(list)
        for hit in answer.hits:
            stretch[month_of(hit.occurred_at)].append(hit)
        is_whole, is_end = is_whole and answer.is_whole, len(answer.hits) <= exact
        if is_end:
            found |= stretch
            break
        oldest = min(stretch)
        first, last = _moments_of(oldest)
        asked = replace(asked, not_after=first - timedelta(microseconds=1))
        if len(stretch) > 1:  # cut somewhere in the oldest month: the next look begins with it
            del stretch[oldest]
            asked = replace(asked, not_after=last)
        found |= stretch
    readable = list_readable(actor, session, {hit.record_id for hits in found.values() for hit in hits})
    read = [hit for _, hits in sorted(found.items()) for hit in hits if hit.record_id in readable]
    months = Counter(month_of(hit.occurred_at) for hit in read)
    return OverTime(months=tuple(months.items()), hits=tuple(read), is_whole=is_whole and is_end)


def month_of(moment: datetime) -> str:
    """The month of a moment where the product stands, `2026-03`."""
    local = moment.astimezone(HANOI)
    return f"{local.year:04}-{local.month:02}"


def _moments_of(month: str) -> tuple[datetime, datetime]:
    span = read_span(month, HANOI)
    if span is None:
        raise ValueError(month)
    return span
