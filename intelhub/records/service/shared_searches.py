"""Saved searches that are shared: with the people who hold a post at a unit of the owner's, who run them as themselves.

Whoever asks finds a shared search as long as both hold a post there, and their session may show the level of its words.
Nothing of what it finds is shared: it is asked anew with the rights of whoever runs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import Person, list_people, sort_key
from intelhub.audit import ObjectRef, record_act
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, Tampered
from intelhub.records import actions, saved_view_queries, sealing
from intelhub.records.domain import SavedView, ViewKind
from intelhub.records.models import RecordViewRow
from intelhub.records.service import saved_views


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSearch:
    """A search with the name of whoever shares it; none for one's own."""

    view: SavedView
    owner_name: str = ""


def share_search(actor: Actor, session: Session, view_id: UUID, unit_id: UUID) -> None:
    """Let the people of a unit that one holds a post at find a search of one's own; raises `NotFound`."""
    if unit_id not in {post.unit_id for post in actor.posts}:
        raise NotFound
    _set_unit(actor, session, view_id, unit_id)
    record_act(actor, session, actions.SEARCH_SHARED, object=ObjectRef("record_view", view_id), unit_id=unit_id)


def stop_sharing(actor: Actor, session: Session, view_id: UUID) -> None:
    """Keep a search of one's own to oneself again; raises `NotFound`."""
    _set_unit(actor, session, view_id, None)
    record_act(actor, session, actions.SEARCH_UNSHARED, object=ObjectRef("record_view", view_id))


def _set_unit(actor: Actor, session: Session, view_id: UUID, unit_id: UUID | None) -> None:
    saved_view_queries.let_one_at_a_time(actor, session)
    row, view = saved_views.own_view(actor, session, view_id, ViewKind.SEARCH)
    sealing.seal_view(session, row, replace(view, shared_unit_id=unit_id))
    session.flush()


def list_shared(actor: Actor, session: Session) -> tuple[SharedSearch, ...]:
    """What others share with this person, by name; what does not fit its seal raises the alarm and is left out."""
    rows = saved_view_queries.list_shared_rows(actor, session)
    owners = _people(actor, session, rows)
    found = (_shared(actor, session, row, owners) for row in rows)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: sort_key(one.view.name)))


def find_search(actor: Actor, session: Session, view_id: UUID) -> SharedSearch:
    """A search to be run, one's own or one shared with this person; raises `NotFound`, or `Tampered` for one's own."""
    row = saved_view_queries.find_view_row(actor, session, view_id)
    if row is None:
        raise NotFound
    if row.user_id == actor.user_id:
        return SharedSearch(view=saved_views.own_view(actor, session, view_id, ViewKind.SEARCH)[1])
    found = _shared(actor, session, row, _people(actor, session, [row]))
    if found is None:
        raise NotFound
    return found


def _people(actor: Actor, session: Session, rows: Sequence[RecordViewRow]) -> dict[UUID, Person]:
    people = list_people(actor, session, ids={row.user_id for row in rows}) if rows else ()
    return {person.id: person for person in people}


def _shared(actor: Actor, session: Session, row: RecordViewRow, owners: Mapping[UUID, Person]) -> SharedSearch | None:
    """What another shares, if its owner still works and sits there."""
    owner = owners.get(row.user_id)
    if owner is None or row.shared_unit_id not in {post.unit_id for post in owner.posts}:
        return None
    try:
        view = sealing.open_view(session, row)
    except Tampered:
        saved_views.raise_alarm(actor, session, row.id)
        return None
    if view.is_removed or view.kind is not ViewKind.SEARCH:
        return None
    return SharedSearch(view=view, owner_name=owner.display_name)
