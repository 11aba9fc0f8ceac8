"""Invented documents for the search benchmark: a pure function of seed and number, so that any process makes its share.

Nothing here is real: the language, the names and the numbers belong to nobody. Sizes are those of real reports: 60 to
150 syllables of text, 35 departments of uneven size, two years.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from uuid import UUID

from benchmarks.search.vocabulary import Vocabulary, vocabulary, zipf
from intelhub.demo.identifiers import mint_container, mint_declaration, mint_plate, mint_tax_code
from intelhub.search import Partition, SearchDocument
from intelhub.search.elastic.tokens import day_of

SEED = 20261122
DEPARTMENTS = 35
SHARED_UP = 3  # as far as all of them have come: headquarters reads what was shared up
_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_DAYS = 730
_SPAN_SECONDS = _DAYS * 86_400
_SUBJECTS, _HEADINGS, _PEOPLE = 200_000, 1_500, 60_000
_FEWEST, _MOST = 60, 150
_SYLLABLES_A_WORD = 1.65
_LOCAL_SHARE = 12  # one word in so many is a department's own
_TOPICS = tuple(f"topic_{number:02}" for number in range(24))
_CHANNELS = tuple(f"channel_{number}" for number in range(8))
_METHODS = tuple(f"method_{number:02}" for number in range(30))
_URGENCIES = ("normal", "urgent", "flash")
_GRADES = tuple(f"{source}{info}" for source in "ABCDEF" for info in range(1, 7))
_STATES = ("collated", "shared_up", "merged", "evaluated", "received")
_STATE_WEIGHTS = (42, 38, 14, 4, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department with its units, the people who write there and the words it alone uses."""

    id: UUID
    code: str
    units: tuple[UUID, ...]
    authors: tuple[UUID, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class House:
    """Every department, with the running sum of their sizes."""

    seed: int
    departments: tuple[Department, ...]
    cumulated: tuple[float, ...]
    language: Vocabulary


@cache
def house(seed: int = SEED) -> House:
    """The house of a seed."""
    language, rng = vocabulary(seed), Random(f"{seed}/house")
    departments = tuple(
        Department(
            id=_uuid(rng),
            code=f"D{number:02}",
            units=tuple(_uuid(rng) for _ in range(rng.randint(3, 12))),
            authors=tuple(_uuid(rng) for _ in range(rng.randint(8, 40))),
            words=tuple(language.local(rng)),
        )
        for number in range(DEPARTMENTS)
    )
    sizes = tuple(accumulate((number + 3) ** -0.8 for number in range(DEPARTMENTS)))
    return House(seed, departments, sizes, language)


def days() -> list[str]:
    """Every day on which documents may lie."""
    return [day_of(_NOW - timedelta(days=number)) for number in range(_DAYS + 1)]


def document(number: int, *, seed: int = SEED) -> SearchDocument:
    """The document of a number."""
    known, rng = house(seed), Random(f"{seed}/{number}")
    (department,) = rng.choices(known.departments, cum_weights=known.cumulated)
    unit = min(rng.randrange(len(department.units)) for _ in range(2))
    occurred_at = _NOW - timedelta(seconds=rng.randrange(_SPAN_SECONDS))
    identifiers = tuple(_subject(rng, seed) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    people = [_person(known, rng) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    # Every unit counts by itself: the number is one record's, the figures in it come again in other units.
    numbered = f"{department.code}{unit:02}-TT-{occurred_at.year}-{number // DEPARTMENTS:06}"
    return SearchDocument(
        record_id=_uuid(rng),
        row_version=rng.randint(2, 7),
        partition=Partition(level=0, department_id=department.id, year=occurred_at.year),
        unit_id=department.units[unit],
        author_id=department.authors[min(rng.randrange(len(department.authors)) for _ in range(2))],
        exposure=SHARED_UP,
        state=rng.choices(_STATES, _STATE_WEIGHTS)[0],
        occurred_at=occurred_at,
        title=_text(known, department, rng, rng.randint(8, 14), ()),
        texts=(
            _text(known, department, rng, rng.randint(_FEWEST, _MOST), (*identifiers, *people)),
            "; ".join(people),
            rng.choice(department.words).title(),
            numbered,
        ),
        identifiers=tuple(dict.fromkeys("".join(filter(str.isalnum, one)) for one in identifiers)),
        facets={
            "topic": (_common(rng, _TOPICS),),
            "channel": (_common(rng, _CHANNELS),),
            "grade": (_common(rng, _GRADES),),
            "method": (_common(rng, _METHODS),),
            "urgency": (_common(rng, _URGENCIES),),
            "unit": (f"{department.code}{unit:02}", department.code),
            "place": (f"{department.code}{unit:02}",),
            "number": (numbered,),
        },
    )


def _text(known: House, department: Department, rng: Random, syllables: int, inserted: tuple[str, ...]) -> str:
    count = max(1, round(syllables / _SYLLABLES_A_WORD))
    words = known.language.drawn(rng, count)
    for _ in range(count // _LOCAL_SHARE):
        words[rng.randrange(count)] = rng.choice(department.words)
    for one in inserted:
        words.insert(rng.randrange(count), one)
    for place in range(0, count, 14):
        words[place] = words[place].capitalize()
        words[place - 1] += "."
    return " ".join(words)


def _subject(rng: Random, seed: int) -> str:
    """An identifier as it is written; few of them come often."""
    if rng.random() < 0.2:
        return f"{1000 + Random(int(_HEADINGS * rng.random() ** 3)).randrange(9000):04}.{rng.randrange(4)}0.00"
    own = Random(f"{seed}/subject/{int(_SUBJECTS * rng.random() ** 3)}")
    mint = own.choice((mint_container, mint_tax_code, _truck, _declaration))
    return mint(own)


def _truck(rng: Random) -> str:
    return mint_plate(rng, is_truck=True)


def _declaration(rng: Random) -> str:
    return mint_declaration(rng, is_export=False)


def _person(known: House, rng: Random) -> str:
    own = Random(f"{known.seed}/person/{int(_PEOPLE * rng.random() ** 2)}")
    return " ".join(own.choice(known.language.syllables[:400]).capitalize() for _ in range(3))


def _common(rng: Random, values: tuple[str, ...]) -> str:
    return rng.choices(values, zipf(len(values)))[0]


def _uuid(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)
