"""Writing a record: drafts that are saved as they are typed, and the submission that checks them.

A draft is sealed like everything else, at the level proposed for it or, while none is proposed, at the ceiling of
the session. After a return the submitted version stays where it is; the author's new work lies beside it, unpublished.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from intelhub.access import Exposure, Label, Reach, decide, has_another_leader, read_filter, require
from intelhub.audit import ObjectRef, record_act
from intelhub.organisation import get_unit, load_tree
from intelhub.platform import clock
from intelhub.platform.actor import Actor, Post
from intelhub.platform.errors import Conflict, NotFound, NotPermitted, RuleRefused, StaleVersion
from intelhub.platform.messages import Message
from intelhub.records import actions, lifecycle, lowering, projection, queries, sealing
from intelhub.records.catalogues import find_entry
from intelhub.records.domain import Grade, RecordContent, RecordHead, RecordState, Work
from intelhub.records.models import RecordRow, RecordSeriesRow, RecordVersionRow
from intelhub.records.service.compartments import check_somebody_forwards, compartments_of
from intelhub.records.service.moving import advance, archive_version
from intelhub.records.unpublished_queries import find_unpublished, list_unpublished
from intelhub.records.validation import abstract_of, check_content, parse_time

_DRAFT_BYTES = 60_000
_BEGUN = 1  # the version of a draft that was saved once
_SERIES = cast("Table", RecordSeriesRow.__table__)  # past the session's own way to a row, which is much dearer
_NEXT_IN_SERIES = (
    insert(_SERIES)
    .on_conflict_do_update(
        index_elements=["unit_id", "level", "year", "compartments"],
        set_={"last_number": _SERIES.c.last_number + 1},
    )
    .returning(_SERIES.c.last_number)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an author is working on: the fields as typed, and the version a save must rest on.

    `standing_level` is the level of what was sent before: its author alone cannot go below it. 0 if nothing was.
    """

    record_id: UUID
    row_version: int
    fields: Mapping[str, Any]
    is_returned: bool
    standing_level: int
    kept_compartments: frozenset[UUID] = frozenset()


def create_draft(
    actor: Actor,
    session: Session,
    fields: Mapping[str, Any],
    *,
    unit_id: UUID | None = None,
    record_id: UUID | None = None,
) -> RecordRow:
    """Begin a record in a unit where the actor may write, by default the one of their first such post.

    `record_id` names it beforehand, so that whoever brings many can begin again after a break without doubling any.
    """
    post, rule = _writing_post(actor, unit_id)
    now = clock.to_the_hour(clock.now())
    row = RecordRow(
        id=record_id or uuid4(),
        level=draft_level(actor, fields),
        compartments=compartments_of(actor, fields),
        owning_unit_id=post.unit_id,
        origin_department_id=post.department_id,
        author_id=actor.user_id,
        handling=_draft_handling(fields),
        exposure=Exposure.AUTHOR,
        state=str(RecordState.DRAFT),
        row_version=1,
        content_version=0,
        created_at=now,
        updated_at=now,
    )
    _seal_draft(session, row, row.id, fields)
    sealing.put_label_mac(session, row)
    session.add(row)
    session.flush()
    record_act(
        actor,
        session,
        actions.DRAFTED,
        object=ObjectRef("record", row.id),
        object_version=row.row_version,
        rule=rule,
        level=row.level,
        unit_id=post.unit_id,
    )
    return row


def id_of_new_draft(actor: Actor, key: UUID, unit_id: UUID | None) -> UUID:
    """The id of the draft that a page with this key begins, for a unit of the actor's.

    It is made of the author too: the key of somebody else's page leads to no record of theirs, and tells of none.
    """
    post, _ = _writing_post(actor, unit_id)
    return uuid5(actor.user_id, f"{key}/{post.unit_id}")


def begin_draft(
    actor: Actor, session: Session, record_id: UUID, fields: Mapping[str, Any], *, unit_id: UUID | None = None
) -> RecordRow:
    """Begin the draft of this id, or keep what was typed in it where its page begins it again after a lost answer."""
    try:
        return save_draft(actor, session, record_id, _BEGUN, fields)
    except NotFound:
        pass
    try:
        with session.begin_nested():
            return create_draft(actor, session, fields, unit_id=unit_id, record_id=record_id)
    except IntegrityError:  # it came twice at once, or the rights that show the first are not held any more
        pass
    try:
        return save_draft(actor, session, record_id, _BEGUN, fields)
    except NotFound:
        return create_draft(actor, session, fields, unit_id=unit_id)


def open_draft(actor: Actor, session: Session, record_id: UUID) -> Draft:
    """The fields an author goes on with; written into the audit log before they are shown."""
    row = queries.get_row(actor, session, record_id)
    decision = require(actor, "edit", queries.label_of(row))
    _check_editable(row)
    queries.check_not_rolled_back(session, row)
    is_returned = row.exposure > Exposure.AUTHOR
    unpublished = find_unpublished(actor, session, record_id) if is_returned else None
    shown = unpublished or row
    fields, _ = sealing.open_body(session, shown)
    record_act(
        actor,
        session,
        actions.READ,
        object=ObjectRef("record", row.id),
        object_version=row.row_version,
        rule=decision.rule,
        level=max(row.level, shown.level),
    )
    return Draft(
        record_id=row.id,
        row_version=row.row_version,
        fields=lowering.as_typed(fields),
        is_returned=is_returned,
        standing_level=row.level if is_returned else 0,
        kept_compartments=frozenset(row.compartments if is_returned else ()),
    )


def find_return_comment(actor: Actor, session: Session, record_id: UUID) -> str:
    """The leader's words with which the record came back, or nothing."""
    returns = [step for step in queries.list_steps(actor, session, record_id) if step.event == "return"]
    return sealing.open_words(session, returns[-1]).reason if returns else ""


def save_draft(
    actor: Actor, session: Session, record_id: UUID, row_version: int, fields: Mapping[str, Any]
) -> RecordRow:
    """Keep what was typed, complete or not; raises `StaleVersion` when another window was quicker."""
    row = queries.get_row(actor, session, record_id, for_update=True)
    require(actor, "edit", queries.label_of(row))
    _check_editable(row)
    if row.row_version != row_version:
        raise StaleVersion("This draft was changed in another window. Both versions are shown; choose what to keep.")
    queries.check_not_rolled_back(session, row)
    # Before anything is changed: a refusal here leaves the draft as it was.
    compartments = compartments_of(actor, fields, kept=_kept_compartments(row))
    if row.exposure == Exposure.AUTHOR:
        row.level, row.handling = draft_level(actor, fields), _draft_handling(fields)
        row.compartments = compartments
        _seal_draft(session, row, row.id, fields)
    else:
        _keep_unpublished(actor, session, row, fields, compartments)
    row.row_version += 1
    row.updated_at = clock.to_the_hour(clock.now())
    sealing.put_label_mac(session, row)
    session.flush()
    return row


def submit_record(
    actor: Actor, session: Session, record_id: UUID, row_version: int, fields: Mapping[str, Any] | None = None
) -> RecordRow:
    """Check a draft and send it to the leader of the unit; raises `RuleRefused` with a sentence for each field.

    Without `fields` it goes as it was last saved.
    """
    row = queries.get_row(actor, session, record_id, for_update=True)
    decision = require(actor, "submit", queries.label_of(row))
    transition = lifecycle.transition("submit", RecordState(row.state), "")
    if row.row_version != row_version:
        raise StaleVersion("This draft was changed in another window. Both versions are shown; choose what to keep.")
    queries.check_not_rolled_back(session, row)
    is_returned = row.exposure > Exposure.AUTHOR
    unpublished = find_unpublished(actor, session, record_id) if is_returned else None
    if fields is None:
        fields = lowering.as_typed(sealing.open_body(session, unpublished or row)[0])
    standing = sealing.open_body(session, row)[0] if is_returned else None
    content = check_content(
        fields,
        now=clock.now(),
        unit_codes=load_tree(actor, session).codes,
        standing_level=row.level if is_returned else 0,
    )
    ceiling = writing_ceiling(actor)
    if content.level > ceiling:
        said = Message("From here you may write up to level %(ceiling)d only.", {"ceiling": ceiling})
        raise RuleRefused(said, rule="above_ceiling", fields={"level": (said,)})
    compartments = compartments_of(actor, fields, kept=_kept_compartments(row))
    content = replace(content, compartments=tuple(map(str, compartments)))
    published = lowering.publish_fields(content, standing)
    label = replace(queries.label_of(row), level=published["level"], handling=content.handling)
    check_somebody_forwards(actor, session, replace(label, compartments=frozenset(compartments)))
    former = sealing.open_head(session, row)
    previous = projection.partition_of(row) if is_returned else None
    if is_returned:
        archive_version(session, row)
        _drop_unpublished(actor, session, row)
    row.level, row.handling, row.compartments = published["level"], content.handling, compartments
    head = _head_of(content, former.number or next_number(actor, session, row))
    sealing.seal_into(session, row, row.id, head, sealing.body_of(published, Work()))
    advance(actor, session, row, transition, decision, content.level_reason)
    if not has_another_leader(actor, session, queries.label_of(row)):
        # Its only leader wrote it: the department stands in, so that nobody forwards their own record.
        row.exposure = max(row.exposure, Exposure.DEPARTMENT)
        sealing.put_label_mac(session, row)
    projection.write(session, row, head, published, Work(), previous=previous)
    return row


def discard_draft(actor: Actor, session: Session, record_id: UUID, row_version: int) -> None:
    """Drop what was never sent: a draft as a whole, or the unpublished work on a returned record."""
    row = queries.get_row(actor, session, record_id, for_update=True)
    decision = require(actor, "edit", queries.label_of(row))
    _check_editable(row)
    if row.row_version != row_version:
        raise StaleVersion("This draft was changed in another window. Both versions are shown; choose what to keep.")
    queries.check_not_rolled_back(session, row)
    row.row_version += 1
    if row.exposure == Exposure.AUTHOR:
        session.delete(row)
    else:
        _drop_unpublished(actor, session, row)
        sealing.put_label_mac(session, row)
    session.flush()
    record_act(
        actor,
        session,
        actions.DISCARDED,
        object=ObjectRef("record", row.id),
        object_version=row.row_version,
        digest=row.digest if row.exposure > Exposure.AUTHOR else None,
        rule=decision.rule,
        level=row.level,
    )


def list_writing_posts(actor: Actor) -> list[tuple[Post, str]]:
    """The posts under which this person may write, each with its policy line."""
    found = []
    for post in actor.posts:
        label = Label(
            kind="record",
            object_id=UUID(int=0),
            level=0,
            owning_unit_id=post.unit_id,
            origin_department_id=post.department_id,
            author_id=actor.user_id,
        )
        decision = decide(actor, "create", label)
        if decision.allowed:
            found.append((post, decision.rule))
    return found


def _writing_post(actor: Actor, unit_id: UUID | None) -> tuple[Post, str]:
    """The first post (at this unit, if one is named) under which the person may write, with its policy line."""
    for post, rule in list_writing_posts(actor):
        if unit_id is None or post.unit_id == unit_id:
            return post, rule
    raise NotPermitted("None of your duties includes writing records here.", rule="no_writing_post")


def _check_editable(row: RecordRow) -> None:
    if row.state != RecordState.DRAFT:
        raise Conflict("This record has been submitted and can no longer be changed by its author.")


def writing_ceiling(actor: Actor) -> int:
    """The highest level this session may write at: nobody writes what they could not read again."""
    return read_filter(actor).ceiling_of(Reach.AUTHOR) or 0


def draft_level(actor: Actor, fields: Mapping[str, Any]) -> int:
    """The level a draft is sealed at: the proposed one, or the writing ceiling while none is proposed."""
    proposed, ceiling = str(fields.get("level", "")).strip(), writing_ceiling(actor)
    return min(int(proposed), ceiling) if proposed in {"0", "1", "2", "3"} else ceiling


def _kept_compartments(row: RecordRow) -> list[UUID]:
    """The compartments a record cannot leave by its author's hand: those it was published in."""
    return row.compartments if row.exposure > Exposure.AUTHOR else []


def _draft_handling(fields: Mapping[str, Any]) -> str:
    proposed = str(fields.get("handling") or "")
    return proposed if proposed in {"H0", "H1", "H2", "H3", "H4", "HX"} else "H1"


def _draft_head(fields: Mapping[str, Any]) -> RecordHead:
    def word(name: str) -> str:
        return str(fields.get(name) or "")[:120]

    return RecordHead(
        abstract=word("abstract") or abstract_of(str(fields.get("text") or "")),
        topic=word("topic"),
        channel=word("channel"),
        urgency=word("urgency") or "normal",
        learned_at=parse_time(word("learned_at")),
        happened_from=parse_time(word("happened_from")),
        happened_to=parse_time(word("happened_to")),
        grade=_draft_grade(fields),
    )


def _draft_grade(fields: Mapping[str, Any]) -> Grade | None:
    source, info = (find_entry(name, str(fields.get(name) or "")) for name in ("source_grade", "info_grade"))
    return Grade(source=source.code, info=info.code) if source and info else None


def _seal_draft(
    session: Session, row: RecordRow | RecordVersionRow, record_id: UUID, fields: Mapping[str, Any]
) -> None:
    body = sealing.body_of(fields, Work())
    if len(repr(body)) > _DRAFT_BYTES:
        raise RuleRefused("This draft is too long to be kept. Shorten the text.", rule="draft_size")
    sealing.seal_into(session, row, record_id, _draft_head(fields), body, is_draft=True)


def _keep_unpublished(
    actor: Actor, session: Session, row: RecordRow, fields: Mapping[str, Any], compartments: list[UUID]
) -> None:
    _drop_unpublished(actor, session, row)
    beside = RecordVersionRow(
        record_id=row.id,
        # Numbers no other content of the record has: what was typed under rights that are lost cannot be dropped.
        content_version=-row.row_version - 1,
        is_published=False,
        # The words of the submitted version stand in it still: they go under no lower key than that one's.
        level=max(row.level, draft_level(actor, fields)),
        compartments=compartments,
        origin_department_id=row.origin_department_id,
        author_id=row.author_id,
    )
    _seal_draft(session, beside, row.id, fields)
    session.add(beside)


def _drop_unpublished(actor: Actor, session: Session, row: RecordRow) -> None:
    for unpublished in list_unpublished(actor, session, row.id):
        session.delete(unpublished)
    session.flush()


def _head_of(content: RecordContent, number: str) -> RecordHead:
    original = Grade(source=content.source_grade, info=content.info_grade)
    return RecordHead(
        number=number,
        abstract=content.abstract,
        topic=content.topic,
        channel=content.channel,
        urgency=content.urgency,
        grade=original,
        original_grade=original,
        learned_at=content.learned_at,
        happened_from=content.happened_from,
        happened_to=content.happened_to,
        submitted_at=clock.now(),
    )


def next_number(actor: Actor, session: Session, row: RecordRow) -> str:
    """The next number of the unit's series for this label (domain brief 5.8); a gap tells nothing of others."""
    year = clock.now().astimezone(clock.HANOI).year
    series = {
        "unit_id": row.owning_unit_id,
        "level": row.level,
        "year": year,
        "compartments": sorted(row.compartments),
        "last_number": 1,
    }
    count = session.scalar(_NEXT_IN_SERIES, series, execution_options={"unscoped": "a series holds no content"})
    unit = get_unit(actor, session, row.owning_unit_id)
    return f"{unit.code}-TT-{year}-{count:04d}"
