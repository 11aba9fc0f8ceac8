"""Saved views: filters and an order of the list, or a search, that somebody named.

The name is what somebody typed: it stands sealed, bound to its row and its person. A removed view is kept, of each kind
the last one only, so that removing it can be undone.

The words of a search can be as secret as what it finds. Its owner states their level, at most and unless said otherwise
the ceiling of the session they were typed in, because that is the highest they can have been copied from: no session
below it is shown the search, the owner's own from elsewhere included, nor anybody of the unit it is shared with.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from intelhub.access import sort_key
from intelhub.audit import ObjectRef, record_act
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, RuleRefused, Tampered
from intelhub.platform.messages import Message
from intelhub.records import actions, saved_view_queries, sealing
from intelhub.records.domain import SavedView, ViewKind
from intelhub.records.models import RecordViewRow
from intelhub.records.saved_view_queries import let_one_at_a_time

MOST = 20
MOST_WATCHED = 10
LONGEST_NAME = 60
_NAMELESS = {
    ViewKind.LIST: Message("Give the view a name."),
    ViewKind.SEARCH: Message("Give the search a name."),
}
_TAKEN = {
    ViewKind.LIST: Message("You have a view of this name already."),
    ViewKind.SEARCH: Message("You have a saved search of this name already."),
}
_NO_ROOM = {
    ViewKind.LIST: Message("You have %(count)d views. Remove one that you do not use.", {"count": MOST}),
    ViewKind.SEARCH: Message("You have %(count)d saved searches. Remove one that you do not use.", {"count": MOST}),
}


def list_views(actor: Actor, session: Session, kind: ViewKind = ViewKind.LIST) -> tuple[SavedView, ...]:
    """One's own views of a kind by name, a removed one among them, as far as this session may show them.

    One that does not fit its seal is an id, with an alarm; of which kind it was nobody knows.
    """
    return tuple(view for view in _list_all(actor, session, kind) if view.level <= actor.ceiling)


def _list_all(actor: Actor, session: Session, kind: ViewKind) -> tuple[SavedView, ...]:
    views = []
    for row in saved_view_queries.list_view_rows(actor, session):
        try:
            view = sealing.open_view(session, row)
        except Tampered:
            raise_alarm(actor, session, row.id)
            view = SavedView(id=row.id, name="", asked=(), is_damaged=True)
        if view.kind is kind or view.is_damaged:
            views.append(view)
    return tuple(sorted(views, key=_by_name))


def save_view(
    actor: Actor,
    session: Session,
    name: str,
    asked: Sequence[tuple[str, str]],
    *,
    kind: ViewKind = ViewKind.LIST,
    level: int = 0,
) -> UUID:
    """Name what a page shows; raises `RuleRefused` for a bad or taken name, or when there are twenty of its kind."""
    let_one_at_a_time(actor, session)
    views = _list_all(actor, session, kind)
    view = SavedView(
        id=uuid4(), name=_checked(name, views, kind), asked=tuple(asked), kind=kind, level=min(level, actor.ceiling)
    )
    _check_room(views, kind)
    row = RecordViewRow(id=view.id, user_id=actor.user_id, sealed=b"")
    sealing.seal_view(session, row, view)
    session.add(row)
    session.flush()
    _record(actor, session, actions.VIEW_SAVED, view.id)
    return view.id


def rename_view(actor: Actor, session: Session, view_id: UUID, name: str, *, kind: ViewKind = ViewKind.LIST) -> None:
    """Give a view of one's own another name; raises `NotFound`, or `RuleRefused` as `save_view` does."""
    let_one_at_a_time(actor, session)
    row, view = own_view(actor, session, view_id, kind)
    others = [one for one in _list_all(actor, session, kind) if one.id != view_id]
    sealing.seal_view(session, row, replace(view, name=_checked(name, others, kind)))
    session.flush()
    _record(actor, session, actions.VIEW_RENAMED, view_id)


def remove_view(actor: Actor, session: Session, view_id: UUID, *, kind: ViewKind = ViewKind.LIST) -> bool:
    """Take a view of one's own away; whether it can be brought back, until the next one is removed. Raises `NotFound`.

    One that does not fit its seal goes for good: what remains of it is the alarm in the log.
    """
    let_one_at_a_time(actor, session)
    try:
        row, view = own_view(actor, session, view_id, kind)
    except Tampered:
        raise_alarm(actor, session, view_id)
        session.delete(saved_view_queries.get_view_row(actor, session, view_id))
        session.flush()
        _record(actor, session, actions.VIEW_REMOVED, view_id)
        return False
    earlier = {one.id for one in _list_all(actor, session, kind) if one.is_removed}
    for other in saved_view_queries.list_view_rows(actor, session):
        if other.id in earlier:
            session.delete(other)
    sealing.seal_view(session, row, replace(view, is_removed=True))
    session.flush()
    _record(actor, session, actions.VIEW_REMOVED, view_id)
    return True


def restore_view(actor: Actor, session: Session, view_id: UUID, *, kind: ViewKind = ViewKind.LIST) -> None:
    """Bring the removed view back, watched as it was.

    Raises `NotFound`, or `RuleRefused` when its name or its place is taken, among the watched ones too.
    """
    let_one_at_a_time(actor, session)
    row, view = own_view(actor, session, view_id, kind, is_removed=True)
    views = _list_all(actor, session, kind)
    _check_room(views, kind)
    _checked(view.name, views, kind)
    if saved_view_queries.find_watch_row(actor, session, view_id):
        check_room_to_watch(actor, session)
    sealing.seal_view(session, row, replace(view, is_removed=False))
    session.flush()
    _record(actor, session, actions.VIEW_RESTORED, view_id)


def check_room_to_watch(actor: Actor, session: Session) -> None:
    """Raise `RuleRefused` when ten searches are watched; one that was removed keeps no place."""
    watched = {row.view_id for row in saved_view_queries.list_watch_rows(actor, session)}
    kept = {view.id for view in _list_all(actor, session, ViewKind.SEARCH) if not view.is_removed}
    if len(watched & kept) >= MOST_WATCHED:
        message = Message("You have %(count)d searches watched. Stop one of them first.", {"count": MOST_WATCHED})
        raise RuleRefused(message, rule="watched_search")


def raise_alarm(actor: Actor, session: Session, view_id: UUID) -> None:
    """Write an entry for a view that does not fit its seal."""
    record_act(
        actor, session, actions.TAMPER_FOUND, object=ObjectRef("record_view", view_id), decision="deny",
        rule="record_view",
    )  # fmt: skip


def own_view(
    actor: Actor, session: Session, view_id: UUID, kind: ViewKind, *, is_removed: bool = False
) -> tuple[RecordViewRow, SavedView]:
    """A view of one's own that this session may show; raises `NotFound` or `Tampered`."""
    row = saved_view_queries.get_view_row(actor, session, view_id)
    view = sealing.open_view(session, row)
    if (view.is_removed, view.kind) != (is_removed, kind) or view.level > actor.ceiling:
        raise NotFound
    return row, view


def _checked(name: str, others: Sequence[SavedView], kind: ViewKind) -> str:
    """The name as it is kept: composed, without needless spaces."""
    written = " ".join(unicodedata.normalize("NFC", name).split())
    if not written:
        raise _refused(_NAMELESS[kind])
    if len(written) > LONGEST_NAME or not written.isprintable():
        raise _refused(
            Message("A name has at most %(count)d letters and no control characters.", {"count": LONGEST_NAME})
        )
    if any(one.name.casefold() == written.casefold() for one in others if not one.is_removed):
        raise _refused(_TAKEN[kind])
    return written


def _check_room(views: Sequence[SavedView], kind: ViewKind) -> None:
    if sum(not one.is_removed for one in views) >= MOST:
        raise _refused(_NO_ROOM[kind])


def _refused(said: Message) -> RuleRefused:
    return RuleRefused(said, rule="saved_view", fields={"name": (said,)})


def _by_name(view: SavedView) -> list[str]:
    return [sort_key(word) for word in view.name.split()]


def _record(actor: Actor, session: Session, action: str, view_id: UUID) -> None:
    record_act(actor, session, action, object=ObjectRef("record_view", view_id))
