"""What operators do for people: accounts, posts, clearances, compartments; each act is logged, none gives content.

Nobody changes their own rights here, whatever they hold. Grants end by themselves; nothing is ever deleted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from intelhub.access import actions
from intelhub.access.decision import may
from intelhub.access.domain import DEFAULT_POST_DURATION, Compartment, PlaceRule
from intelhub.access.label import HIGHEST_LEVEL
from intelhub.access.misfits import rows_that_fit
from intelhub.access.models import CompartmentMemberRow, CompartmentRow, PostRow, SessionRow, UserRow
from intelhub.access.names import fold_username, is_username, sort_key
from intelhub.access.permissions import FUNCTIONS
from intelhub.access.queries import NAME_PURPOSE, is_in_force, open_compartment_name
from intelhub.access.scope import NOBODY_ID
from intelhub.audit import ObjectRef, record_act
from intelhub.crypto import seal_blob, vault_of
from intelhub.organisation import load_directory, today
from intelhub.platform import clock
from intelhub.platform.actor import Actor, Post
from intelhub.platform.errors import Conflict, NotFound, NotPermitted, RuleRefused
from intelhub.platform.messages import Message

_LOCALES = ("vi", "en")
_FIRST_ADMINISTRATOR_LOCK = 0x1A7E11A9
_COMPARTMENTS_LOCK = 0x1A7E11AA
_LONGEST_COMPARTMENT_NAME = 80


def console_actor(session: Session) -> Actor:
    """The operator at the console of the machine itself: creates accounts and grants, reads no content.

    For commands run by whoever holds the machine and its passphrase; the log shows them as the system.
    """
    root = load_directory(session).as_of(today()).root
    post = Post(
        function="operator", tier=root.tier, unit_id=root.id, unit_ids=frozenset({root.id}), department_id=root.id
    )
    return Actor(user_id=NOBODY_ID, username="console", posts=(post,))


def create_user(
    actor: Actor,
    session: Session,
    *,
    username: str,
    display_name: str,
    place_rule: PlaceRule = PlaceRule.ANY,
    locale: str = "vi",
) -> UUID:
    """Open an account without any right and without a password; raises `RuleRefused`."""
    _require_manager(actor)
    folded, name = fold_username(username), " ".join(display_name.split())
    if not is_username(folded):
        raise _field("username", Message("Use 2 to 64 of the letters a to z, figures, dot, hyphen and underscore."))
    if not name:
        raise _field("display_name", Message("Give the person's name."))
    if locale not in _LOCALES:
        raise _field("locale", Message("There is no such language here."))
    if session.scalar(select(UserRow.id).where(UserRow.username == folded)):
        raise _field("username", Message("Somebody has this username already."))
    user = UserRow(
        id=uuid4(),
        username=folded,
        display_name=name,
        sort_key=sort_key(name),
        clearance=0,
        clearance_expires_on=None,
        place_rule=place_rule.value,
        is_active=True,
        locale=locale,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    _record(actor, session, actions.USER_CREATED, user.id, {"username": folded})
    return user.id


def grant_post(
    actor: Actor,
    session: Session,
    *,
    user_id: UUID,
    function: str,
    unit_id: UUID,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    is_deputy: bool = False,
) -> UUID:
    """Give somebody a duty function at a unit, by default from now for a year; raises `RuleRefused`."""
    _require_manager_of_another(actor, user_id)
    _get_user(session, user_id)
    unit = load_directory(session).as_of(today()).find(unit_id)
    if unit is None:
        raise _field("unit_id", Message("There is no such unit today."))
    if unit.tier not in FUNCTIONS.get(function, frozenset()):
        raise _field("function", Message("This function is not held at a unit of this tier."))
    begins = starts_at or clock.now()
    ends = ends_at or begins + DEFAULT_POST_DURATION
    if ends <= begins:
        raise _field("ends_at", Message("The end must lie after the beginning."))
    post = PostRow(
        id=uuid4(),
        user_id=user_id,
        function=function,
        unit_id=unit_id,
        is_deputy=is_deputy,
        starts_at=begins,
        ends_at=ends,
        granted_by=actor.user_id,
    )
    session.add(post)
    session.flush()
    said = {"function": function, "unit": unit.code, "deputy": is_deputy, "until": ends.isoformat()}
    _record(actor, session, actions.POST_GRANTED, user_id, said)
    return post.id


def revoke_post(actor: Actor, session: Session, post_id: UUID) -> None:
    """End a duty function now; it takes effect at the person's next request. Raises `NotFound`."""
    _require_manager(actor)
    post = session.get(PostRow, post_id)
    if post is None:
        raise NotFound(rule="no_such_post")
    _require_manager_of_another(actor, post.user_id)
    now = clock.now()
    if post.ends_at is None or post.ends_at > now:
        post.ends_at = max(now, post.starts_at)
        session.flush()
        _record(actor, session, actions.POST_REVOKED, post.user_id, {"function": post.function})


def set_clearance(actor: Actor, session: Session, *, user_id: UUID, level: int, expires_on: date | None) -> None:
    """Clear somebody up to a level until the end of a day (or without end); raises `RuleRefused`."""
    _require_manager_of_another(actor, user_id)
    if not 0 <= level <= HIGHEST_LEVEL:
        raise _field("level", Message("There is no such level."))
    if level and expires_on is not None and expires_on < today():
        raise _field("expires_on", Message("The last day of a clearance lies ahead."))
    user = _get_user(session, user_id)
    user.clearance, user.clearance_expires_on = level, expires_on
    session.flush()
    said = {"level": level, "until": expires_on.isoformat() if expires_on else None}
    _record(actor, session, actions.CLEARANCE_SET, user_id, said)


def deactivate_user(actor: Actor, session: Session, user_id: UUID) -> None:
    """Close an account and end its sessions at once; raises `NotFound`."""
    _require_manager_of_another(actor, user_id)
    _get_user(session, user_id).is_active = False
    session.flush()
    end_sessions_of(session, user_id)
    _record(actor, session, actions.USER_DEACTIVATED, user_id, {})


def activate_user(actor: Actor, session: Session, user_id: UUID) -> None:
    """Open a closed account again; raises `NotFound`."""
    _require_manager_of_another(actor, user_id)
    _get_user(session, user_id).is_active = True
    session.flush()
    _record(actor, session, actions.USER_ACTIVATED, user_id, {})


def create_compartment(actor: Actor, session: Session, *, name: str) -> UUID:
    """Make a need-to-know group; its name is sealed, and shown to its members and to whoever manages it.

    Raises `RuleRefused` for a name that is empty, too long or taken.
    """
    _require_manager(actor)
    written = " ".join(unicodedata.normalize("NFC", name).split())
    if not written:
        raise _field("name", Message("Give the compartment a name."))
    if len(written) > _LONGEST_COMPARTMENT_NAME or not written.isprintable():
        raise _field(
            "name",
            Message("A name has at most %(count)d letters and no control characters.",
                    {"count": _LONGEST_COMPARTMENT_NAME}),
        )  # fmt: skip
    _lock(session, _COMPARTMENTS_LOCK)  # names are sealed, so no index of the database keeps them apart
    if any(one.name.casefold() == written.casefold() for one in _compartments(session)):
        raise _field("name", Message("There is a compartment of this name already."))
    compartment_id = uuid4()
    sealed = seal_blob(vault_of(session).derive(NAME_PURPOSE), written.encode(), context=compartment_id.bytes)
    session.add(CompartmentRow(id=compartment_id, name_sealed=sealed, created_at=clock.now()))
    session.flush()
    record_act(actor, session, actions.COMPARTMENT_CREATED, object=ObjectRef("compartment", compartment_id))
    return compartment_id


def list_compartments(actor: Actor, session: Session) -> tuple[Compartment, ...]:
    """Every compartment with its name and the number of its members, by name; for whoever manages them.

    That names were shown is an entry of its own. How many records lie in a compartment is not told.
    """
    _require_manager(actor)
    record_act(actor, session, actions.COMPARTMENTS_LISTED)
    return _compartments(session)


def get_compartment(actor: Actor, session: Session, name: str) -> Compartment:
    """A compartment by its name, upper or lower case, for whoever manages them; raises `NotFound`."""
    _require_manager(actor)
    wanted = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    for one in _compartments(session):
        if one.name.casefold() == wanted:
            return one
    raise NotFound(rule="no_such_compartment")


def add_member(actor: Actor, session: Session, *, compartment_id: UUID, user_id: UUID) -> None:
    """Let somebody into a compartment from now on; raises `NotFound` or `Conflict`."""
    _require_manager_of_another(actor, user_id)
    _get_user(session, user_id)
    if session.get(CompartmentRow, compartment_id) is None:
        raise NotFound(rule="no_such_compartment")
    _lock(session, _COMPARTMENTS_LOCK)  # two operators at once would both find no membership
    if _find_memberships(session, compartment_id, user_id):
        raise Conflict("This person is in the compartment already.")
    session.add(
        CompartmentMemberRow(
            id=uuid4(),
            compartment_id=compartment_id,
            user_id=user_id,
            starts_at=clock.now(),
            ends_at=None,
            granted_by=actor.user_id,
        )
    )
    session.flush()
    _record(actor, session, actions.MEMBER_ADDED, user_id, {"compartment": str(compartment_id)})


def remove_member(actor: Actor, session: Session, *, compartment_id: UUID, user_id: UUID) -> None:
    """Take somebody out of a compartment now; raises `NotFound`."""
    _require_manager_of_another(actor, user_id)
    memberships = _find_memberships(session, compartment_id, user_id)
    if not memberships:
        raise NotFound(rule="no_such_member")
    for membership in memberships:
        membership.ends_at = clock.now()
    session.flush()
    _record(actor, session, actions.MEMBER_REMOVED, user_id, {"compartment": str(compartment_id)})


def create_first_user(session: Session, *, username: str, display_name: str) -> UUID:
    """The first account of an installation, an operator at the top of the tree; once, and never again.

    Raises `Conflict` as soon as any account exists, closed ones too: accounts are never deleted.
    """
    _lock(session, _FIRST_ADMINISTRATOR_LOCK)  # two consoles at once would both find nobody
    if session.scalar(select(func.count()).select_from(UserRow)):
        raise Conflict("There is an administrator already. Ask them to create your account.")
    console = console_actor(session)
    user_id = create_user(console, session, username=username, display_name=display_name)
    grant_post(console, session, user_id=user_id, function="operator", unit_id=console.posts[0].unit_id)
    return user_id


def end_sessions_of(session: Session, user_id: UUID) -> int:
    """End every open session of somebody; the number ended."""
    ended = update(SessionRow).where(SessionRow.user_id == user_id, SessionRow.ended_at.is_(None))
    found = session.execute(ended.values(ended_at=clock.now()).returning(SessionRow.id))
    return len(found.all())


def _lock(session: Session, number: int) -> None:
    """Let one transaction at a time past this point, until it ends."""
    options = {"unscoped": "an advisory lock reads no row"}
    session.execute(select(func.pg_advisory_xact_lock(number)), execution_options=options)


def _compartments(session: Session) -> tuple[Compartment, ...]:
    members = (
        select(func.count(func.distinct(CompartmentMemberRow.user_id)))
        .where(CompartmentMemberRow.compartment_id == CompartmentRow.id)
        .where(is_in_force(CompartmentMemberRow, clock.now()))
        .scalar_subquery()
    )
    found = [
        Compartment(id=row.id, name=open_compartment_name(session, row), members=count)
        for row, count in session.execute(select(CompartmentRow, members))
    ]
    return tuple(sorted(found, key=lambda one: [sort_key(word) for word in one.name.split()]))


def _find_memberships(session: Session, compartment_id: UUID, user_id: UUID) -> Sequence[CompartmentMemberRow]:
    # A membership that somebody put there past this product must not keep a true one from being ended.
    statement = select(CompartmentMemberRow).where(
        CompartmentMemberRow.compartment_id == compartment_id,
        CompartmentMemberRow.user_id == user_id,
        CompartmentMemberRow.ends_at.is_(None),
    )
    return [row for (row,) in rows_that_fit(session, statement)]


def _get_user(session: Session, user_id: UUID) -> UserRow:
    user = session.get(UserRow, user_id)
    if user is None:
        raise NotFound(rule="no_such_person")
    return user


def _require_manager(actor: Actor) -> None:
    if not may(actor, "user.manage"):
        raise NotPermitted("Only an operator manages accounts.", rule="user.manage")


def _require_manager_of_another(actor: Actor, user_id: UUID) -> None:
    _require_manager(actor)
    if actor.user_id == user_id:
        raise NotPermitted("Nobody changes their own rights. Ask another operator.", rule="own_rights")


def _field(name: str, said: Message) -> RuleRefused:
    return RuleRefused(said, rule=name, fields={name: (said,)})


def _record(actor: Actor, session: Session, action: str, user_id: UUID, said: Mapping[str, object]) -> None:
    record_act(actor, session, action, object=ObjectRef("user", user_id), sensitive=said or None)
