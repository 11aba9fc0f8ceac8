"""Looking people up: whom the reach of one's duties shows, found by name with and without diacritics."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intelhub.access.decision import held_lines
from intelhub.access.domain import Person
from intelhub.access.models import UserRow
from intelhub.access.policy import current_policy
from intelhub.access.queries import find_person, list_people, list_posts
from intelhub.access.reach import Reach
from intelhub.organisation import fold, load_directory, today
from intelhub.platform import clock
from intelhub.platform.actor import Actor

PAGE = 50
READ_GRANTS = "user.read_grants"
BACK = timedelta(days=7)
"""How long a right that ended is shown to whoever watches over rights."""
_READ_PEOPLE = "user.read"


def find_person_within(actor: Actor, session: Session, key: UUID | str) -> Person | None:
    """Somebody whom the actor's duties show, or None: one's own department's people, or everybody."""
    person = find_person(actor, session, key)
    units = list_units_open_to(actor, session, _READ_PEOPLE)
    if person is None or units is None or any(post.unit_id in units for post in person.posts):
        return person
    return person if sees_rights_of(actor, session, person) else None


def sees_rights_of(actor: Actor, session: Session, person: Person) -> bool:
    """Whether somebody's clearance and place rule are the actor's to see, who may find more people by name.

    They are for as long as a right that ended is listed, and from when one is given that will begin.
    """
    units = list_units_open_to(actor, session, READ_GRANTS)
    if not units:
        return units is None
    lately = clock.now() - BACK
    return any(
        post.unit_id in units and (post.ends_at is None or post.ends_at > lately)
        for post in list_posts(actor, session, person.id)
    )


def search_people(
    actor: Actor,
    session: Session,
    *,
    words: str = "",
    unit_id: UUID | None = None,
    function: str | None = None,
    with_closed: bool = False,
    after: tuple[str, UUID] | None = None,
) -> tuple[tuple[Person, ...], bool]:
    """A page of people in Vietnamese order of their names, and whether there is another page behind it.

    `unit_id` means the unit with all below it.
    """
    units: Collection[UUID] | None = list_units_open_to(actor, session, _READ_PEOPLE)
    if unit_id is not None:
        tree = load_directory(session).as_of(today())
        below = (tree.descendants(unit_id) if unit_id in tree else frozenset()) | {unit_id}
        units = below if units is None else below & set(units)
    found = list_people(
        actor,
        session,
        ids=_named(session, words) if words.strip() else None,
        unit_ids=units,
        function=function,
        only_active=not with_closed,
        after=after,
        limit=PAGE + 1,
    )
    return found[:PAGE], len(found) > PAGE


def list_units_open_to(actor: Actor, session: Session, permission: str) -> frozenset[UUID] | None:
    """The units whose people the actor's lines for a permission reach; None when they reach everybody's."""
    tree = load_directory(session).as_of(today())
    units: set[UUID] = set()
    for post, line in held_lines(actor, permission, current_policy()):
        if line.reach is Reach.ALL:
            return None
        if line.reach is Reach.DEPARTMENT:
            units |= {post.department_id, *tree.descendants(post.department_id)}
        if line.reach is Reach.UNIT:
            units |= post.unit_ids
    return frozenset(units)


def _named(session: Session, words: str) -> list[UUID]:
    """Those in whose name or username every word begins a word; names are few, so they are compared here."""
    wanted = fold(words).split()
    names = session.execute(select(UserRow.id, UserRow.display_name, UserRow.username)).all()
    return [
        row.id
        for row in names
        if all(
            any(word.startswith(begin) for word in (*fold(row.display_name).split(), row.username)) for begin in wanted
        )
    ]
