"""Words that a slip of the finger parts: one letter wrong, missing, too many or swapped with its neighbour.

What is near is decided by the letters alone and never by how often a word stands somewhere, which would tell of
documents that the reader may not see; both engines and the exact check ask here and so mean the same.
"""

from __future__ import annotations

from collections.abc import Collection

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST = 3
_LONG = 8


def reach(folded: str) -> int:
    """How many slips a word may hold: two from eight letters on; one in a short word, and in all with a figure."""
    return 2 if len(folded) >= _LONG and not any(map(str.isdigit, folded)) else 1


def is_near(folded: str, other: str) -> bool:
    """Whether the other word may be this one with a slip, or is it."""
    return bool(OSA.distance(folded, other, score_cutoff=reach(folded)) <= reach(folded))


def near(folded: str, known: Collection[str]) -> list[str]:
    """Those of the known words that are near, the nearest first."""
    found = process.extract(folded, known, scorer=OSA.distance, score_cutoff=reach(folded), limit=None)
    return [word for word, _distance, _place in found]
