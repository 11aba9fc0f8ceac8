"""Seconds, and what is computed of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Times:
    """Seconds of one way of asking, by kind of question."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)

    def add(self, kind: str, seconds: float) -> None:
        """Add one answer's."""
        self.by_kind.setdefault(kind, []).append(seconds)

    @property
    def all(self) -> list[float]:
        """Of every kind."""
        return [one for seconds in self.by_kind.values() for one in seconds]


def median(seconds: Sequence[float]) -> float:
    """The middle one, in milliseconds."""
    return statistics.median(seconds) * 1000


def p95(seconds: Sequence[float]) -> float:
    """The one that 95 in a hundred are quicker than, in milliseconds."""
    return statistics.quantiles(seconds, n=20)[-1] * 1000
