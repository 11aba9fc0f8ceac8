"""What an information record (phiếu tin) is: its content, its states, and the facts a page or a rule works with.

Pure values. `Record` is plaintext and never touches a table; `RecordRow` in `models` is ciphertext and never touches
a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from intelhub.platform.messages import Message

RecordID = NewType("RecordID", UUID)

TEXT_MINIMUM, TEXT_MAXIMUM, ABSTRACT_MAXIMUM = 20, 8_000, 120


class RecordState(StrEnum):
    """Where a record stands on its way up (domain brief 5.10.1)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RECEIVED = "received"
    EVALUATED = "evaluated"
    COLLATED = "collated"
    SHARED_UP = "shared_up"
    MERGED = "merged"


class ListOrder(StrEnum):
    """What comes first in a list; how urgent something is stands sealed, and is asked of one desk alone."""

    NEWEST = "newest"
    OLDEST = "oldest"
    CHANGED = "changed"
    URGENT = "urgent"


class ViewKind(StrEnum):
    """What a saved view brings back."""

    LIST = "list"
    SEARCH = "search"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """What somebody asks again and again, under a name of theirs; `asked` is the list's address or the search in pairs.

    `level` is that of its words: no session below it is shown the view, not its owner's either. Of one that does not
    fit its seal there is the id alone, so that its owner can remove it.
    """

    id: UUID
    name: str
    asked: tuple[tuple[str, str], ...]
    kind: ViewKind = ViewKind.LIST
    level: int = 0
    owner_id: UUID | None = None
    shared_unit_id: UUID | None = None
    is_removed: bool = False
    is_damaged: bool = False


class ExportState(StrEnum):
    """How far a request for an export is; what nobody decided or fetched in time lapses."""

    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"
    FETCHED = "fetched"
    LAPSED = "lapsed"


OPEN_EXPORTS = frozenset({ExportState.ASKED, ExportState.APPROVED})
"""What waits for somebody: for an answer, or to be fetched."""


class ExportFormat(StrEnum):
    """What kind of file lines are taken along in."""

    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedLine:
    """Which record an approval is for, at which text and level: another one is not what somebody agreed to."""

    record_id: UUID
    content_version: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What somebody asks to take along, and what became of it. `lines` go once it is fetched, declined or lapsed.

    `words_level` is the ceiling of the session that the question was typed in: no session below it is shown the words.
    """

    id: UUID
    user_id: UUID
    approver_id: UUID
    level: int
    state: ExportState
    kind: ExportFormat
    question: Mapping[str, Any]
    reason: str
    counts: Mapping[int, int]
    lines: tuple[ExportedLine, ...]
    asked_at: datetime
    decided_at: datetime | None = None
    fetched_at: datetime | None = None
    answer: str = ""
    words_level: int = 0
    kept_back: int = 0
    is_cut: bool = False
    notices: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A search under watch: `known` are the records it was told of, or that were there when it began.

    Until it `has_begun`, what lies above `ceiling` was not to be seen where it was set up, and is not news.
    `is_too_wide` says that more fit than are looked through; `looked_at` is the ceiling of whoever counted them.
    `cut_at` is the ceiling of the last look if that could not see everything.
    """

    known: frozenset[UUID] = frozenset()
    ceiling: int = 0
    has_begun: bool = False
    is_too_wide: bool = False
    looked_at: int = 0
    cut_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a watched search found anew, and whether its owner has marked it as read."""

    id: UUID
    view_id: UUID
    found_at: datetime
    record_ids: tuple[UUID, ...]
    is_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom or what a record speaks about; the identifier is normalised."""

    kind: str
    name: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """Admiralty: reliability of the source (A-F) and credibility of the information (1-6), judged apart."""

    source: str = "F"
    info: str = "6"

    def __str__(self) -> str:
        return f"{self.source}{self.info}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContent:
    """What an author wrote, after every check; made by `validation.check_content` alone."""

    text: str
    abstract: str
    learned_at: datetime
    happened_from: datetime | None = None
    happened_to: datetime | None = None
    place_unit: str | None = None
    place_text: str = ""
    channel: str
    source_kind: str = "open"
    source: str = ""
    subjects: tuple[Subject, ...] = ()
    topic: str
    method: str | None = None
    urgency: str = "normal"
    level: int
    list_item: str | None = None
    level_reason: str = ""
    handling: str = "H1"
    handling_conditions: str = ""
    source_grade: str = "F"
    info_grade: str = "6"
    plan_item: str | None = None
    outside_plan: str | None = None
    compartments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the department added to a record: its own grade, the links it found, the record it was merged into."""

    grade: Grade | None = None
    grade_reason: str = ""
    corroborating: tuple[UUID, ...] = ()
    entities: tuple[Subject, ...] = ()
    no_entity_reason: str = ""
    duplicate_of: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHead:
    """The sealed part that lists open: enough for a line, and never the text."""

    number: str = ""
    abstract: str = ""
    topic: str = ""
    channel: str = ""
    urgency: str = "normal"
    grade: Grade | None = None
    original_grade: Grade | None = None
    learned_at: datetime | None = None
    happened_from: datetime | None = None
    happened_to: datetime | None = None
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """A record as a line in a list."""

    id: RecordID
    level: int
    state: RecordState
    exposure: int
    unit_id: UUID
    department_id: UUID
    author_id: UUID
    assignee_id: UUID | None
    handling: str
    row_version: int
    content_version: int
    updated_at: datetime
    cursor: int
    head: RecordHead
    compartments: tuple[UUID, ...] = ()
    recipient_unit_ids: tuple[UUID, ...] = ()
    is_damaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record opened: its line, the author's fields as they were typed, and the department's work on it.

    `fields` of a draft may be incomplete; of a submitted record they satisfy `validation.check_content`.
    """

    summary: RecordSummary
    fields: Mapping[str, Any]
    work: Work = field(default_factory=Work)

    @property
    def id(self) -> RecordID:
        """The record's id."""
        return self.summary.id


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWords:
    """What of a step stands sealed: its exact time, its words, and the unit that a sharing was about."""

    at: datetime
    reason: str = ""
    recipient_unit_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happened to a record: who, when, as what, from where, and in which words of which level."""

    event: str
    from_state: RecordState
    to_state: RecordState
    actor_id: UUID
    unit_id: UUID
    place: str
    level: int
    row_version: int
    at: datetime
    reason: str = ""
    recipient_unit_id: UUID | None = None
