"""A pasted list of identifiers: which of them stand in records that this person may read, and which in none.

They are asked of the index a hundred at a time, and counted over what was read again through the row scope: exact to
100 and “100+” beyond, as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.audit import record_act
from intelhub.platform.actor import Actor
from intelhub.platform.messages import Message
from intelhub.records import actions, saved_view_queries
from intelhub.records.identifiers import Identifier, recognise
from intelhub.records.index_reader import ask_index
from intelhub.records.service.reading import raise_index_alarm
from intelhub.records.service.searching import EXACT
from intelhub.search import Cursor, Deadline, SearchAnswer, SearchRequest

MOST_PASTED = 500
SECONDS = 5.0
_AT_A_TIME = 100
_HITS = 500
_A_PAGE = 50
_LONGEST = 60
_TIME_UP = Message("Time was up before all records were looked through.")
_BETWEEN = re.compile(r"[\r\n\t,;|]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """An identifier as it was typed, more than once perhaps, with its records: 101 means more than 100.

    Where not all records were looked through, `is_whole` is false, and `count` is what was seen.
    """

    typed: tuple[str, ...]
    identifier: Identifier
    count: int = 0
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """What was typed and is no identifier, with the reason."""

    typed: str
    reason: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedList:
    """The answer to a pasted list; `left_out` is how many stood behind the first five hundred.

    `level` is that of the highest record that was counted.
    """

    found: tuple[Pasted, ...]
    unknown: tuple[Pasted, ...]
    unfinished: tuple[Pasted, ...]
    invalid: tuple[Invalid, ...]
    left_out: int = 0
    level: int = 0
    notices: tuple[Message, ...] = ()


def look_up_pasted(actor: Actor, session: Session, text: str) -> PastedList:
    """Look up every identifier of a pasted text; what was asked and each record that was counted stands in the log."""
    typed = [one for piece in _BETWEEN.split(text) if (one := piece.strip())]
    pasted, invalid = _read(typed[:MOST_PASTED])
    counts = _Counts(actor, session)
    for start in range(0, len(pasted), _AT_A_TIME):
        values = [one.identifier.value for one in pasted[start : start + _AT_A_TIME]]
        _log(actor, session, values, counts.count(values))
    if counts.is_damaged:
        raise_index_alarm(actor, session)
    looked = [counts.of(one) for one in pasted]
    return PastedList(
        found=tuple(one for one in looked if one.count),
        unknown=tuple(one for one in looked if not one.count and one.is_whole),
        unfinished=tuple(one for one in looked if not one.is_whole),
        invalid=tuple(invalid),
        left_out=max(0, len(typed) - MOST_PASTED),
        level=counts.level,
        notices=tuple(counts.notices),
    )


def _log(actor: Actor, session: Session, values: Sequence[str], levels: Mapping[UUID, int]) -> None:
    """Write down a hundred identifiers, sealed, and the records that they were counted in, fifty to an entry."""
    ids = list(levels)
    for start in range(0, len(ids) or 1, _A_PAGE):
        shown = ids[start : start + _A_PAGE]
        level = max((levels[one] for one in shown), default=0)
        record_act(actor, session, actions.SEARCHED, shown=shown, level=level, sensitive={"identifiers": values})


def _read(typed: Sequence[str]) -> tuple[list[Pasted], list[Invalid]]:
    """What was typed as identifiers, each once, and what is none, each once."""
    known: dict[str, tuple[Identifier, dict[str, None]]] = {}
    invalid: dict[str, Invalid] = {}
    for one in typed:
        shown = one[:_LONGEST]
        read = recognise(one) if len(one) <= _LONGEST else _TOO_LONG
        if isinstance(read, Message):
            invalid.setdefault(shown, Invalid(typed=shown, reason=read))
        else:
            known.setdefault(read.value, (read, {}))[1][shown] = None
    return [Pasted(typed=tuple(spelt), identifier=read) for read, spelt in known.values()], list(invalid.values())


_TOO_LONG = Message("This is too long for an identifier. Put each on a line of its own.")


class _Counts:
    """Counts readable records for each identifier until time is up."""

    def __init__(self, actor: Actor, session: Session) -> None:
        self._actor, self._session = actor, session
        self._until = Deadline.in_seconds(SECONDS)
        self._counts: dict[str, int] = {}
        self._unfinished: set[str] = set()
        self.notices: list[Message] = []
        self.level = 0
        self.is_damaged = False

    def count(self, values: Iterable[str]) -> dict[UUID, int]:
        """Count a hundred identifiers together, one that is past 100 no further; the records counted, with levels."""
        levels: dict[UUID, int] = {}
        open_values = dict.fromkeys(values, 0)
        after: Cursor | None = None
        while open_values:
            if self._until.is_past:
                self._note([_TIME_UP])
                self._unfinished |= open_values.keys()
                break
            answer = self._next(tuple(open_values), after)
            if not answer.is_whole:
                self._unfinished |= open_values.keys()
            for value in self._readable(answer, levels):
                if value in open_values:
                    open_values[value] += 1
            self._counts |= open_values
            after = answer.next
            if after is None:
                break
            open_values = {value: count for value, count in open_values.items() if count <= EXACT}
        self.level = max(self.level, *levels.values(), 0)
        return levels

    def _next(self, values: tuple[str, ...], after: Cursor | None) -> SearchAnswer:
        request = SearchRequest(identifiers=values, limit=_HITS, after=after, with_snippets=False, until=self._until)
        answer = ask_index(self._session, request)
        self._note(answer.notices)
        self.is_damaged |= bool(answer.damaged)
        return answer

    def _note(self, notices: Iterable[Message]) -> None:
        self.notices += (one for one in notices if one not in self.notices)

    def _readable(self, answer: SearchAnswer, levels: dict[UUID, int]) -> list[str]:
        """The identifiers of the readable hits, one for each; `levels` grows."""
        hits = {hit.record_id: hit for hit in answer.hits}
        readable = saved_view_queries.find_levels(self._actor, self._session, hits.keys())
        levels |= readable
        return [value for one in readable for value in hits[one].identifiers]

    def of(self, pasted: Pasted) -> Pasted:
        """What is known of an identifier now."""
        value = pasted.identifier.value
        count = min(self._counts.get(value, 0), EXACT + 1)
        return Pasted(
            typed=pasted.typed,
            identifier=pasted.identifier,
            count=count,
            is_whole=value not in self._unfinished or count > EXACT,
        )
