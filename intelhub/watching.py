"""What the worker does for people who watch searches: it looks in their name, with their rights of that moment."""

from __future__ import annotations

import time
from uuid import UUID, uuid4

import structlog

from intelhub.access import NOBODY, RightMisfit, actor_at_own_desk, may, raise_alarm, scope_for
from intelhub.app import House
from intelhub.records import list_watched_ids, list_watchers, look_again
from intelhub.system import WORKER, SystemScope

_log = structlog.get_logger(__name__)
_LOOKING_SECONDS = 45.0


def look_for_watchers(
    house: House, desk: House, *, after: UUID | None = None, seconds: float = _LOOKING_SECONDS
) -> UUID | None:
    """Look every watched search through, each with its owner's rights in a transaction of its own.

    Whose they are the worker's role may know; what they ask and find is the owner's, and `desk` is a house in the
    application's role, where row-level security holds for them as in their own session. When time is up: whom it
    reached last, behind whom the next round begins.
    """
    until = time.monotonic() + seconds
    with house.units.begin(WORKER, SystemScope()) as session:
        watchers = list_watchers(session)
    for user_id in (one for one in watchers if after is None or one > after):
        if time.monotonic() >= until:
            return after
        after = user_id
        try:
            _look_for(desk, user_id)
        except RightMisfit as found:
            with desk.units.begin(NOBODY, scope_for(NOBODY)) as session:
                raise_alarm(NOBODY, session, found)
        except Exception as error:  # noqa: BLE001 - what goes wrong for one must not silence the others
            _log.error("watched searches could not be looked through", kind=type(error).__name__)
    return None


def _look_for(desk: House, user_id: UUID) -> None:
    with desk.units.begin(NOBODY, scope_for(NOBODY)) as session:
        actor = actor_at_own_desk(session, user_id, request_id=uuid4())
    if actor is None or not may(actor, "record.search"):
        return
    with desk.units.begin(actor, scope_for(actor)) as session:
        watched = list_watched_ids(actor, session)
    for view_id in watched:
        try:
            with desk.units.begin(actor, scope_for(actor)) as session:
                look_again(actor, session, view_id)
        except Exception as error:  # noqa: BLE001 - nor one search the others of the same person
            # The kind alone: the words of an error may quote what was asked.
            _log.error("a watched search could not be looked through", kind=type(error).__name__)
