"""Every comparison at one size, as figures with their limits."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from uuid import UUID

from benchmarks.bench import Figure
from benchmarks.search import sealed
from benchmarks.search.asking import Reader, open_layers
from benchmarks.search.comparing import Ask, Asked, Plain, in_turns, share_alike, shares_weighed
from benchmarks.search.documents import SEED, Department, document, house
from benchmarks.search.loading import PROCESSES, Spent
from benchmarks.search.measures import Times, median, p95
from benchmarks.search.node import Node
from benchmarks.search.questions import PHRASE, Question, questions
from benchmarks.search.stored import Stores
from benchmarks.search.variants import CLEAR, ONE_KEY, PLAIN, VARIANTS, WALLS, Variant, index_of, tokens_of
from intelhub.search import Order
from intelhub.search.elastic.tokens import Layer, facet_kind, fields_of
from intelhub.search.query import facet

LOADING, BYTES, SPEED, ANSWERS, FILTER, SEALED = "loading", "bytes", "speed", "answers", "filter", "sealed engine"
_VALUES, _LIMITED_VALUES, _FILTER_LIMIT = (1, 16, 64, 500), 64, 1.15
_SLOW_ROUNDS = 1
_MADE = 1_000


@dataclass(frozen=True)
class Running:
    """One size, loaded and at rest."""

    node: Node
    stores: Stores
    size: int
    rounds: int

    @cached_property
    def asked(self) -> list[Question]:
        """The questions."""
        return questions(self.size)

    def figures(self) -> Iterator[Figure]:
        """Everything."""
        yield from self._bytes()
        yield from self._speed()
        yield from self._answers()
        yield from self._filters()
        if self.size <= sealed.MOST:
            yield from self._sealed()

    def _bytes(self) -> Iterator[Figure]:
        taken = {one.name: self.node.bytes_of(index_of(one)) for one in VARIANTS}
        fields = {one.name: self.node.bytes_by_field(index_of(one)) for one in VARIANTS}
        for ours, other, limit in (
            (ONE_KEY, CLEAR, 1.1),
            (WALLS, CLEAR, 1.5),
            (ONE_KEY, PLAIN, 1.0),
            (WALLS, PLAIN, 1.0),
        ):
            yield self._figure(
                BYTES,
                f"{ours.words}, against {other.words}",
                taken[ours.name] / taken[other.name],
                f"{taken[ours.name] / 1e6:.1f} MB against {taken[other.name] / 1e6:.1f} MB",
                at_most=limit,
            )
        for one in VARIANTS:
            largest = sorted(fields[one.name].items(), key=lambda item: -item[1])[:8]
            yield Figure(
                part=BYTES,
                what=one.words,
                size=self.size,
                value=taken[one.name] / self.size,
                unit="B a document",
                words=", ".join(f"`{name}` {size / self.size:.0f}" for name, size in largest),
            )

    def _speed(self) -> Iterator[Figure]:
        found = in_turns(
            {
                "clear": self._asked(CLEAR).named(self._clear),
                "one key": self._asked(ONE_KEY).named(self._one_key),
                "headquarters": self._asked(WALLS).named(self._headquarters),
                "a department": self._asked(WALLS).named(self._analyst),
            },
            self.asked,
            self.rounds,
        )
        yield from self._against(SPEED, found, "one key", "clear", median=1.10)
        yield from self._against(SPEED, found, "headquarters", "clear", median=2.0, p95=6.0)
        yield from self._against(SPEED, found, "a department", "clear")
        yield from self._each(found)
        found = in_turns(
            {
                "plain": self._plain.newest,
                "one key, opened": self._asked(ONE_KEY).opened(self._one_key, self.stores),
                "headquarters, opened": self._asked(WALLS).opened(self._headquarters, self.stores),
            },
            self.asked,
            _SLOW_ROUNDS,
        )
        yield from self._against(SPEED, found, "one key, opened", "plain", median=2.0)
        yield from self._against(SPEED, found, "headquarters, opened", "plain", median=2.0)
        yield from self._each(found)

    def _each(self, found: Mapping[str, Times]) -> Iterator[Figure]:
        for name, times in found.items():
            yield Figure(
                part=SPEED, what=name, size=self.size, value=median(times.all), unit="ms", words=_by_kind(times)
            )

    def _answers(self) -> Iterator[Figure]:
        """Whether the right things are found, and which are weighed by relevance."""
        clear, walls = self._asked(CLEAR).named(self._clear), self._asked(WALLS)
        for name, ours in (
            ("one key", self._asked(ONE_KEY).named(self._one_key)),
            ("headquarters", walls.named(self._headquarters)),
        ):
            yield self._figure(
                ANSWERS,
                f"questions for which {name} and clear find the same",
                share_alike(ours, clear, self.asked),
                f"of {len(self.asked)}",
                at_least=1.0,
            )
        for kinds, asked in (
            ("but for phrases", [one for one in self.asked if one.kind != PHRASE]),
            ("phrases", [one for one in self.asked if one.kind == PHRASE]),
        ):
            opened = walls.opened(self._headquarters, self.stores)
            share = share_alike(opened, self._plain.newest, asked)
            what = f"first pages of the newest that headquarters and plain have alike, {kinds}"
            yield self._figure(ANSWERS, what, share, f"of {len(asked)}")
        found = list(shares_weighed(self._plain, walls, self._headquarters, self.asked))
        yield self._figure(
            ANSWERS,
            "of the ten best by plain's own order, those that headquarters weighs",
            statistics.mean(found),
            f"{sum(one == 1.0 for one in found)} of {len(found)} questions all ten, worst {min(found):.1f}",
        )

    def _filters(self) -> Iterator[Figure]:
        """The same hits with and without: what is asked for lets every document through."""
        asked = self._asked(WALLS)
        rng = Random(f"{SEED}/filters")
        department = house().departments[_ANALYST]
        own = self._analyst.layers[0].tokens
        ways: dict[str, Ask] = {"none": asked.named(self._analyst)}
        for count in _VALUES:
            ways[f"{count}"] = asked.named(Reader(self._analyst.layers, _wide(own, department, count, rng)))
        self._require_alike(ways)
        found = in_turns(ways, self.asked, self.rounds)
        for count in _VALUES:
            limit = _FILTER_LIMIT if count <= _LIMITED_VALUES else None
            yield self._compared(found, f"{count}", f"an access filter of {count} values against none, a unit", limit)
        departments = zip(self._headquarters.layers, house().departments, strict=True)
        every = tuple(_of_all(layer.tokens, one) for layer, one in departments)
        ways = {
            "none": asked.named(self._headquarters),
            "chosen": asked.named(Reader(self._headquarters.layers, every)),
        }
        self._require_alike(ways)
        found = in_turns(ways, self.asked, self.rounds)
        yield self._compared(found, "chosen", f"a chosen value against none, headquarters: {len(every)} tokens", None)

    def _require_alike(self, ways: Mapping[str, Ask]) -> None:
        """Raise unless all find the same and anything at all: a filter that lets nothing through is quick."""
        answers = {name: [set(ask(one)) for one in self.asked] for name, ask in ways.items()}
        different = [name for name, found in answers.items() if found != answers["none"]]
        if different or not any(answers["none"]):
            raise SystemExit(f"with a filter of {different} values something else was found than without")

    def _compared(self, found: Mapping[str, Times], name: str, what: str, limit: float | None) -> Figure:
        with_it, without = median(found[name].all), median(found["none"].all)
        words = f"{with_it:.2f} ms against {without:.2f} ms"
        return self._figure(FILTER, what, with_it / without, words, at_most=limit)

    def _sealed(self) -> Iterator[Figure]:
        engine = sealed.write_segments(self.size)
        yield Figure(
            part=SEALED,
            what="documents written into segments a second, one process",
            size=self.size,
            value=self.size / engine.seconds,
            unit="/s",
            words=f"{len(engine.parts)} segments, {engine.bytes / self.size:.0f} B a document, texts included",
        )
        for order, rounds in ((Order.NEWEST, self.rounds), (Order.RELEVANCE, _SLOW_ROUNDS)):
            found = in_turns({str(order): engine.ask(order)}, self.asked, rounds)
            yield Figure(
                part=SEALED,
                what=f"all departments, {order} first",
                size=self.size,
                value=median(found[str(order)].all),
                unit="ms",
                words=_by_kind(found[str(order)]),
            )

    def _against(
        self, part: str, found: Mapping[str, Times], ours: str, other: str, **limits: float
    ) -> Iterator[Figure]:
        for name, measured in (("median", median), ("p95", p95)):
            mine, theirs = measured(found[ours].all), measured(found[other].all)
            yield self._figure(
                part, f"{name}, {ours} against {other}", mine / theirs, f"{mine:.2f} ms against {theirs:.2f} ms",
                at_most=limits.get(name),
            )  # fmt: skip
        if ours.endswith("opened"):
            mine, theirs = median(found[ours].by_kind[PHRASE]), median(found[other].by_kind[PHRASE])
            yield self._figure(
                part, f"median, {ours} against {other}, phrases alone", mine / theirs,
                f"{mine:.2f} ms against {theirs:.2f} ms", at_most=limits.get("median"),
            )  # fmt: skip

    def _figure(
        self,
        part: str,
        what: str,
        value: float,
        words: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> Figure:
        return Figure(
            part=part, what=what, size=self.size, value=value, unit="x", words=words, at_most=at_most, at_least=at_least
        )

    def _asked(self, variant: Variant) -> Asked:
        return Asked(self.node.client(), variant)

    @property
    def _plain(self) -> Plain:
        return Plain(self.node.client())

    @cached_property
    def _one_key(self) -> Reader:
        return Reader(open_layers(ONE_KEY.layers()))

    @cached_property
    def _clear(self) -> Reader:
        return Reader(open_layers(CLEAR.layers()))

    @cached_property
    def _headquarters(self) -> Reader:
        return Reader(open_layers(WALLS.layers()))

    @cached_property
    def _analyst(self) -> Reader:
        """Of one department, of middle size."""
        return Reader(self._headquarters.layers[_ANALYST : _ANALYST + 1])


_ANALYST = 10


def loading_figures(spent: Spent, size: int) -> Iterator[Figure]:
    """How quickly documents became tokens and were taken."""
    for one in VARIANTS:
        yield Figure(
            part=LOADING, what=f"sent by {PROCESSES} processes: {one.words}", size=size,
            value=spent.sent_a_second(one), unit="/s",
        )  # fmt: skip
    yield Figure(
        part=LOADING, what="all indices together, inventing and sealing included", size=size,
        value=spent.documents / spent.seconds, unit="/s", words=f"{spent.documents:,} in {spent.seconds:.0f} s",
    )  # fmt: skip
    made = [document(number) for number in range(_MADE)]
    begin = time.perf_counter()
    for invented in made:
        fields_of(tokens_of(invented.partition), invented)
    yield Figure(
        part=LOADING, what="tokens made by the product, one process, nothing remembered", size=size,
        value=_MADE / (time.perf_counter() - begin), unit="/s",
    )  # fmt: skip


def _wide(layer: Layer, department: Department, count: int, rng: Random) -> tuple[str, ...]:
    """So many values that together let every document of a layer through."""
    if count < len(department.units):
        return (_of_all(layer, department),)
    strangers = [UUID(int=rng.getrandbits(128)) for _ in range(count - len(department.units))]
    return tuple(layer.value(facet_kind("unit"), unit.hex) for unit in (*department.units, *strangers))


def _of_all(layer: Layer, department: Department) -> str:
    """A value that all documents of a department have: its own code, beside that of their unit."""
    known = facet("unit", department.code)
    return layer.value(facet_kind(known.name), known.value)


def _by_kind(times: Times) -> str:
    return ", ".join(
        f"{kind} {median(seconds):.2f} (p95 {p95(seconds):.2f})" for kind, seconds in times.by_kind.items()
    )
