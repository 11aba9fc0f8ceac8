"""The settings under which the attack is measured: what the index shows, and what the attacker has read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from random import Random
from uuid import UUID, uuid4

from intelhub.crypto import Vault
from intelhub.search.analysis import Word, folded_words, stop_words, words
from intelhub.search.elastic.flattening import Flat, Flattening
from intelhub.search.elastic.tokens import Layer, Tokens, Wall
from tests.attacks.frequency.attacker import TOP, Attacker, Postings, linked, suspected_dummies
from tests.factories.search_world import PARTITION, root_keys

WALL_PART = 8  # a wall is this part of all documents
_KNOWN_AMONG = 100
_IN_A_ROW = 5


@dataclass(frozen=True)
class Scene:
    """An index over texts, made by the product's own analysis and tokens, and an attacker who has read others."""

    indexed: Sequence[str]
    read: Sequence[str]

    @classmethod
    def similar(cls, texts: Sequence[str]) -> Scene:
        """The attacker has read as many documents of the same kind."""
        half = len(texts) // 2
        return cls(texts[:half], texts[half:])

    @classmethod
    def known(cls, texts: Sequence[str]) -> Scene:
        """The attacker has read the very documents."""
        return cls(texts, texts)

    @property
    def doubt(self) -> float:
        return 0.0 if self.indexed is self.read else 0.3

    @cached_property
    def tokens(self) -> Layer:
        return Tokens(Vault(replace(root_keys(), index=bytes(32))), Wall.of(PARTITION)).layers[0]

    @cached_property
    def folded(self) -> list[list[str]]:
        """The tokens of each document's words without diacritics, as often as they stand there."""
        return [list(map(self.tokens.folded, folded_words(text))) for text in self.indexed]

    @cached_property
    def exact(self) -> Postings:
        """Words as they are spelt, had they tokens of their own beside."""
        return Postings.over([[self._spelt(word) for word in words(text)] for text in self.indexed])

    def with_exact_words(self) -> Attacker:
        """Frequencies, and exact words beside the folded ones."""
        folded = Postings.over(self.folded, with_repeats=True)
        spelt = [words(text) for text in self.read]
        bases = {word.exact: word.folded for text in spelt for word in text}
        read = Postings.over([[word.folded for word in text] for text in spelt], with_repeats=True)
        exact = Postings.over([[word.exact for word in text] for text in spelt])
        return self._attacker(folded.split_by(self.exact, linked(self.exact, folded)), read.split_by(exact, bases))

    def with_positions(self) -> Attacker:
        """The order of reading, as positions tell it: which words stand near each other, and not only in one text."""
        seen, read = Postings.over(_near(self.folded)), Postings.over(_near(map(folded_words, self.read)))
        return Attacker(seen, read, seen.size, self.doubt)

    def folded_only(self) -> Attacker:
        """Frequencies of folded words."""
        return self._attacker(
            Postings.over(self.folded, with_repeats=True),
            Postings.over([folded_words(text) for text in self.read], with_repeats=True),
        )

    def without_frequencies(self) -> Attacker:
        """Folded words, and in which documents each stands."""
        return self._attacker(self._sets(), self._words_read())

    def without_stop_words(self) -> Attacker:
        """The same, where the commonest words are not sent."""
        stopped = {self.tokens.folded(word) for word in stop_words()}
        seen, read = self._sets(), self._words_read()
        return self._attacker(
            Postings({token: bits for token, bits in seen.of.items() if token not in stopped}, seen.size),
            Postings({word: bits for word, bits in read.of.items() if word not in stop_words()}, read.size),
        )

    def walls(self) -> Attacker:
        """One wall of several, with a key of its own: the attacker cannot put them together."""
        part = len(self.indexed) // WALL_PART
        seen = Postings.over(list(map(set, self.folded[:part])))
        read = Postings.over([set(folded_words(text)) for text in self.read[: part if not self.doubt else None]])
        return Attacker(seen, read, part, self.doubt)

    def flat(self) -> Attacker:
        """Folded words as profile `flat` sends them."""
        return self._attacker(Postings.over([one.words for one in self.flattened.values()]), self._words_read())

    def stripped(self) -> Attacker:
        """The same, when the attacker first throws out what looks like dummies."""
        sent = [one.words for one in self.flattened.values()]
        suspicion = suspected_dummies(Postings.over(sent), sent, _chance(13))
        kept = sorted(range(len(sent)), key=suspicion.__getitem__)[: len(self.indexed)]
        return self._attacker(Postings.over([sent[place] for place in kept]), self._words_read())

    @cached_property
    def flattened(self) -> dict[UUID, Flat]:
        numbers = map(str, count())
        layer = Flattening(
            new_token=lambda: self.tokens.value("filler", next(numbers)), new_id=uuid4, randomness=_chance(17)
        )
        for one, found in zip(self.ids, self.folded, strict=True):
            layer.add(one, Flat(sorted(set(found)), ()))
        return dict(layer.flattened())

    @cached_property
    def ids(self) -> list[UUID]:
        return [uuid4() for _ in self.indexed]

    def dummies_told(self) -> float:
        """How often a dummy looks more like one than a real document does; one half is guessing."""
        sent = [one.words for one in self.flattened.values()]
        suspicion = dict(zip(self.flattened, suspected_dummies(Postings.over(sent), sent, _chance(13)), strict=True))
        real = set(self.ids)
        order = sorted(suspicion, key=suspicion.__getitem__)
        below, told = 0, 0
        for one in order:
            if one in real:
                below += 1
            else:
                told += below
        return told / (below * (len(order) - below))

    def postings_factor(self) -> float:
        """How many postings profile `flat` sends for one of a real document."""
        return sum(len(one.words) for one in self.flattened.values()) / sum(len(set(one)) for one in self.folded)

    def recovered(self, attacker: Attacker, known: int = 0) -> int:
        """How many of the commonest words are read rightly, those not counted that were known before."""
        tokens = {word: self.tokens.folded(word) for word in attacker.read.commonest(_KNOWN_AMONG)}
        there = [word for word, token in tokens.items() if token in attacker.seen.of]
        return self._right(attacker.guess({word: tokens[word] for word in _chance(19).sample(there, known)}))

    def recovered_by_rank(self, attacker: Attacker) -> int:
        return self._right(attacker.by_rank())

    def linked_variants(self) -> tuple[int, int]:
        """Of the commonest exact words with diacritics, how many are linked to their base, and of how many."""
        folded = self._sets()
        found = linked(self.exact, folded)
        spelt = {word for text in self.indexed for word in words(text) if word.has_diacritics}
        tokens = {self._spelt(word): self.tokens.folded(word.folded) for word in spelt}
        asked = [token for token in self.exact.commonest() if token in tokens][:TOP]
        return sum(found.get(token) == tokens[token] for token in asked), len(asked)

    def _spelt(self, word: Word) -> str:
        return self.tokens.value("exact", word.exact)

    def _sets(self) -> Postings:
        return Postings.over(list(map(set, self.folded)))

    def _words_read(self) -> Postings:
        return Postings.over([set(folded_words(text)) for text in self.read])

    def _attacker(self, seen: Postings, read: Postings) -> Attacker:
        return Attacker(seen, read, len(self.indexed), self.doubt)

    def _right(self, guessed: dict[str, str]) -> int:
        return sum(self.tokens.folded(word) == token for word, token in guessed.items())


def _near(texts: Iterable[Sequence[str]]) -> list[set[str]]:
    """Each few words in a row of every text."""
    return [set(text[start : start + _IN_A_ROW]) for text in texts for start in range(0, len(text), _IN_A_ROW)]


SETTINGS: dict[str, Callable[[Scene], Attacker]] = {
    "exact and folded words, frequencies": Scene.with_exact_words,
    "folded words with positions": Scene.with_positions,
    "folded words, frequencies": Scene.folded_only,
    "folded words, no frequencies (`ranked`)": Scene.without_frequencies,
    "the same without stop words": Scene.without_stop_words,
    f"the same, a wall of 1/{WALL_PART} of the documents": Scene.walls,
    "flat": Scene.flat,
    "flat, what looks like a dummy thrown out": Scene.stripped,
}


def _chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same figures each time
