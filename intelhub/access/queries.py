"""Every SELECT over people, posts, compartments and credentials; credentials open one person at a time.

Whoever is asked for alone, or acts, is refused whole when any of their rights does not fit its seal; lists go on
without what does not fit.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Row, Text, Uuid, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from intelhub.access.decision import SUBMITTED, decide
from intelhub.access.domain import HeldPost, OpenSession, Person, PlaceRule, SessionLimits, Strength
from intelhub.access.label import Exposure, Label, handling_allows
from intelhub.access.misfits import rows_that_fit
from intelhub.access.models import (
    CompartmentMemberRow,
    CompartmentRow,
    CredentialsRow,
    PostRow,
    RecoveryCodeRow,
    SessionRow,
    UserRow,
)
from intelhub.access.names import fold_username
from intelhub.access.policy import Line, current_policy
from intelhub.access.reach import Reach
from intelhub.crypto import open_blob, vault_of
from intelhub.organisation import STAMP_IN_FORCE, Directory, load_directory, today
from intelhub.platform import clock
from intelhub.platform.actor import Actor, Place, Post
from intelhub.platform.errors import NotFound

NAME_PURPOSE = b"compartment names"
_DEFAULT_LIMITS = SessionLimits()
_NAME_SECONDS = 60.0
_MOST_NAMES = 20_000
_names: dict[UUID, tuple[float, str]] = {}


def find_person(actor: Actor, session: Session, key: UUID | str) -> Person | None:
    """Somebody by id or username, or None; raises `Tampered` when the person's own row does not fit its seal."""
    del actor  # that a colleague exists is no secret among those who are signed in
    where = UserRow.username == fold_username(key) if isinstance(key, str) else UserRow.id == key
    return next(iter(_with_posts_held(session, session.scalars(select(UserRow).where(where)).all())), None)


def get_person(actor: Actor, session: Session, key: UUID | str) -> Person:
    """Somebody by id or username; raises `NotFound`."""
    person = find_person(actor, session, key)
    if person is None:
        raise NotFound(rule="no_such_person")
    return person


def person_of(session: Session, user: UserRow) -> Person:
    """The person of a row that is loaded already, with the posts held now; raises `Tampered`."""
    return _person(user, map(_held, session.scalars(_POSTS_HELD, _posts_of([user.id]))))


def name_people(actor: Actor, session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The display names of people, as they were within the last minute; an id that nobody has is left out.

    Every page names the same few people, and nothing is decided by what somebody is called.
    """
    del actor
    now = time.monotonic()
    known = {one: kept[1] for one in ids if (kept := _names.get(one)) and now - kept[0] < _NAME_SECONDS}
    asked = [one for one in ids if one not in known]
    if asked:
        found: dict[UUID, str] = dict(session.execute(_NAMES, {"people": asked}).all())
        if len(_names) > _MOST_NAMES:
            _names.clear()
        _names.update((one, (now, name)) for one, name in found.items())
        known |= found
    return known


def list_people(
    actor: Actor,
    session: Session,
    *,
    ids: Collection[UUID] | None = None,
    usernames: Collection[str] | None = None,
    unit_ids: Collection[UUID] | None = None,
    function: str | None = None,
    only_active: bool = True,
    after: tuple[str, UUID] | None = None,
    limit: int = 200,
) -> tuple[Person, ...]:
    """People in Vietnamese order of their names, by id or username, by unit and by function.

    A page begins behind `after`, the sort key and id of the last person of the page before.
    """
    del actor
    statement = select(UserRow).order_by(UserRow.sort_key, UserRow.id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(UserRow.sort_key, UserRow.id) > after)
    if ids is not None:
        statement = statement.where(UserRow.id.in_(ids))
    if usernames is not None:
        statement = statement.where(UserRow.username.in_(usernames))
    if only_active:
        statement = statement.where(UserRow.is_active)
    if unit_ids is not None or function is not None:
        held = select(PostRow.user_id).where(is_in_force(PostRow, clock.now()))
        if unit_ids is not None:
            held = held.where(PostRow.unit_id.in_(unit_ids))
        if function is not None:
            held = held.where(PostRow.function == function)
        statement = statement.where(UserRow.id.in_(held))
    return _with_posts_held(session, [row for (row,) in rows_that_fit(session, statement)])


def list_people_who_may(actor: Actor, session: Session, action: str, label: Label) -> tuple[Person, ...]:
    """Who could do this to an object with this label if they sat at their desk now, in Vietnamese order."""
    del actor
    return tuple(_those_who_may(session, action, label, _units_near(session, action, label)))


def is_there_somebody_who_may(actor: Actor, session: Session, action: str, label: Label) -> bool:
    """Whether `list_people_who_may` has anybody to name; whoever sits in the object's unit is asked first."""
    del actor
    everywhere = _units_near(session, action, label)
    nearest = everywhere & {label.owning_unit_id}
    found = (person for units in (nearest, everywhere) for person in _those_who_may(session, action, label, units))
    return next(found, None) is not None


def _lines_for(action: str, label: Label) -> list[Line]:
    return [line for line in current_policy().lines if line.permission == f"{label.kind}.{action}"]


def _units_near(session: Session, action: str, label: Label) -> frozenset[UUID]:
    """Where somebody may sit who can do this: a generous first cut, for the decision says who really may."""
    tree = load_directory(session).as_of(today())
    units = set(tree.descendants(label.origin_department_id)) if label.origin_department_id in tree else set()
    for received in label.recipient_unit_ids:
        if received in tree:
            units |= {*tree.descendants(received), *(unit.id for unit in tree.path(received))}
    if any(line.reach is Reach.ALL for line in _lines_for(action, label)):
        units |= {unit.id for unit in tree.units if unit.tier == 1}
    return frozenset(units)


def _those_who_may(session: Session, action: str, label: Label, units: Collection[UUID]) -> Iterator[Person]:
    """Whoever has a duty function for this at one of these units and is let by the decision."""
    if not units:
        return
    directory = load_directory(session)
    functions = [line.function for line in _lines_for(action, label)]
    asked = {"functions": functions, "units": list(units), "moment": clock.now()}
    inside = _members(session, label.compartments)
    for person in _with_posts(rows_that_fit(session, _HOLDERS, asked)):
        at_desk = actor_at_desk(directory, person, inside.get(person.id, frozenset()))
        if decide(at_desk, action, label).allowed:
            yield person


def has_another_leader(actor: Actor, session: Session, label: Label) -> bool:
    """Whether the unit can deal with the object itself once it is submitted, so that the department need not stand in.

    True when somebody other than the author could forward it; true as well where the handling code keeps the object
    with its unit (H0, HX): nobody above may be shown it because a leader is missing.
    """
    if not handling_allows(label.handling, "H1", is_originator=False):
        return True
    submitted = replace(label, exposure=Exposure.UNIT, state=SUBMITTED)
    return is_there_somebody_who_may(actor, session, "forward", submitted)


def actor_at_desk(directory: Directory, person: Person, compartments: frozenset[UUID]) -> Actor:
    """The person as they would act on site with all they hold; for questions about somebody, never for a request."""
    clearance = person.clearance_on(today()) if person.is_active else 0
    return Actor(
        user_id=person.id,
        username=person.username,
        posts=posts_of(directory, person.posts) if person.is_active else (),
        clearance=clearance,
        ceiling=clearance,
        compartments=compartments,
        place=Place.ONSITE,
    )


def posts_of(directory: Directory, held: Iterable[HeldPost]) -> tuple[Post, ...]:
    """Held posts with the units they reach today; a post at a unit that is gone brings nothing.

    Below a unit only units of its own tier count: a department sees what its offices submit once it is received.
    A unit keeps the files of those it took over from. What is shared with a unit reaches those
    below and above it inside its tier.
    """
    tree = directory.as_of(today())
    posts = []
    for post in held:
        unit = tree.find(post.unit_id)
        if unit is None:
            continue
        below = {one for one in tree.descendants(unit.id) if tree.get(one).tier == unit.tier}
        above = {one.id for one in tree.path(unit.id) if one.tier == unit.tier}
        posts.append(
            Post(
                function=post.function,
                tier=unit.tier,
                unit_id=unit.id,
                unit_ids=directory.with_predecessors(below),
                department_id=tree.department_of(unit.id).id,
                receiving_ids=directory.with_predecessors(below | above),
            )
        )
    return tuple(posts)


def list_posts(actor: Actor, session: Session, user_id: UUID) -> tuple[HeldPost, ...]:
    """Every post somebody holds, held or will hold, newest first."""
    del actor
    statement = select(PostRow).where(PostRow.user_id == user_id).order_by(PostRow.starts_at.desc())
    return tuple(_held(row) for (row,) in rows_that_fit(session, statement))


def list_compartments_of(session: Session, user_id: UUID) -> frozenset[UUID]:
    """The compartments somebody is in now; raises `Tampered`."""
    statement = select(CompartmentMemberRow).where(
        CompartmentMemberRow.user_id == user_id, is_in_force(CompartmentMemberRow, clock.now())
    )
    return frozenset(row.compartment_id for row in session.scalars(statement))


def find_live_session(
    session: Session, token_digest: bytes, moment: datetime
) -> tuple[SessionRow, Person, frozenset[UUID]] | None:
    """The session of a token that is open at a moment, with its active person and the compartments they are in.

    Raises `Tampered` when the session or any right of the person does not fit its seal.
    """
    found = session.execute(_LIVE, {"digest": token_digest, "moment": moment}).all()
    if not found:
        return None
    live, user, _, _, stamp = found[0]
    load_directory(session, stamp=stamp)  # the rights that are worked out next rest on it
    # Each post comes once with every membership; no membership grants a post twice.
    posts: dict[PostRow | None, None] = dict.fromkeys(row[2] for row in found)
    inside: set[CompartmentMemberRow | None] = {row[3] for row in found}
    held = frozenset(row.compartment_id for row in inside if row is not None)
    return live, _person(user, (_held(post) for post in posts if post is not None)), held


def list_compartment_names(actor: Actor, session: Session) -> dict[UUID, str]:
    """The names of the compartments this actor holds, and of no other."""
    if not actor.compartments:
        return {}
    rows = session.scalars(select(CompartmentRow).where(CompartmentRow.id.in_(actor.compartments)))
    return {row.id: open_compartment_name(session, row) for row in rows}


def open_compartment_name(session: Session, row: CompartmentRow) -> str:
    """The name of a compartment, for its members and for whoever manages it; raises `Tampered`."""
    return open_blob(vault_of(session).derive(NAME_PURPOSE), row.name_sealed, context=row.id.bytes).decode()


def list_sessions(
    actor: Actor, session: Session, *, limits: SessionLimits = _DEFAULT_LIMITS
) -> tuple[OpenSession, ...]:
    """One's own open sessions, the one last used first; those that fell idle are over."""
    now = clock.now()
    statement = (
        select(SessionRow)
        .where(
            SessionRow.user_id == actor.user_id,
            is_session_open(now),
            SessionRow.last_seen_at >= now - limits.idle,
            SessionRow.created_at > now - limits.absolute,
        )
        .order_by(SessionRow.last_seen_at.desc())
    )
    return tuple(
        OpenSession(
            id=row.id,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            place=Place(row.place),
            strength=Strength(row.strength),
            user_agent_family=row.user_agent_family,
            is_this_one=row.id == actor.session_id,
        )
        for (row,) in rows_that_fit(session, statement)
    )


def open_credentials(session: Session, user_id: UUID) -> CredentialsRow | None:
    """The credentials of one person, which from here on are the only ones this transaction can see.

    Raises `Tampered` when they do not fit their seal.
    """
    named = select(func.set_config("intelhub.credentials_of", str(user_id), True))
    session.execute(named, execution_options={"unscoped": "names whose credentials this transaction may see"})
    return session.scalar(select(CredentialsRow).where(CredentialsRow.user_id == user_id))


def list_recovery_codes(session: Session, user_id: UUID) -> Sequence[RecoveryCodeRow]:
    """The recovery codes of the person whose credentials are open."""
    statement = select(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id)
    return [row for (row,) in rows_that_fit(session, statement)]


def is_in_force(
    row: type[PostRow | CompartmentMemberRow], moment: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    """Whether a grant holds at a moment."""
    return and_(row.starts_at <= moment, or_(row.ends_at.is_(None), row.ends_at > moment))


def is_session_open(moment: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether a session is neither ended nor too old; idleness is looked at beside it."""
    return and_(SessionRow.ended_at.is_(None), SessionRow.expires_at > moment)


# Asked at every request, and putting them together costs more than running them: built once.
_MOMENT: BindParameter[datetime] = bindparam("moment")
_LIVE = (
    select(SessionRow, UserRow, PostRow, CompartmentMemberRow, STAMP_IN_FORCE)
    .join(UserRow, UserRow.id == SessionRow.user_id)
    .outerjoin(PostRow, and_(PostRow.user_id == UserRow.id, is_in_force(PostRow, _MOMENT)))
    .outerjoin(
        CompartmentMemberRow,
        and_(CompartmentMemberRow.user_id == UserRow.id, is_in_force(CompartmentMemberRow, _MOMENT)),
    )
    .where(SessionRow.token_digest == bindparam("digest"), is_session_open(_MOMENT), UserRow.is_active)
    .order_by(PostRow.starts_at, PostRow.id)
)
_PEOPLE = func.any(bindparam("people", type_=ARRAY(Uuid())))
_NAMES = select(UserRow.id, UserRow.display_name).where(UserRow.id == _PEOPLE)
_POSTS_HELD = (
    select(PostRow)
    .where(PostRow.user_id == _PEOPLE, is_in_force(PostRow, _MOMENT))
    .order_by(PostRow.starts_at, PostRow.id)
)


_HELD = aliased(PostRow)
_HOLDERS = (
    select(UserRow, PostRow)
    .join(PostRow, and_(PostRow.user_id == UserRow.id, is_in_force(PostRow, _MOMENT)))
    .where(
        UserRow.is_active,
        UserRow.id.in_(
            select(_HELD.user_id).where(
                _HELD.function == func.any(bindparam("functions", type_=ARRAY(Text()))),
                _HELD.unit_id == func.any(bindparam("units", type_=ARRAY(Uuid()))),
                is_in_force(_HELD, _MOMENT),
            )
        ),
    )
    .order_by(UserRow.sort_key, UserRow.id, PostRow.starts_at, PostRow.id)
)


def _with_posts_held(session: Session, rows: Sequence[UserRow]) -> tuple[Person, ...]:
    """People to be shown, with the posts they hold now; nobody acts on what this answers."""
    posts: dict[UUID, list[HeldPost]] = {row.id: [] for row in rows}
    for (post,) in rows_that_fit(session, _POSTS_HELD, _posts_of(posts)) if posts else ():
        posts[post.user_id].append(_held(post))
    return tuple(_person(row, posts[row.id]) for row in rows)


def _posts_of(people: Iterable[UUID]) -> Mapping[str, object]:
    return {"people": list(people), "moment": clock.now()}


def _with_posts(rows: Iterable[Row[Any]]) -> tuple[Person, ...]:
    """People of a statement that joins them with their posts, in its order."""
    people: dict[UUID, tuple[UserRow, list[HeldPost]]] = {}
    for user, post in map(tuple, rows):
        _, held = people.setdefault(user.id, (user, []))
        held.append(_held(post))
    return tuple(_person(user, held) for user, held in people.values())


def _person(row: UserRow, posts: Iterable[HeldPost]) -> Person:
    return Person(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        sort_key=row.sort_key,
        clearance=row.clearance,
        clearance_expires_on=row.clearance_expires_on,
        place_rule=PlaceRule(row.place_rule),
        is_active=row.is_active,
        locale=row.locale,
        posts=tuple(posts),
    )


def _held(row: PostRow) -> HeldPost:
    return HeldPost(
        id=row.id,
        function=row.function,
        unit_id=row.unit_id,
        is_deputy=row.is_deputy,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def _members(session: Session, compartments: frozenset[UUID]) -> dict[UUID, frozenset[UUID]]:
    held: dict[UUID, frozenset[UUID]] = {}
    if compartments:
        statement = select(CompartmentMemberRow).where(
            CompartmentMemberRow.compartment_id.in_(compartments), is_in_force(CompartmentMemberRow, clock.now())
        )
        for (row,) in rows_that_fit(session, statement):
            held[row.user_id] = held.get(row.user_id, frozenset()) | {row.compartment_id}
    return held
