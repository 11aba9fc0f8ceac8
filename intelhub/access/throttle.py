"""How failed sign-ins slow the next ones down, by name and by address, whether or not the name exists.

The table knows names and addresses only as keyed digests. The count of a name is taken before its password is looked
at, so that attempts in parallel wait for each other instead of sharing one free try.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intelhub.access.models import ThrottleRow
from intelhub.crypto import vault_of

FREE_TRIES_OF_NAME = 5
FREE_TRIES_OF_ADDRESS = 30
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
_FIRST_WAIT = timedelta(seconds=2)
_MOST_DOUBLINGS = 12
# Not the present moment: another process whose clock was read a little earlier would take it for a wait.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def key_of_name(session: Session, username: str) -> bytes:
    """The digest under which a username's failures are kept."""
    return _key(session, b"name", username)


def key_of_address(session: Session, address: str) -> bytes:
    """The digest under which a network address's failures are kept."""
    return _key(session, b"address", address)


def key_of_account(session: Session, user_id: UUID) -> bytes:
    """The digest under which failures of somebody who is signed in already are kept."""
    return _key(session, b"account", str(user_id))


def wait_of(session: Session, *keys: bytes, now: datetime) -> timedelta:
    """How long the slowest of these keys must still wait; zero when none must."""
    until = session.scalar(select(func.max(ThrottleRow.blocked_until)).where(ThrottleRow.key_digest.in_(keys)))
    return max(until - now, timedelta()) if until else timedelta()


def take_try(session: Session, key: bytes, free_tries: int, now: datetime) -> timedelta:
    """Count one failure in advance; the answer is how long to wait first, and a try made too early is not counted.

    Holds the key until the transaction ends. From the last free try on, each failure doubles the wait.
    """
    fresh = insert(ThrottleRow).values(key_digest=key, failures=1, last_failed_at=now, blocked_until=_NEVER)
    counted = case(
        (ThrottleRow.blocked_until > now, ThrottleRow.failures),
        (ThrottleRow.last_failed_at < now - FORGOTTEN_AFTER, 1),
        else_=ThrottleRow.failures + 1,
    )
    statement = fresh.on_conflict_do_update(
        index_elements=[ThrottleRow.key_digest], set_={"failures": counted, "last_failed_at": now}
    ).returning(ThrottleRow.failures, ThrottleRow.blocked_until)
    options = {"unscoped": "a throttle belongs to nobody who is signed in"}
    failures, blocked_until = session.execute(statement, execution_options=options).one()
    if blocked_until > now:
        return max(blocked_until - now, timedelta())
    if failures >= free_tries:
        wait = min(_FIRST_WAIT * 2 ** min(failures - free_tries, _MOST_DOUBLINGS), LONGEST_WAIT)
        session.execute(update(ThrottleRow).where(ThrottleRow.key_digest == key).values(blocked_until=now + wait))
    return timedelta()


def forget(session: Session, key: bytes) -> None:
    """Begin again at zero, after a sign-in that succeeded."""
    session.execute(
        update(ThrottleRow).where(ThrottleRow.key_digest == key).values(failures=0, blocked_until=_NEVER),
    )


def _key(session: Session, kind: bytes, value: str) -> bytes:
    return hmac.digest(vault_of(session).derive(b"sign-in throttle"), kind + b"\0" + value.encode(), "sha256")
