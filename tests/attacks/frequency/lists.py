"""The same attack on values of short lists: topic, channel, method, urgency, grade, month. Their shares are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from intelhub.demo.generator import DemoRecord, generate_records
from intelhub.search import SearchDocument
from intelhub.search.elastic.flattening import Flat, Flattening
from intelhub.search.elastic.tokens import Layer, facet_kind, values_of
from tests.attacks.frequency.attacker import Attacker, Postings, suspected_dummies
from tests.attacks.frequency.corpora import TODAY
from tests.attacks.frequency.settings import WALL_PART, Scene
from tests.factories.search_world import PARTITION

Value = tuple[str, str]
_FIELDS = ("topic", "channel", "method", "urgency", "grade")
KINDS = frozenset({*map(facet_kind, _FIELDS), "month"})


@dataclass(frozen=True)
class Lists:
    """Records of one half in the index, of the other half in the attacker's hands, as their values."""

    indexed: Sequence[Sequence[Value]]
    read: Sequence[Sequence[Value]]

    @classmethod
    def similar(cls, records: int) -> Lists:
        """Of so many records of the demo."""
        found = [sorted(set(values_of(_document(one)))) for one in generate_records(7, records, today=TODAY)]
        Random(11).shuffle(found)  # noqa: S311 - the same halves each time
        return cls(found[: records // 2], found[records // 2 :])

    @cached_property
    def layer(self) -> Layer:
        return Scene((), ()).tokens

    @cached_property
    def sent(self) -> list[list[str]]:
        return [[self.layer.value(*one) for one in each] for each in self.indexed]

    @cached_property
    def wanted(self) -> list[Value]:
        """The values of short lists that stand in the index and were read."""
        there = {one for each in self.indexed for one in each} & {one for each in self.read for one in each}
        return sorted(one for one in there if one[0] in KINDS)

    def ranked(self) -> Attacker:
        """As profile `ranked` sends them."""
        return Attacker(Postings.over(self.sent), self._read, len(self.sent), _DOUBT)

    def wall(self) -> Attacker:
        """One wall of several."""
        part = self.sent[: len(self.sent) // WALL_PART]
        return Attacker(Postings.over(part), self._read, len(part), _DOUBT)

    def flat(self) -> Attacker:
        """As profile `flat` sends them."""
        return Attacker(Postings.over(self._flattened), self._read, len(self.sent), _DOUBT)

    def stripped(self) -> Attacker:
        """The same, when the attacker first throws out what looks like dummies."""
        chance = Random(13)  # noqa: S311 - the same figures each time
        suspicion = suspected_dummies(Postings.over(self._flattened), self._flattened, chance)
        kept = sorted(range(len(suspicion)), key=suspicion.__getitem__)[: len(self.sent)]
        return Attacker(Postings.over([self._flattened[place] for place in kept]), self._read, len(self.sent), _DOUBT)

    def recovered(self, attacker: Attacker, known: int = 0) -> int:
        """How many values of short lists are read rightly, those not counted that were known before."""
        tokens = {_named(one): self.layer.value(*one) for one in self.wanted}
        there = sorted(name for name, token in tokens.items() if token in attacker.seen.of)
        given = Random(19).sample(there, known)  # noqa: S311 - the same figures each time
        guessed = attacker.guess({name: tokens[name] for name in given})
        return sum(tokens.get(name) == token for name, token in guessed.items())

    @cached_property
    def _read(self) -> Postings:
        return Postings.over([list(map(_named, each)) for each in self.read])

    @cached_property
    def _flattened(self) -> list[Sequence[str]]:
        numbers = map(str, count())
        flattening = Flattening(
            new_token=lambda: self.layer.value("filler", next(numbers)),
            new_id=uuid4,
            randomness=Random(17),  # noqa: S311 - the same figures each time
        )
        for each in self.sent:
            flattening.add(uuid4(), Flat((), each))
        return [one.values for _, one in flattening.flattened()]


SETTINGS: dict[str, Callable[[Lists], Attacker]] = {
    "`ranked`": Lists.ranked,
    f"the same, a wall of 1/{WALL_PART} of the documents": Lists.wall,
    "`flat`": Lists.flat,
    "`flat`, what looks like a dummy thrown out": Lists.stripped,
}
_DOUBT = 0.3


def _named(value: Value) -> str:
    return " ".join(value)


def _document(record: DemoRecord) -> SearchDocument:
    """What the search index gets of a record, but for its words."""
    known = record.content
    grade = f"{known['source_grade']}{known['info_grade']}"
    # A sharing with a unit leaves a record in its state.
    moved = [step.event for step in record.steps if step.event != "disseminate"]
    listed = {"grade": grade} | {name: known[name] for name in _FIELDS if name != "grade"}
    return SearchDocument(
        record_id=uuid4(),
        row_version=1,
        partition=PARTITION,
        unit_id=_id(record.unit_code),
        author_id=_id(record.author),
        exposure=0,
        state=moved[-1] if moved else "draft",
        occurred_at=datetime.fromisoformat(known["learned_at"]),
        identifiers=tuple(one["identifier"] for one in known["subjects"] if one["identifier"]),
        facets={name: (value,) for name, value in listed.items() if value},
    )


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)
