"""Which record stands at which place of the filling: a pure function of its number, so that a filling can be grown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from benchmarks.people import Staff
from intelhub.demo.generator import generate_records
from intelhub.demo.loading import SEED
from intelhub.records.domain import RecordState

S = RecordState
TEXTS = 2_100
OPEN_AMONG_FIRST = 10_000  # the work that lies on desks does not grow with the archive
_IDS = UUID("0b0f3e1a-6c1e-4b39-9f5e-5d8f6a0c7b11")
_SPAN_SECONDS = 730 * 86_400
_SHARED_WITH_UNITS = 0.02
_LEVELS, _LEVEL_WEIGHTS = (0, 1, 2, 3), (55, 30, 12, 3)
_OPEN = (S.SUBMITTED, S.RECEIVED, S.RECEIVED, S.EVALUATED)
_DONE, _DONE_WEIGHTS = (S.COLLATED, S.SHARED_UP, S.MERGED), (45, 40, 15)
_LONG_NUMBERS = re.compile(r"\d{5,}")
WAYS: Mapping[RecordState, tuple[str, ...]] = {
    S.SUBMITTED: ("submit",),
    S.RECEIVED: ("submit", "forward"),
    S.EVALUATED: ("submit", "forward", "acknowledge", "evaluate"),
    S.COLLATED: ("submit", "forward", "acknowledge", "evaluate", "collate"),
    S.SHARED_UP: ("submit", "forward", "acknowledge", "evaluate", "collate", "share_up"),
    S.MERGED: ("submit", "forward", "acknowledge", "mark_duplicate"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One record of the filling before it is sealed."""

    index: int
    staff: Staff
    unit_id: UUID
    unit_code: str
    level: int
    state: RecordState
    learned_at: datetime
    recipient_id: UUID | None = None

    @property
    def id(self) -> UUID:
        """The record's id, the same in every filling."""
        return record_id(self.index)

    def fields(self, texts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What its author wrote: an invented text, with the numbers in it changed from one repetition to the next."""
        copy, place = divmod(self.index, len(texts))
        fields = {name: _renumbered(value, copy) for name, value in texts[place].items()}
        fields.update(
            level=str(self.level),
            learned_at=self.learned_at.isoformat(),
            happened_from=None,
            happened_to=None,
            place_unit=self.unit_code,
            handling="H2",
        )
        return fields


def record_id(index: int) -> UUID:
    """The id of the record at a place of the filling."""
    return uuid5(_IDS, str(index))


def invented_texts(today: datetime) -> list[Mapping[str, Any]]:
    """The fields of the demo's invented records."""
    return [record.content for record in generate_records(SEED, TEXTS, today=today)]


def plan(staff: Sequence[Staff], begin: int, end: int, now: datetime) -> Iterator[Planned]:
    """The records from one number up to another, spread over departments, levels, states and two years."""
    for index in range(begin, end):
        rng = Random(index)
        chosen = staff[rng.randrange(len(staff))]
        unit_id, unit_code = chosen.units[rng.randrange(len(chosen.units))]
        is_open = index < OPEN_AMONG_FIRST and index % 5 == 0
        state = _OPEN[index // 5 % len(_OPEN)] if is_open else rng.choices(_DONE, _DONE_WEIGHTS)[0]
        age = rng.uniform(3600, 20 * 86_400 if is_open else _SPAN_SECONDS)
        level = rng.choices(_LEVELS, _LEVEL_WEIGHTS)[0]
        is_shared = state in (S.COLLATED, S.SHARED_UP) and rng.random() < _SHARED_WITH_UNITS
        yield Planned(
            index=index,
            staff=chosen,
            unit_id=unit_id,
            unit_code=unit_code,
            level=level,
            state=state,
            learned_at=(now - timedelta(seconds=age)).replace(microsecond=0),
            recipient_id=_another_unit(rng, staff, unit_id) if is_shared else None,
        )


def _another_unit(rng: Random, staff: Sequence[Staff], besides: UUID) -> UUID | None:
    there = [unit for unit, _ in staff[rng.randrange(len(staff))].units if unit != besides]
    return there[rng.randrange(len(there))] if there else None


def _renumbered(value: Any, copy: int) -> Any:
    if isinstance(value, str) and copy:
        return _LONG_NUMBERS.sub(lambda found: _shifted(found[0], copy), value)
    if isinstance(value, list | tuple):
        return [{name: _renumbered(part, copy) for name, part in subject.items()} for subject in value]
    return value


def _shifted(digits: str, copy: int) -> str:
    size = len(digits)
    return f"{(int(digits) + copy * 7_368_787) % 10**size:0{size}d}"
