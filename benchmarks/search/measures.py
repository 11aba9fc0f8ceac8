"""What is computed from answers and seconds: pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SAME = 1e-5  # of a score: Lucene computes with 24 bits, and a boost rounds once more


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found, with its score."""

    id: str
    score: float


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


def overlap(reference: Sequence[Hit], found: Sequence[str], scores: Mapping[str, float]) -> float | None:
    """Which share of a reference's hits another answer has; None where the reference has none.

    Ties count as found: `scores` are the reference's own scores of what the other found, and whatever scores as much
    as the reference's last hit could have stood in its place.
    """
    if not reference:
        return None
    least = min(hit.score for hit in reference)
    good = sum(1 for one in set(found) if scores.get(one, float("-inf")) >= least - abs(least) * _SAME)
    return min(good, len(reference)) / len(reference)


def is_identical(left: Sequence[Hit], right: Sequence[Hit]) -> bool:
    """Whether two answers have the same scores to the last bit, and the same documents wherever a score says which.

    Documents that share the last score of a full page may be others: there the server chooses.
    """
    if [hit.score for hit in left] != [hit.score for hit in right]:
        return False
    last = left[-1].score if left else 0.0
    return {hit.id for hit in left if hit.score > last} == {hit.id for hit in right if hit.score > last}
