"""How records hang together: which one a record was merged into, what confirmed it, which ones were merged into it.

A record may name others that its reader may not read: of such a one nothing is said but that it is there, not even how
many there are.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import Exposure
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, RuleRefused, Unavailable
from intelhub.platform.messages import Message
from intelhub.records import queries
from intelhub.records.domain import Record, RecordState, RecordSummary
from intelhub.records.index_reader import ask_index
from intelhub.records.models import RecordRow
from intelhub.records.projection import MERGED_INTO, NUMBER
from intelhub.records.service.reading import log_shown, raise_index_alarm, read_record
from intelhub.search import SearchRequest

_MOST = 50
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The newest 50 of the readable records that the index names, and whether all of it could be asked."""

    ids: tuple[UUID, ...] = ()
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The records a record names and that its reader may read; `hides_…` says that there is one they may not."""

    target: RecordSummary | None = None
    hides_target: bool = False
    confirming: tuple[RecordSummary, ...] = ()
    hides_confirming: bool = False

    @property
    def lines(self) -> tuple[RecordSummary, ...]:
        """Every record that is shown."""
        return (*((self.target,) if self.target else ()), *self.confirming)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The newest 50 records that were merged into one and that its reader may read.

    Not `is_whole` when a part of the index could not be asked.
    """

    record: Record
    lines: tuple[RecordSummary, ...]
    is_whole: bool


def list_linked(actor: Actor, session: Session, record: Record) -> Linked:
    """What an opened record names, as far as its reader may read it; written into the log before it is shown."""
    into, confirmed = record.work.duplicate_of, record.work.corroborating
    wanted = [*((into,) if into else ()), *confirmed]
    if not wanted:
        return Linked()
    readable: dict[UUID, RecordSummary] = {line.id: line for line in queries.list_by_ids(actor, session, wanted)}
    linked = Linked(
        target=readable.get(into) if into else None,
        hides_target=into is not None and into not in readable,
        confirming=tuple(readable[one] for one in confirmed if one in readable),
        hides_confirming=any(one not in readable for one in confirmed),
    )
    log_shown(actor, session, linked.lines)
    return linked


def may_have_merged(record: Record) -> bool:
    """Whether others can have been merged into a record: nobody does while it is its unit's own."""
    return record.summary.exposure >= Exposure.DEPARTMENT


def list_merged(actor: Actor, session: Session, record_id: UUID) -> Merged:
    """Which records were merged into a readable one; raises as `read_record` does.

    A page of its own, because the index is asked for it, in every partition that this reader may read.
    """
    record = read_record(actor, session, record_id)
    try:
        found = _find(actor, session, MERGED_INTO, record.id.hex) if may_have_merged(record) else _Found()
    except Unavailable:
        found = _Found(is_whole=False)
    lines = tuple(line for line in queries.list_by_ids(actor, session, found.ids) if _is_merged(line))
    log_shown(actor, session, lines)
    return Merged(record=record, lines=lines, is_whole=found.is_whole)


def _is_merged(line: RecordSummary) -> bool:
    return line.is_damaged or line.state is RecordState.MERGED


def get_other(actor: Actor, session: Session, record_id: UUID, named: UUID | str, *, field: str) -> RecordRow:
    """Another record than this one, by its id or as somebody names it: by its number or its address.

    Only what this actor may read has a name here: what is not there and what is not for them is one sentence.
    """
    identity = named if isinstance(named, UUID) else _identity(named)
    if identity is None:
        identity = _get_numbered(actor, session, str(named), record_id, field)
    if identity == record_id:
        raise _no_such_other(field, "same_record")
    try:
        return queries.get_row(actor, session, identity)
    except NotFound:
        raise _no_such_other(field) from None


def _get_numbered(actor: Actor, session: Session, typed: str, besides: UUID, field: str) -> UUID:
    number = _bare(typed[:_LONGEST_NAME])
    asked = _find(actor, session, NUMBER, number) if number else _Found()
    if not asked.is_whole:  # another of this number may be among what is missing
        said = Message("Not all records can be looked through just now. Type the record's address, or try again later.")
        raise RuleRefused(said, rule="number_not_certain", fields={field: (said,)})
    found = [
        line
        for line in queries.list_by_ids(actor, session, asked.ids)
        if line.id != besides and not line.is_damaged and _bare(line.head.number) == number
    ]
    if len(found) > 1:  # each level and each set of compartments counts for itself
        said = Message(
            "Several records that you may read bear the number %(number)s. Open the right one and type its address.",
            {"number": found[0].head.number},
        )
        raise RuleRefused(said, rule="number_not_alone", fields={field: (said,)})
    if not found:
        raise _no_such_other(field)
    return found[0].id


def _no_such_other(field: str, rule: str = "other_not_found") -> RuleRefused:
    said = Message("There is no other record of this reference that you may read.")
    return RuleRefused(said, rule=rule, fields={field: (said,)})


def _find(actor: Actor, session: Session, name: str, value: str) -> _Found:
    asked = SearchRequest(facets={name: (value,)}, limit=_MOST, with_snippets=False)
    answer = ask_index(session, asked)
    if answer.damaged:
        raise_index_alarm(actor, session)
    return _Found(ids=tuple(hit.record_id for hit in answer.hits), is_whole=answer.is_whole)


def _bare(number: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", number).upper() if sign.isalnum())


def _identity(typed: str) -> UUID | None:
    try:
        return UUID(typed.strip().rstrip("/").rsplit("/", 1)[-1])
    except ValueError:
        return None
