"""Until when one question is looked for, and what it may take longer because a process has just been started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from intelhub.search.kept_open import KeptOpen

MOST_LENT = 20.0  # seconds: whoever asks first after a start waits longer, and not for ever


class Deadline:
    """A moment of `time.monotonic()`, kept through all attempts at one question, with `lends` seconds to put it off."""

    def __init__(self, at: float, *, lends: float = 0.0) -> None:
        self.at = at
        self._left_to_lend = lends

    @contextmanager
    def opening(self, kept: KeptOpen[Any] | None = None) -> Iterator[None]:
        """Opening what everybody will use from now on is not this question's time; opening again and again is."""
        begun = time.monotonic()
        yield
        if kept is None or not kept.has_let_go:
            lent = min(time.monotonic() - begun, self._left_to_lend)
            self._left_to_lend -= lent
            self.at += lent
