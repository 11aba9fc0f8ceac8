"""Measures how long profile `flat` takes to prepare a wall: `python -m benchmarks.flattening [DOCUMENTS]`."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from itertools import accumulate, count
from random import Random
from uuid import UUID, uuid4

from intelhub.search.elastic.flattening import Flat, Flattening

_LANGUAGE, _VALUES = 200_000, 3_000
_WORDS, _SPREAD, _VALUES_EACH = 170, 60, 20  # drawn; about 130 of the words differ


def main() -> None:
    """Words as rare as in language, values as in records, one of them in all."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    before, begun = _megabytes(), time.process_time()
    numbers = count()
    real = sent = postings = 0
    layer = Flattening(new_token=lambda: f"{next(numbers):016d}", new_id=uuid4)
    for identity, one in _made(size, Random(1)):
        real += len(one.words)
        layer.add(identity, one)
    for _, one in layer.flattened():
        sent, postings = sent + 1, postings + len(one.words)
    seconds = time.process_time() - begun
    print(f"{size:,} documents of {real / size:.0f} words: {seconds:.0f} s of a core, {_megabytes() - before:.0f} MB")
    print(f"{sent:,} sent, postings of words x {postings / real:.2f}")


def _made(size: int, chance: Random) -> Iterator[tuple[UUID, Flat]]:
    words = [f"w{number:015d}" for number in range(_LANGUAGE)]
    values = [f"v{number:015d}" for number in range(_VALUES)]
    weights = list(accumulate(1 / (rank + 2) ** 1.05 for rank in range(_LANGUAGE)))
    for _ in range(size):
        drawn = chance.choices(words, cum_weights=weights, k=max(1, int(chance.gauss(_WORDS, _SPREAD))))
        yield uuid4(), Flat(list(set(drawn)), [*set(chance.choices(values, k=_VALUES_EACH)), "in all documents"])


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
