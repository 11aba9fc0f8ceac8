"""Signing in, and the sessions that come of it: an opaque token outside, its digest inside.

A refusal is returned and not raised, because the count and the entry it leaves must be committed. No answer, and no
amount of work, may tell whether a name exists.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from intelhub.access import actions, factors, throttle
from intelhub.access.credentials import find_account, open_secret, use_recovery_code, use_totp_step
from intelhub.access.domain import (
    LiveSession,
    Person,
    PlaceRule,
    SeenElsewhere,
    SessionLimits,
    SignedIn,
    SignInRefused,
    Strength,
)
from intelhub.access.models import CredentialsRow, SessionRow, UserRow
from intelhub.access.names import fold_username
from intelhub.access.policy import current_policy
from intelhub.access.queries import (
    find_live_session,
    list_compartments_of,
    open_credentials,
    person_of,
    posts_of,
)
from intelhub.access.scope import NOBODY
from intelhub.audit import ObjectRef, record_act
from intelhub.crypto import vault_of
from intelhub.organisation import load_directory, today
from intelhub.platform import clock
from intelhub.platform.actor import Actor, Place
from intelhub.platform.errors import NotFound, NotPermitted
from intelhub.platform.messages import Message

_NOT_RIGHT = Message("The name, the password or the code is not right.")
_TOO_MANY = Message("Too many attempts. Wait a little and try again.")
_ELSEWHERE = Message("This account signs in on site only.")
_OFF_PREMISES = Message("You are not on the premises' network. Choose to work from elsewhere.")
_DEFAULT_LIMITS = SessionLimits()
_FAMILIES = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl", "python")


def _anywhere(place: Place) -> bool:
    """Where the networks of the premises are not known, every place may be said from everywhere."""
    del place
    return True


def sign_in(
    session: Session,
    *,
    username: str,
    password: str,
    second_factor: str = "",
    place: Place,
    address: str,
    user_agent: str = "",
    request_id: UUID | None = None,
    limits: SessionLimits = _DEFAULT_LIMITS,
    admits: Callable[[Place], bool] = _anywhere,
) -> SignedIn | SignInRefused:
    """Sign somebody in with a password and, once set up, a one-time or recovery code; commit in both cases.

    `admits` says for which places the network counts that the request came from.
    """
    now = clock.now()
    folded = fold_username(username)
    name_key, address_key = throttle.key_of_name(session, folded), throttle.key_of_address(session, address)
    wait = throttle.wait_of(session, address_key, now=now) or throttle.take_try(
        session, name_key, throttle.FREE_TRIES_OF_NAME, now
    )
    if wait:
        _record_refusal(session, "throttled", None, folded, address, place, request_id)
        return SignInRefused(message=_TOO_MANY, wait=wait)
    if not admits(place):
        # Before the proof: nobody elsewhere may try passwords against what only the premises may open.
        throttle.take_try(session, address_key, throttle.FREE_TRIES_OF_ADDRESS, now)
        _record_refusal(session, "place_network", None, folded, address, place, request_id)
        return SignInRefused(message=_OFF_PREMISES, field="place")
    user, credentials = find_account(session, folded)
    strength, failed = _prove(session, user, credentials, password, second_factor, now)
    if user is None or strength is None:
        throttle.take_try(session, address_key, throttle.FREE_TRIES_OF_ADDRESS, now)
        _record_refusal(session, failed, user.id if user else None, folded, address, place, request_id)
        return SignInRefused(message=_NOT_RIGHT)
    if not PlaceRule(user.place_rule).allows(place):
        _record_refusal(session, "place_rule", user.id, folded, address, place, request_id)
        return SignInRefused(message=_ELSEWHERE, field="place")
    throttle.forget(session, name_key)
    if credentials and credentials.password_hash and factors.needs_rehash(credentials.password_hash):
        credentials.password_hash = factors.hash_password(password)
    return _open_session(session, user, place, strength, address, user_agent, request_id, limits)


def open_session_for_persona(
    session: Session,
    *,
    username: str,
    place: Place = Place.ONSITE,
    address: str = "",
    user_agent: str = "",
    request_id: UUID | None = None,
    limits: SessionLimits = _DEFAULT_LIMITS,
) -> SignedIn:
    """One click signs in as an invented person; only under a demo key. Raises `NotPermitted` or `NotFound`."""
    if not vault_of(session).is_demo:
        raise NotPermitted("This is no demonstration.", rule="not_a_demo")
    user = session.scalar(select(UserRow).where(UserRow.username == fold_username(username), UserRow.is_active))
    if user is None:
        raise NotFound(rule="no_such_person")
    return _open_session(session, user, place, Strength.DEMO, address, user_agent, request_id, limits)


def resolve_session(
    session: Session,
    token: str,
    *,
    request_id: UUID | None = None,
    limits: SessionLimits = _DEFAULT_LIMITS,
    admits: Callable[[Place], bool] = _anywhere,
) -> LiveSession | SeenElsewhere | None:
    """Who acts under a token now, with the rights of this moment; None when it is unknown, ended, idle or too old.

    `admits` says for which places the network counts that the token came from; for another one the session is
    nobody's, nor kept alive. Raises `Tampered` when the session, or any right of the person, is not as this product
    wrote it.
    """
    now = clock.now()
    found = find_live_session(session, factors.token_digest(token), now)
    if found is None:
        return None
    row, person, compartments = found
    strength = Strength(row.strength)
    if strength is Strength.DEMO and not vault_of(session).is_demo:
        raise row.misfit()  # it lifts the ceiling, and no process with these keys opened it
    # Limits that were made tighter hold for the sessions that are open already.
    last_moment = min(row.expires_at, row.created_at + limits.absolute)
    last_seen = row.last_seen_at
    if now > min(last_moment, last_seen + limits.idle) or not person.place_rule.allows(Place(row.place)):
        return None
    if not admits(Place(row.place)):
        return SeenElsewhere(session_id=row.id, user_id=row.user_id, place=Place(row.place))
    if now - last_seen >= limits.touched_every:
        # Not through the row: two requests at once would wait for each other's version of it.
        session.execute(update(SessionRow).where(SessionRow.id == row.id).values(last_seen_at=now))
        last_seen = now
    actor = _actor(session, person, compartments, Place(row.place), strength, row.id, request_id)
    return LiveSession(actor=actor, ends_at=min(last_moment, last_seen + limits.idle))


def end_session_seen_elsewhere(
    session: Session, seen: SeenElsewhere, *, address: str, request_id: UUID | None = None
) -> None:
    """End a session of the premises whose token came from elsewhere, and write down whose and from where.

    A token is copied more often than a desk moves: whoever still sits there signs in again.
    """
    ended = (
        update(SessionRow)
        .where(SessionRow.id == seen.session_id, SessionRow.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(SessionRow.id)
    )
    if session.scalar(ended) is None:
        return  # another request of the same moment was first
    record_act(
        Actor(user_id=NOBODY.user_id, username="", place=seen.place, request_id=request_id),
        session,
        actions.SESSION_SEEN_ELSEWHERE,
        object=ObjectRef("user", seen.user_id),
        decision="deny",
        rule="place_network",
        sensitive={"address": address, "session": str(seen.session_id)},
    )


def actor_named(
    session: Session, username: str, *, place: Place = Place.ONSITE, request_id: UUID | None = None
) -> Actor:
    """Somebody for a command run in their name at the console, without a session; raises `NotFound`.

    Their ceiling is that of a sign-in with one-time codes, or without cap under a demo key.
    """
    strength = Strength.DEMO if vault_of(session).is_demo else Strength.TOTP
    user = session.scalar(select(UserRow).where(UserRow.username == fold_username(username), UserRow.is_active))
    if user is None:
        raise NotFound(rule="no_such_person")
    compartments = list_compartments_of(session, user.id)
    return _actor(session, person_of(session, user), compartments, place, strength, None, request_id)


def actor_at_own_desk(session: Session, user_id: UUID, *, request_id: UUID | None = None) -> Actor | None:
    """Somebody as signing in on site would make them now, for what the system looks up in their name; None if closed.

    Their ceiling is that of the factors they have set up, or without cap under a demo key. Raises `Tampered` when any
    right of theirs is not as this product wrote it.
    """
    user = session.scalar(select(UserRow).where(UserRow.id == user_id, UserRow.is_active))
    if user is None:
        return None
    credentials = open_credentials(session, user_id)
    if vault_of(session).is_demo:
        strength = Strength.DEMO
    else:
        strength = Strength.TOTP if credentials and credentials.totp_sealed else Strength.PASSWORD
    compartments = list_compartments_of(session, user_id)
    return _actor(session, person_of(session, user), compartments, Place.ONSITE, strength, None, request_id)


def end_session(actor: Actor, session: Session, session_id: UUID) -> None:
    """End one of one's own sessions, here or elsewhere; raises `NotFound`."""
    ended = (
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.user_id == actor.user_id, SessionRow.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(SessionRow.id)
    )
    if session.scalar(ended) is None:
        raise NotFound(rule="no_such_session")
    record_act(actor, session, actions.SESSION_ENDED, object=ObjectRef("session", session_id))


def end_other_sessions(actor: Actor, session: Session) -> int:
    """End every open session of one's own but this one; the number ended."""
    ended = (
        update(SessionRow)
        .where(
            SessionRow.user_id == actor.user_id,
            SessionRow.ended_at.is_(None),
            SessionRow.id.is_distinct_from(actor.session_id),
        )
        .values(ended_at=clock.now())
        .returning(SessionRow.id)
    )
    found = session.scalars(ended).all()
    for session_id in found:
        record_act(actor, session, actions.SESSION_ENDED, object=ObjectRef("session", session_id))
    return len(found)


def _prove(
    session: Session,
    user: UserRow | None,
    credentials: CredentialsRow | None,
    password: str,
    second_factor: str,
    now: datetime,
) -> tuple[Strength | None, str]:
    """How strongly the person proved to be who they say, or None and which proof failed (for the log alone)."""
    has_password = factors.is_password(credentials.password_hash if credentials else None, password)
    if user is None or credentials is None:
        return None, "unknown"
    step = None
    if credentials.totp_sealed is not None:
        step = factors.matching_step(open_secret(session, user.id, credentials.totp_sealed), second_factor, now)
    if not has_password or not user.is_active:
        return None, "inactive" if has_password else "password"
    if credentials.totp_sealed is None:
        return Strength.PASSWORD, ""
    failed = _spend_factor(session, user, step, second_factor, now)
    return (None, failed) if failed else (Strength.TOTP, "")


def _spend_factor(session: Session, user: UserRow, step: int | None, second_factor: str, now: datetime) -> str:
    """Spend the time step that was matched, or a recovery code; empty when it was good, else what failed."""
    if step is not None:
        return "" if use_totp_step(session, user.id, step) else "totp_replayed"
    if factors.is_totp_form(second_factor) or not use_recovery_code(session, user.id, second_factor, now):
        return "second_factor"
    _act_as(session, user.id)
    actor = Actor(user_id=user.id, username=user.username)
    record_act(actor, session, actions.RECOVERY_CODE_USED, object=ObjectRef("user", user.id))
    return ""


def _open_session(
    session: Session,
    user: UserRow,
    place: Place,
    strength: Strength,
    address: str,
    user_agent: str,
    request_id: UUID | None,
    limits: SessionLimits,
) -> SignedIn:
    now = clock.now()
    token, digest = factors.new_token()
    row = SessionRow(
        id=uuid4(),
        token_digest=digest,
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + limits.absolute,
        ended_at=None,
        place=place.value,
        strength=strength.value,
        user_agent_family=_family(user_agent),
    )
    session.add(row)
    session.flush()
    compartments = list_compartments_of(session, user.id)
    actor = _actor(session, person_of(session, user), compartments, place, strength, row.id, request_id)
    _act_as(session, user.id)
    record_act(
        actor,
        session,
        actions.SIGNED_IN,
        object=ObjectRef("session", row.id),
        rule=strength.value,
        sensitive={"address": address},
    )
    return SignedIn(token=token, actor=actor)


def _actor(
    session: Session,
    person: Person,
    compartments: frozenset[UUID],
    place: Place,
    strength: Strength,
    session_id: UUID | None,
    request_id: UUID | None,
) -> Actor:
    policy = current_policy()
    clearance = person.clearance_on(today())
    return Actor(
        user_id=person.id,
        username=person.username,
        display_name=person.display_name,
        posts=posts_of(load_directory(session), person.posts),
        clearance=clearance,
        ceiling=min(clearance, policy.place_ceiling(place), policy.strength_ceiling(strength.value)),
        compartments=compartments,
        place=place,
        session_id=session_id,
        request_id=request_id,
    )


def _act_as(session: Session, user_id: UUID) -> None:
    """From here on this transaction's entries are the person's own: they have proved who they are."""
    named = select(func.set_config("intelhub.actor", str(user_id), True))
    session.flush()
    session.execute(named, execution_options={"unscoped": "says who has just signed in"})


def _record_refusal(
    session: Session,
    rule: str,
    user_id: UUID | None,
    username: str,
    address: str,
    place: Place,
    request_id: UUID | None,
) -> None:
    # What was typed as a name may be a password typed into the wrong field: the entry has it sealed only.
    record_act(
        Actor(user_id=NOBODY.user_id, username="", place=place, request_id=request_id),
        session,
        actions.SIGN_IN_REFUSED,
        object=ObjectRef("user", user_id) if user_id else None,
        decision="deny",
        rule=rule,
        sensitive={"username": username[:200], "address": address},
    )


def _family(user_agent: str) -> str:
    """The browser's family and nothing that would tell one machine from another."""
    return next((family for family in _FAMILIES if family in user_agent), "")
