"""The only source of time, always aware and in UTC, and the one zone people speak in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
"""Whose days and hours people mean and are shown."""

YEARS = range(1900, 3000)
"""The years anything here can mean; near the ends of the calendar a moment cannot be told in another time zone."""

_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    """The present moment in UTC."""
    return _told.get() or datetime.now(UTC)


@contextmanager
def telling(moment: datetime) -> Iterator[None]:
    """Let `now` tell an invented moment inside the block: for invented records under a demo key alone."""
    token = _told.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _told.reset(token)


def to_the_hour(moment: datetime) -> datetime:
    """The hour a moment lies in: exact times of records are content and stay sealed."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
