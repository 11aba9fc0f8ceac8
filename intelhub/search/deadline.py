"""Until when is looked on account of one request, and what it may take longer where a process has just started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from intelhub.search.kept_open import KeptOpen

MOST_LENT = 20.0  # seconds: whoever asks first after a start waits longer, and not for ever


class Deadline:
    """A moment of `time.monotonic()` that all questions of a request share; `lends` seconds, or 20, put it off."""

    def __init__(self, at: float, *, lends: float | None = None) -> None:
        self.at = at
        self._left_to_lend = MOST_LENT if lends is None else lends
        self._around: Deadline | None = None

    @classmethod
    def in_seconds(cls, seconds: float, *, within: Deadline | None = None) -> Deadline:
        """So many seconds from now and not after what it lies within: what is lent to one is lent to both."""
        at = time.monotonic() + seconds
        if within is None:
            return cls(at)
        one = cls(min(at, within.at))
        one._around = within
        return one

    @property
    def is_past(self) -> bool:
        """Whether nothing more may be begun."""
        return time.monotonic() >= self.at

    @contextmanager
    def opening(self, kept: KeptOpen[Any] | None = None) -> Iterator[None]:
        """Opening what everybody will use from now on is not this question's time; opening again and again is."""
        begun = time.monotonic()
        try:
            yield
        finally:
            if kept is None or not kept.has_let_go:
                self._put_off(time.monotonic() - begun)

    def _put_off(self, seconds: float) -> float:
        if self._around is not None:
            lent = self._around._put_off(seconds)  # noqa: SLF001 - another of its kind
        else:
            lent = min(seconds, self._left_to_lend)
            self._left_to_lend -= lent
        self.at += lent
        return lent
