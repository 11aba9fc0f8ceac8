"""Reads words out of an index of tokens: by how often each stands there, then by what it stands with.

The attacker holds the index and has read documents like those in it, or those themselves. A first guess is made by
rank alone; the guesses that fit best become anchors, every other word is judged by how often it stands with them, and
so on. It knows what profile `flat` does, and how many real documents there are. Published attackers are stronger:
what this one recovers is the least that is lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random

TOP = 300
_ROUNDS = (10, 20, 40, 60)  # anchors of each round
_NEAREST = 60
_VARIANTS = 4
_WORST = 50.0
_PAIRS = 60


@dataclass(frozen=True)
class Postings:
    """In which documents each term stands, as bits; how often in one, and into which variants, where that shows."""

    of: Mapping[str, int]
    size: int
    repeats: Mapping[str, float] = field(default_factory=dict)
    variants: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def over(cls, documents: Sequence[Iterable[str]], *, with_repeats: bool = False) -> Postings:
        """What a field holds of documents, each given as the tokens or words it has."""
        found: dict[str, bytearray] = {}
        totals = Counter[str]()
        for place, terms in enumerate(documents):
            for term, times in Counter(terms).items():
                found.setdefault(term, bytearray(len(documents) // 8 + 1))[place >> 3] |= 1 << (place & 7)
                totals[term] += times
        bits = {term: int.from_bytes(one, "little") for term, one in found.items()}
        repeats = {term: totals[term] / one.bit_count() for term, one in bits.items()} if with_repeats else {}
        return cls(bits, len(documents), repeats)

    def commonest(self, most: int | None = None) -> list[str]:
        """The terms that stand in most documents."""
        return list(islice(sorted(self.of, key=lambda term: (-self.of[term].bit_count(), term)), most))

    def split_by(self, exact: Postings, bases: Mapping[str, str]) -> Postings:
        """The same with the shares of each term's variants, the commonest first."""
        found: dict[str, list[float]] = {}
        for variant, base in bases.items():
            share = exact.of[variant].bit_count() / self.of[base].bit_count()
            found.setdefault(base, []).append(share)
        shares = {base: tuple(sorted(each, reverse=True)[:_VARIANTS]) for base, each in found.items()}
        return Postings(self.of, self.size, self.repeats, shares)


def linked(exact: Postings, folded: Postings, *, least: int = 3) -> dict[str, str]:
    """The base of each exact token: of the folded ones that stand wherever it stands, the rarest."""
    bases = sorted(folded.of.items(), key=lambda one: (one[1].bit_count(), one[0]))
    frequencies = [bits.bit_count() for _, bits in bases]
    found = {}
    for variant, bits in exact.of.items():
        often = bits.bit_count()
        if often >= least:
            as_common = islice(bases, bisect_left(frequencies, often), None)
            if base := next((token for token, other in as_common if not bits & ~other), None):
                found[variant] = base
    return found


@dataclass(frozen=True)
class Attacker:
    """`real` documents of the index are no dummies; `doubt` is how far shares may differ from what was read."""

    seen: Postings
    read: Postings
    real: int
    doubt: float

    @property
    def is_flat(self) -> bool:
        """Whether the index has dummies."""
        return self.seen.size > self.real

    def by_rank(self, *, most: int = TOP) -> dict[str, str]:
        """The first guess alone."""
        return dict(zip(self.read.commonest(most), self.seen.commonest(most), strict=False))

    def guess(self, known: Mapping[str, str], *, most: int = TOP) -> dict[str, str]:
        """The tokens of the commonest words that were read, but for those known."""
        words = [word for word in self.read.commonest(most) if word not in known]
        fitting = self._candidates(words)
        anchors = dict(known) or dict(islice(self.by_rank(most=most).items(), _ROUNDS[0]))
        guessed: dict[str, str] = {}
        for count in _ROUNDS:
            scored = {word: self._scored(word, fitting[word], anchors) for word in words}
            fitting = {word: [token for _, token in each[:_NEAREST]] for word, each in scored.items()}
            guessed = _matched(scored, known)
            anchors = dict(known) | dict(islice(guessed.items(), count))
        return guessed

    def _share(self, bits: int) -> float:
        """In how many of the index's real documents a word is to be expected."""
        return bits.bit_count() * self.real / self.read.size

    def _candidates(self, words: Iterable[str]) -> dict[str, list[str]]:
        """The tokens that stand about as often as each word must."""
        frequencies = {token: bits.bit_count() for token, bits in self.seen.of.items()}
        near, found = 1 + self.doubt, {}
        for word in words:
            expected = self._share(self.read.of[word])
            low, high = expected / near, expected * near
            if self.is_flat:
                low, high = _power(low), _power(high)
            found[word] = [token for token, count in frequencies.items() if low - 1 <= count <= high + 1]
        return found

    def _scored(self, word: str, fitting: Iterable[str], anchors: Mapping[str, str]) -> list[tuple[float, str]]:
        """How badly each token fits a word, the best first."""
        mine, scale = self.read.of[word], self.real / self.read.size
        share = self._share(mine)
        dummies = max(self.seen.size - self.real, 1)
        beside = []
        for anchor, token in anchors.items():
            if anchor != word:
                documents = self.seen.of[token]
                real = (mine & self.read.of[anchor]).bit_count() * scale
                padded = max(documents.bit_count() - self._share(self.read.of[anchor]), 0.0) / dummies
                beside.append((documents, real, padded, self._spread(real)))
        scored = []
        for token in fitting:
            bits = self.seen.of[token]
            often = bits.bit_count()
            padding = max(often - share, 0.0) if self.is_flat else 0.0
            total = self._surface(word, token, share, often)
            for documents, real, padded, spread in beside:
                dummy = padding * padded
                total += min(((bits & documents).bit_count() - real - dummy) ** 2 / (spread + dummy), _WORST)
            scored.append((total / (len(beside) + 1), token))
        return sorted(scored)

    def _surface(self, word: str, token: str, share: float, often: int) -> float:
        """What shows without anchors: how many documents, how often in one, into which variants it splits."""
        total = 0.0 if self.is_flat else min((often - share) ** 2 / self._spread(share), _WORST)
        if self.seen.repeats:
            total += min((self.seen.repeats[token] / self.read.repeats[word] - 1) ** 2 * often / 2, _WORST)
        if self.seen.variants:
            mine, other = (one.variants.get(term, ()) for one, term in ((self.read, word), (self.seen, token)))
            apart = sum(abs(_at(mine, place) - _at(other, place)) for place in range(_VARIANTS))
            total += min(apart**2 * often, _WORST)
        return total

    def _spread(self, expected: float) -> float:
        """Chance, and the attacker's other reading."""
        return 1 + (expected + (self.doubt * expected) ** 2 if self.doubt else 0.0)


def _matched(scored: Mapping[str, Sequence[tuple[float, str]]], known: Mapping[str, str]) -> dict[str, str]:
    """Each word with the token that fits best and is free, the surest first."""

    def margin(word: str) -> float:
        each = scored[word]
        return each[1][0] - each[0][0] if len(each) > 1 else float(bool(each))

    taken, guessed = set(known.values()), {}
    for word in sorted(scored, key=lambda word: (-margin(word), word)):
        free = next((token for _, token in scored[word] if token not in taken), None)
        if free is not None:
            taken.add(free)
            guessed[word] = free
    return guessed


def suspected_dummies(seen: Postings, documents: Sequence[Sequence[str]], randomness: Random) -> list[float]:
    """How little the tokens of each document belong together: dummies are put together by need and not by sense."""
    frequencies = {token: bits.bit_count() for token, bits in seen.of.items()}
    found = []
    for tokens in documents:
        telling = [token for token in tokens if 8 <= frequencies[token] <= seen.size // 4]
        lifts = []
        for _ in range(_PAIRS if len(telling) > 1 else 0):
            one, other = randomness.sample(telling, 2)
            chance = frequencies[one] * frequencies[other] / seen.size
            lifts.append(min((seen.of[one] & seen.of[other]).bit_count() / (chance + 1), 20.0))
        found.append(-sum(lifts) / len(lifts) if lifts else 0.0)
    return found


def _at(shares: Sequence[float], place: int) -> float:
    return shares[place] if place < len(shares) else 0.0


def _power(number: float) -> int:
    """The power of two that padding brings so many documents to."""
    return 1 << max(int(number + 0.999) - 1, 0).bit_length()
