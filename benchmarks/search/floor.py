"""What the tokens of an index take at least: `python -m benchmarks.search.floor 10000`. Random bits do not compress."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from benchmarks.search.documents import document
from benchmarks.search.telling import say
from benchmarks.search.variants import CLEAR, ONE_KEY, WALLS, Variant

_TOKEN_BYTES = 10  # 80 bits


def terms_of(variant: Variant, size: int) -> set[tuple[str, str]]:
    """Every term of an index of so many documents, with its field."""
    found: set[tuple[str, str]] = set()
    for number in range(size):
        for name, values in variant.fields(document(number)).items():
            each: Iterable[str] = values.split() if isinstance(values, str) else values
            found.update((name, value) for value in each)
    return found


def main() -> None:
    """Count them."""
    given = argparse.ArgumentParser(prog="python -m benchmarks.search.floor")
    given.add_argument("size", type=int)
    size = given.parse_args().size
    for variant in (CLEAR, ONE_KEY, WALLS):
        terms = terms_of(variant, size)
        taken = sum(len(value.encode()) for _, value in terms) if variant is CLEAR else len(terms) * _TOKEN_BYTES
        say(f"{variant.words}: {len(terms):,} terms, {taken / 1e6:.2f} MB at {size:,} documents")


if __name__ == "__main__":
    main()
