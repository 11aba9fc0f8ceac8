"""How a person chooses a password and sets up one-time codes; operators issue setup codes and never passwords."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from intelhub.access import actions, factors, throttle
from intelhub.access.decision import may
from intelhub.access.domain import SETUP_CODE_LIMIT, OwnFactors, SignInRefused, TotpEnrolment
from intelhub.access.misfits import raise_alarm
from intelhub.access.models import CredentialsRow, RecoveryCodeRow, UserRow
from intelhub.access.names import fold_username
from intelhub.access.people import end_sessions_of
from intelhub.access.queries import list_recovery_codes, open_credentials
from intelhub.access.scope import NOBODY
from intelhub.access.seals import RightMisfit
from intelhub.audit import ObjectRef, record_act
from intelhub.crypto import open_blob, seal_blob, vault_of
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, NotPermitted, RuleRefused, TooManyRequests
from intelhub.platform.messages import Message

_TOTP_PURPOSE = b"one-time code secrets"
_CODE_PURPOSE = b"codes typed once"
_RECOVERY, _SETUP = b"recovery", b"setup"


def set_password(actor: Actor, session: Session, *, current: str, new: str) -> None:
    """Change one's own password; every session of the person ends. Raises `RuleRefused`."""
    credentials = _check_current(actor, session, current)
    factors.check_new_password(new, actor.username)
    _put_password(credentials, new)
    session.flush()
    end_sessions_of(session, actor.user_id)
    record_act(actor, session, actions.PASSWORD_SET, object=ObjectRef("user", actor.user_id))


def issue_setup_code(actor: Actor, session: Session, user_id: UUID) -> str:
    """A code, good once within three days, with which a person chooses a password; told to them in person.

    Whoever forgot the password gets one too: the old password and all sessions end when it is used, not before.
    """
    if not may(actor, "user.manage"):
        raise NotPermitted("Only an operator manages accounts.", rule="user.manage")
    if actor.user_id == user_id:
        raise NotPermitted("Nobody changes their own rights. Ask another operator.", rule="own_rights")
    if session.get(UserRow, user_id) is None:
        raise NotFound(rule="no_such_person")
    code = factors.new_code()
    credentials = _open_or_begin(session, user_id)
    credentials.setup_code_digest = _code_digest(session, _SETUP, code)
    credentials.setup_code_expires_at = clock.now() + SETUP_CODE_LIMIT
    session.flush()
    record_act(actor, session, actions.SETUP_CODE_ISSUED, object=ObjectRef("user", user_id))
    return code


def redeem_setup_code(
    session: Session, *, username: str, code: str, new_password: str, address: str
) -> SignInRefused | None:
    """Choose a password with a setup code; None when it is done. Commit in both cases: tries are counted.

    The answer is the same whether the name or the code is wrong. A new password that breaks a rule raises
    `RuleRefused` before anything is looked at.
    """
    folded = fold_username(username)
    factors.check_new_password(new_password, folded)
    now = clock.now()
    name_key, address_key = throttle.key_of_name(session, folded), throttle.key_of_address(session, address)
    wait = throttle.wait_of(session, address_key, now=now) or throttle.take_try(
        session, name_key, throttle.FREE_TRIES_OF_NAME, now
    )
    if wait:
        return SignInRefused(message=Message("Too many attempts. Wait a little and try again."), wait=wait)
    user, credentials = find_account(session, folded)
    given = _code_digest(session, _SETUP, code)
    kept = credentials.setup_code_digest if credentials else None
    is_right = hmac.compare_digest(given, kept or bytes(len(given))) and user is not None and user.is_active
    if not (user and credentials and kept and is_right and _is_before(now, credentials.setup_code_expires_at)):
        throttle.take_try(session, address_key, throttle.FREE_TRIES_OF_ADDRESS, now)
        record_act(NOBODY, session, actions.SIGN_IN_REFUSED, decision="deny", rule="setup_code")
        return SignInRefused(message=Message("The name or the code is not right, or the code is too old."))
    _put_password(credentials, new_password)
    credentials.setup_code_digest = credentials.setup_code_expires_at = None
    session.flush()
    throttle.forget(session, name_key)
    end_sessions_of(session, user.id)
    record_act(NOBODY, session, actions.PASSWORD_SET, object=ObjectRef("user", user.id), rule="setup_code")
    return None


def set_first_password(session: Session, user_id: UUID, password: str) -> None:
    """The password of an account that has none yet, typed by its owner at the console; raises `RuleRefused`."""
    user = session.get(UserRow, user_id)
    if user is None:
        raise NotFound(rule="no_such_person")
    factors.check_new_password(password, user.username)
    credentials = _open_or_begin(session, user_id)
    if credentials.password_hash is not None:
        raise NotPermitted("This account has a password already.", rule="password_exists")
    _put_password(credentials, password)
    session.flush()
    record_act(NOBODY, session, actions.PASSWORD_SET, object=ObjectRef("user", user_id), rule="console")


def enrol_totp(actor: Actor, session: Session, *, password: str) -> TotpEnrolment:
    """Begin to set up one-time codes; nothing changes at sign-in until a first code is confirmed.

    Asks for the password again, so that an unwatched screen is not enough. Raises `RuleRefused`.
    """
    credentials = _check_current(actor, session, password)
    secret = factors.new_totp_secret()
    credentials.totp_pending_sealed = _seal_secret(session, actor.user_id, secret)
    session.flush()
    record_act(actor, session, actions.TOTP_BEGUN, object=ObjectRef("user", actor.user_id))
    address = factors.totp_address(secret, actor.username)
    return TotpEnrolment(secret=secret, address=address, qr_picture=factors.qr_picture(address))


def confirm_totp(actor: Actor, session: Session, *, code: str) -> tuple[str, ...]:
    """Put the new one-time codes in force; the ten recovery codes are shown this once. Raises `RuleRefused`."""
    credentials = open_credentials(session, actor.user_id)
    if credentials is None or credentials.totp_pending_sealed is None:
        raise _refused("code", Message("Begin again: there is no setup of one-time codes under way."))
    now = clock.now()
    step = factors.matching_step(open_secret(session, actor.user_id, credentials.totp_pending_sealed), code, now)
    if step is None:
        raise _refused("code", Message("This is not the code of this minute. Check the clock of the telephone."))
    credentials.totp_sealed, credentials.totp_pending_sealed = credentials.totp_pending_sealed, None
    credentials.totp_last_step = step
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == actor.user_id))
    codes = tuple(factors.new_code() for _ in range(factors.RECOVERY_CODES))
    for one in codes:
        digest = _code_digest(session, _RECOVERY, one)
        session.add(RecoveryCodeRow(id=uuid4(), user_id=actor.user_id, code_digest=digest, used_at=None))
    session.flush()
    record_act(actor, session, actions.TOTP_CONFIRMED, object=ObjectRef("user", actor.user_id))
    return codes


def reset_factors(actor: Actor, session: Session, user_id: UUID) -> None:
    """Remove somebody's one-time codes and end their sessions, when telephone and recovery codes are lost."""
    if not may(actor, "user.manage"):
        raise NotPermitted("Only an operator manages accounts.", rule="user.manage")
    if actor.user_id == user_id:
        raise NotPermitted("Nobody changes their own rights. Ask another operator.", rule="own_rights")
    credentials = open_credentials(session, user_id)
    if credentials is None:
        raise NotFound(rule="no_such_person")
    credentials.totp_sealed = credentials.totp_pending_sealed = credentials.totp_last_step = None
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
    session.flush()
    end_sessions_of(session, user_id)
    record_act(actor, session, actions.FACTORS_RESET, object=ObjectRef("user", user_id))


def find_account(session: Session, username: str) -> tuple[UserRow | None, CredentialsRow | None]:
    """Who signs in under a folded username, and by what they prove it; nobody where either does not fit its seal.

    The alarm is raised then, and the answer is the one to a name that nobody has: it tells no stranger of the damage.
    """
    try:
        user = session.scalar(select(UserRow).where(UserRow.username == username))
        return user, open_credentials(session, user.id if user else NOBODY.user_id)
    except RightMisfit as found:
        raise_alarm(NOBODY, session, found)
        return None, None


def use_totp_step(session: Session, user_id: UUID, step: int) -> bool:
    """Spend a time step; false when it, or a later one, was spent before (RFC 6238, 5.2).

    Of two sign-ins at once the database lets one through, so this is a statement of its own and the step is not
    sealed: whoever sets it back gains a code that was used within the last minute.
    """
    spent = (
        update(CredentialsRow)
        .where(
            CredentialsRow.user_id == user_id,
            CredentialsRow.totp_last_step.is_(None) | (CredentialsRow.totp_last_step < step),
        )
        .values(totp_last_step=step)
        .returning(CredentialsRow.user_id)
    )
    return session.scalar(spent) is not None


def use_recovery_code(session: Session, user_id: UUID, code: str, now: datetime) -> bool:
    """Spend a recovery code of the person whose credentials are open; false when it is none or was used.

    One that does not fit its seal raises the alarm and is none.
    """
    spent = (
        update(RecoveryCodeRow)
        .where(
            RecoveryCodeRow.user_id == user_id,
            RecoveryCodeRow.code_digest == _code_digest(session, _RECOVERY, code),
            RecoveryCodeRow.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCodeRow)
    )
    try:
        return session.scalar(spent) is not None
    except RightMisfit as found:
        raise_alarm(NOBODY, session, found)
        return False


def open_secret(session: Session, user_id: UUID, sealed: bytes) -> str:
    """A one-time-code secret in base32; raises `Tampered` when it is not this person's."""
    return open_blob(vault_of(session).derive(_TOTP_PURPOSE), sealed, context=user_id.bytes).decode()


def _seal_secret(session: Session, user_id: UUID, secret: str) -> bytes:
    return seal_blob(vault_of(session).derive(_TOTP_PURPOSE), secret.encode(), context=user_id.bytes)


def _code_digest(session: Session, purpose: bytes, code: str) -> bytes:
    return factors.code_digest(vault_of(session).derive(_CODE_PURPOSE), purpose, code)


def describe_factors(actor: Actor, session: Session) -> OwnFactors:
    """How the actor can prove who they are, told to themselves."""
    credentials = open_credentials(session, actor.user_id)
    if credentials is None:
        return OwnFactors()
    left = [row for row in list_recovery_codes(session, actor.user_id) if row.used_at is None]
    return OwnFactors(
        has_password=credentials.password_hash is not None,
        password_set_at=credentials.password_set_at,
        has_totp=credentials.totp_sealed is not None,
        recovery_codes_left=len(left),
    )


def _check_current(actor: Actor, session: Session, password: str) -> CredentialsRow:
    """The actor's credentials if this is their password; raises `RuleRefused` or `TooManyRequests`.

    Tries are counted in this transaction: whoever answers with the refusal commits it. Else an unwatched screen
    could be used to guess the password.
    """
    key, now = throttle.key_of_account(session, actor.user_id), clock.now()
    if throttle.take_try(session, key, throttle.FREE_TRIES_OF_NAME, now):
        raise TooManyRequests("Too many attempts. Wait a little and try again.")
    credentials = open_credentials(session, actor.user_id)
    if not factors.is_password(credentials.password_hash if credentials else None, password) or credentials is None:
        raise _refused("current", Message("This is not your present password."))
    throttle.forget(session, key)
    return credentials


def _put_password(credentials: CredentialsRow, password: str) -> None:
    credentials.password_hash = factors.hash_password(password)
    credentials.password_set_at = clock.now()


def _open_or_begin(session: Session, user_id: UUID) -> CredentialsRow:
    credentials = open_credentials(session, user_id)
    if credentials is None:
        credentials = CredentialsRow(user_id=user_id)
        session.add(credentials)
    return credentials


def _is_before(now: datetime, end: datetime | None) -> bool:
    return end is not None and now < end


def _refused(field: str, said: Message) -> RuleRefused:
    return RuleRefused(said, rule=field, fields={field: (said,)})
