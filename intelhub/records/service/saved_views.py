"""Saved views: filters and an order of the list that somebody named, theirs alone.

The name is what somebody typed: it stands sealed, bound to its row and its person. A removed view is kept, the last one
only, so that removing it can be undone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intelhub.access import sort_key
from intelhub.audit import ObjectRef, record_act
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, RuleRefused, Tampered
from intelhub.platform.messages import Message
from intelhub.records import actions, saved_view_queries, sealing
from intelhub.records.domain import SavedView
from intelhub.records.models import RecordViewRow

MOST = 20
LONGEST_NAME = 60


def list_views(actor: Actor, session: Session) -> tuple[SavedView, ...]:
    """One's own views by name, a removed one among them; one that does not fit its seal is an id, with an alarm."""
    views = []
    for row in saved_view_queries.list_view_rows(actor, session):
        try:
            views.append(sealing.open_view(session, row))
        except Tampered:
            _raise_alarm(actor, session, row.id)
            views.append(SavedView(id=row.id, name="", asked=(), is_damaged=True))
    return tuple(sorted(views, key=_by_name))


def save_view(actor: Actor, session: Session, name: str, asked: Sequence[tuple[str, str]]) -> UUID:
    """Name what the list shows; raises `RuleRefused` for a bad or taken name, or when there are twenty."""
    _let_one_at_a_time(actor, session)
    views = list_views(actor, session)
    view = SavedView(id=uuid4(), name=_checked(name, views), asked=tuple(asked))
    _check_room(views)
    row = RecordViewRow(id=view.id, user_id=actor.user_id, sealed=b"")
    sealing.seal_view(session, row, view)
    session.add(row)
    session.flush()
    _record(actor, session, actions.VIEW_SAVED, view.id)
    return view.id


def rename_view(actor: Actor, session: Session, view_id: UUID, name: str) -> None:
    """Give a view of one's own another name; raises `NotFound`, or `RuleRefused` as `save_view` does."""
    _let_one_at_a_time(actor, session)
    row, view = _own(actor, session, view_id)
    others = [one for one in list_views(actor, session) if one.id != view_id]
    sealing.seal_view(session, row, replace(view, name=_checked(name, others)))
    session.flush()
    _record(actor, session, actions.VIEW_RENAMED, view_id)


def remove_view(actor: Actor, session: Session, view_id: UUID) -> bool:
    """Take a view of one's own away; whether it can be brought back, until the next one is removed. Raises `NotFound`.

    One that does not fit its seal goes for good: what remains of it is the alarm in the log.
    """
    _let_one_at_a_time(actor, session)
    try:
        row, view = _own(actor, session, view_id)
    except Tampered:
        _raise_alarm(actor, session, view_id)
        session.delete(saved_view_queries.get_view_row(actor, session, view_id))
        session.flush()
        _record(actor, session, actions.VIEW_REMOVED, view_id)
        return False
    earlier = {one.id for one in list_views(actor, session) if one.is_removed}
    for other in saved_view_queries.list_view_rows(actor, session):
        if other.id in earlier:
            session.delete(other)
    sealing.seal_view(session, row, replace(view, is_removed=True))
    session.flush()
    _record(actor, session, actions.VIEW_REMOVED, view_id)
    return True


def restore_view(actor: Actor, session: Session, view_id: UUID) -> None:
    """Bring the removed view back; raises `NotFound`, or `RuleRefused` when its name or its place is taken."""
    _let_one_at_a_time(actor, session)
    row, view = _own(actor, session, view_id, is_removed=True)
    views = list_views(actor, session)
    _check_room(views)
    _checked(view.name, views)
    sealing.seal_view(session, row, replace(view, is_removed=False))
    session.flush()
    _record(actor, session, actions.VIEW_RESTORED, view_id)


def _raise_alarm(actor: Actor, session: Session, view_id: UUID) -> None:
    record_act(
        actor, session, actions.TAMPER_FOUND, object=ObjectRef("record_view", view_id), decision="deny",
        rule="record_view",
    )  # fmt: skip


def _own(actor: Actor, session: Session, view_id: UUID, *, is_removed: bool = False) -> tuple[RecordViewRow, SavedView]:
    row = saved_view_queries.get_view_row(actor, session, view_id)
    view = sealing.open_view(session, row)
    if view.is_removed != is_removed:
        raise NotFound
    return row, view


def _checked(name: str, others: Sequence[SavedView]) -> str:
    """The name as it is kept: composed, without needless spaces."""
    written = " ".join(unicodedata.normalize("NFC", name).split())
    if not written:
        raise _refused(Message("Give the view a name."))
    if len(written) > LONGEST_NAME or not written.isprintable():
        raise _refused(
            Message("A name has at most %(count)d letters and no control characters.", {"count": LONGEST_NAME})
        )
    if any(one.name.casefold() == written.casefold() for one in others if not one.is_removed):
        raise _refused(Message("You have a view of this name already."))
    return written


def _check_room(views: Sequence[SavedView]) -> None:
    if sum(not one.is_removed for one in views) >= MOST:
        raise _refused(Message("You have %(count)d views. Remove one that you do not use.", {"count": MOST}))


def _refused(said: Message) -> RuleRefused:
    return RuleRefused(said, rule="saved_view", fields={"name": (said,)})


def _by_name(view: SavedView) -> list[str]:
    return [sort_key(word) for word in view.name.split()]


def _let_one_at_a_time(actor: Actor, session: Session) -> None:
    """Two windows of one person wait for each other: names are sealed, so no index keeps them apart or counts them."""
    number = int.from_bytes(actor.user_id.bytes[:8], "big", signed=True)
    options = {"unscoped": "an advisory lock reads no row"}
    session.execute(select(func.pg_advisory_xact_lock(number)), execution_options=options)


def _record(actor: Actor, session: Session, action: str, view_id: UUID) -> None:
    record_act(actor, session, action, object=ObjectRef("record_view", view_id))
