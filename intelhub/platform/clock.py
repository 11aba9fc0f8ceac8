"""The only source of time, always aware and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def to_the_hour(moment: datetime) -> datetime:
    """The hour a moment lies in: exact times of records are content and stay sealed."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
