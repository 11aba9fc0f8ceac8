"""Profile `flat`: the tokens of a layer with their frequencies and lengths flattened, before they are sent.

Whoever holds the index counts how often a token stands in it and how many tokens a document has, and both tell words
(`docs/search-security.md`). Here dummy documents bring every token to a power of two, and fillers every document to a
multiple of 16. Real documents get no false posting of a real token: a negation must never lose one. The token of the
layer is not here: it stands in every document, so the caller adds it to each that comes out.

Everything is drawn anew at each run. Two runs under one key could be compared, so each takes fresh keys and ids.
"""

from __future__ import annotations

import secrets
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count, repeat
from random import Random
from uuid import UUID

STEP = 16
_COMMON = 8  # a token for more than one in so many dummies is placed before all others, while there is room in each


@dataclass(frozen=True, slots=True)
class Flat:
    """The word tokens (field `f`) and value tokens (field `k`) of one document."""

    words: Sequence[str]
    values: Sequence[str]


class Flattening:
    """The documents of one layer, taken one after the other and flattened together.

    Every token then stands in 1, 2, 4, 8 … documents, and every document has 16, 32, 48 … of each kind. One that stands
    in a single document keeps to it: half of a language's words do, and twins for them would double the index.
    `new_token` must give a token that nothing else has, of the same shape as all others.
    """

    def __init__(
        self, *, new_token: Callable[[], str], new_id: Callable[[], UUID], randomness: Random | None = None
    ) -> None:
        self._chance = randomness or secrets.SystemRandom()
        self._new_id = new_id
        self._words, self._values = _Field(new_token, self._chance), _Field(new_token, self._chance)
        self._ids: list[UUID] = []

    def add(self, one: UUID, flat: Flat) -> None:
        """Take a document."""
        self._ids.append(one)
        self._words.add(flat.words)
        self._values.add(flat.values)

    def flattened(self) -> Iterator[tuple[UUID, Flat]]:
        """The documents and their dummies, in no order, ready to be sent."""
        if not self._ids:
            return
        chance, real = self._chance, len(self._ids)
        models = [chance.randrange(real) for _ in range(max(self._words.least_dummies(), self._values.least_dummies()))]
        words, values = self._words.flattened(models), self._values.flattened(models)
        ids = [*self._ids, *(self._new_id() for _ in models)]
        for place in _shuffled(range(len(ids)), chance):
            yield ids[place], Flat(words(place), values(place))


class _Field:
    """One kind of token in all documents of the layer; by numbers, for one of a million has a hundred million."""

    def __init__(self, new_token: Callable[[], str], chance: Random) -> None:
        self._new_token = new_token
        self._chance = chance
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._frequencies = array("I")
        self._documents: list[array[int]] = []

    def add(self, tokens: Iterable[str]) -> None:
        """Take the tokens of the next document."""
        document = array("I")
        for token in dict.fromkeys(tokens):
            number = self._numbers.setdefault(token, len(self._names))
            if number == len(self._names):
                self._names.append(token)
                self._frequencies.append(0)
            self._frequencies[number] += 1
            document.append(number)
        self._documents.append(document)

    @cached_property
    def _lacking(self) -> dict[int, int]:
        """How many documents each token lacks to stand in a power of two of them."""
        return {number: lack for number, often in enumerate(self._frequencies) if (lack := _power(often) - often)}

    def least_dummies(self) -> int:
        """How many it takes: one has a token once, and as large a part of it is made of fillers as of a real one."""
        if not self._lacking:
            return 0
        capacity = sum(self._frequencies) / len(self._documents)
        return max(*self._lacking.values(), -int(-sum(self._lacking.values()) // capacity), 1)

    def flattened(self, models: Sequence[int]) -> Callable[[int], list[str]]:
        """The sorted tokens of each document by its place: real ones as they came, then dummies as large as models."""
        sizes = [_rounded(len(self._documents[model])) for model in models]
        dummies = self._dealt(sizes)
        tokens = [*self._documents, *dummies]
        least = chain(repeat(0, len(self._documents)), sizes)
        wanted = [max(size, _rounded(len(has))) - len(has) for size, has in zip(least, tokens, strict=True)]
        fillers = self._fillers(wanted)
        return lambda place: sorted(self._names[number] for number in chain(tokens[place], fillers[place]))

    def _dealt(self, sizes: Sequence[int]) -> list[array[int]]:
        """What the tokens lack, each dealt to as many different dummies; a dummy grows only where there is no room."""
        dummies = [array("I") for _ in sizes]
        is_common = {token: lack * _COMMON > len(sizes) for token, lack in self._lacking.items()}
        # In rounds the dummies that follow each other differ, which spares the common ones much passing over.
        _deal(
            sorted(filter(is_common.get, self._lacking), key=lambda one: -self._lacking[one]),
            self._lacking,
            dummies,
            chain(chain.from_iterable(_rounds(sizes, self._chance)), _growing(len(sizes), self._chance)),
        )
        rest = array("I", (place for place, size in enumerate(sizes) for _ in range(size - len(dummies[place]))))
        rare = [token for token in self._lacking if not is_common[token]]
        _deal(rare, self._lacking, dummies, chain(_drawn(rest, self._chance), _growing(len(sizes), self._chance)))
        return dummies

    def _fillers(self, wanted: Sequence[int]) -> list[array[int]]:
        """Tokens of nothing: as rare and as common as those that stand beside them, or they would be recognised."""
        fillers = [array("I") for _ in wanted]
        frequencies = self._drawn_frequencies()
        for left in _rounds(wanted, self._chance):
            while left:
                self._names.append(self._new_token())
                for _ in range(min(next(frequencies), 1 << len(left).bit_length() - 1)):
                    fillers[left.pop()].append(len(self._names) - 1)
        return fillers

    def _drawn_frequencies(self) -> Iterator[int]:
        """Frequencies of tokens as they are met in documents; of tokens met nowhere, one."""
        by_power = Counter[int]()
        for often in self._frequencies:
            by_power[_power(often)] += often
        if not by_power:
            return repeat(1)
        powers = list(by_power)
        # A filler that stands in n documents fills n places at once.
        weights = [by_power[power] / power for power in powers]
        return chain.from_iterable(self._chance.choices(powers, weights, k=1_000) for _ in repeat(None))


def _deal(
    tokens: Iterable[int], lacking: Mapping[int, int], dummies: Sequence[array[int]], room: Iterator[int]
) -> None:
    """Give each token to as many different dummies as it lacks."""
    passed: deque[int] = deque()  # places that had the last token already: the next one takes them first
    for token in tokens:
        given: set[int] = set()
        again: list[int] = []
        while len(given) < lacking[token]:
            place = passed.popleft() if passed else next(room)
            if place in given:
                again.append(place)
            else:
                given.add(place)
                dummies[place].append(token)
        passed.extendleft(again)


def _rounds(sizes: Sequence[int], chance: Random) -> Iterator[list[int]]:
    """Every place as often as it has room, no place twice in a round."""
    places = list(range(len(sizes)))
    for depth in count():
        places = [place for place in places if sizes[place] > depth]
        if not places:
            return
        yield _shuffled(places, chance)


def _growing(places: int, chance: Random) -> Iterator[int]:
    """All places again and again, where there is no room left."""
    return chain.from_iterable(_shuffled(range(places), chance) for _ in repeat(None))


def _drawn(places: array[int], chance: Random) -> Iterator[int]:
    """The places in random order, each made when it is asked for: there are millions, and most are never asked for."""
    for left in range(len(places), 0, -1):
        at = int(chance.random() * left)
        places[at], places[left - 1] = places[left - 1], places[at]
        yield places[left - 1]


def _shuffled(places: Sequence[int], chance: Random) -> list[int]:
    """The places in random order, by one call for all: the system is slow to give a number at a time."""
    keys = memoryview(chance.randbytes(8 * len(places))).cast("Q")
    return [places[at] for at in sorted(range(len(places)), key=keys.__getitem__)]


def _power(number: int) -> int:
    """The next power of two that is no smaller."""
    return 1 << (number - 1).bit_length()


def _rounded(number: int) -> int:
    """The next multiple of 16, and never none: an empty document would stand out."""
    return max(-(-number // STEP), 1) * STEP
