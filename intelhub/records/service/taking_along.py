"""Taking lines of records along in a file: which records somebody may take, read again at the moment they leave.

What goes into a file is what this person sees in a list now, less what a handling code or the policy keeps here. Every
record in a file stands in the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from intelhub.audit import ObjectRef, record_act
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import RuleRefused
from intelhub.platform.messages import Message
from intelhub.records import actions, queries
from intelhub.records.domain import RecordSummary
from intelhub.records.index_reader import ask_index
from intelhub.records.queries import ListFilter
from intelhub.records.service.reading import raise_alarm, raise_index_alarm
from intelhub.records.service.searching import describe_question, limit_time
from intelhub.search import MORE_MAY_ANSWER, MOST_RANKED, SearchRequest

MOST = MOST_RANKED
ONE_PERSON = 1
"""Up to this level somebody takes records along alone; above it another person agrees."""

OF_EXPORTS = "record_export"
_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody may take along of what a question finds.

    `kept_back` counts records they may read and not take along; `is_cut` says that there are more than 1,000.
    """

    lines: tuple[RecordSummary, ...]
    kept_back: int = 0
    is_cut: bool = False
    notices: tuple[Message, ...] = ()

    @property
    def level(self) -> int:
        """The level of the highest line."""
        return max(self.counts, default=0)

    @property
    def counts(self) -> Mapping[int, int]:
        """How many lines lie at each level."""
        return Counter(line.level for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file's worth of lines that stands in the log under its id; `approver_id` agreed, where that was needed."""

    id: UUID
    at: datetime
    selection: Selection
    approver_id: UUID | None = None


def select_lines(actor: Actor, session: Session, request: SearchRequest) -> Selection:
    """What a question finds, as far as this person may take it along; raises `RuleRefused` where that is nothing.

    Where not everything was looked through, a notice says so, and the file bears it.
    """
    wide = replace(limit_time(request), limit=MOST + 1, with_snippets=False, after=None, among=None)
    answer = ask_index(session, wide)
    ids = [hit.record_id for hit in answer.hits]
    if answer.damaged:
        raise_index_alarm(actor, session)
    lines, kept_back = list_takeable(actor, session, ids[:MOST])
    if not lines:
        said = Message("Nothing of this result may be exported by you.")
        if not answer.is_whole:
            said = Message(
                "Not all records can be looked through just now; what can be holds nothing to export. Try again later."
            )
        raise RuleRefused(said, rule="nothing_to_export")
    is_cut = len(ids) > MOST or MORE_MAY_ANSWER in answer.notices
    notices = tuple(one for one in answer.notices if one != MORE_MAY_ANSWER)
    return Selection(lines=lines, kept_back=kept_back, is_cut=is_cut, notices=notices)


def list_takeable(actor: Actor, session: Session, ids: Iterable[UUID]) -> tuple[tuple[RecordSummary, ...], int]:
    """Those of these records that this person may take along now, and how many more they may read."""
    lines = queries.list_by_ids(actor, session, ids)
    raise_alarm(actor, session, lines)
    sound = [line for line in lines if not line.is_damaged]
    takeable = queries.find_matching(actor, session, [line.id for line in sound], [ListFilter(may=("export",))])
    return tuple(line for line in sound if line.id in takeable), len(sound) - len(takeable)


def log_looked_at(actor: Actor, session: Session, request: SearchRequest, selection: Selection) -> None:
    """Write down that somebody was told how much of what level a question finds for a file."""
    sensitive = {**describe_question(request), "rows": len(selection.lines)}
    record_act(actor, session, actions.SEARCHED, level=selection.level, sensitive=sensitive)


def take_alone(actor: Actor, session: Session, request: SearchRequest, selection: Selection) -> Export:
    """Take lines along that need nobody else; raises `RuleRefused` above the first level."""
    if selection.level > ONE_PERSON:
        said = Message(
            "Above level %(level)s another person agrees before anything is exported.", {"level": ONE_PERSON}
        )
        raise RuleRefused(said, rule="two_persons")
    export = Export(id=uuid4(), at=clock.now(), selection=selection)
    log_exported(actor, session, export, describe_question(request))
    return export


def log_exported(actor: Actor, session: Session, export: Export, question: dict[str, object]) -> None:
    """Write down each record that leaves: an entry for every fifty, all of them under the id that the file bears."""
    lines = export.selection.lines
    for start in range(0, len(lines), _A_PAGE):
        page = lines[start : start + _A_PAGE]
        record_act(
            actor,
            session,
            actions.EXPORTED,
            object=ObjectRef(OF_EXPORTS, export.id),
            shown=[line.id for line in page],
            level=max(line.level for line in page),
            sensitive={**question, "rows": len(lines)},
        )
