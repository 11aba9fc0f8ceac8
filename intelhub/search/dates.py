"""Days, months and years as people type them, as the moments they begin and end with."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo

from intelhub.platform import clock

VIETNAM = timezone(timedelta(hours=7))
_DATES = (
    (re.compile(r"(?P<y>\d{4})(?:[-/](?P<m>\d{1,2})(?:[-/](?P<d>\d{1,2}))?)?", re.ASCII)),
    (re.compile(r"(?:(?P<d>\d{1,2})[-/.])?(?P<m>\d{1,2})[-/.](?P<y>\d{4})", re.ASCII)),
)
_LAST_MONTH = 12


def read_span(value: str, zone: tzinfo = VIETNAM) -> tuple[datetime, datetime] | None:
    """The first and last moment of a day, month or year; `None` when the value is no date of 1900 to 2999."""
    match = next((found for pattern in _DATES if (found := pattern.fullmatch(value.strip()))), None)
    if match is None:
        return None
    year, month, day = (int(match[name]) if match[name] else None for name in ("y", "m", "d"))
    if year is None or year not in clock.YEARS:
        return None
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=zone)
        if day:
            end = start + timedelta(days=1)
        elif month and month < _LAST_MONTH:
            end = start.replace(month=month + 1)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    return start, end - timedelta(microseconds=1)
