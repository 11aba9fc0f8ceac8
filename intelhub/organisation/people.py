"""Where the application says who holds which duty function at a unit; the organisation itself knows no people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor

Holder = tuple[str, str, date | None]
"""Function in the reader's language, display name, and the last day of the post (None: no end is set)."""

PeopleLookup = Callable[[Session, Actor, UUID], Sequence[Holder]]


def _nobody(_session: Session, _actor: Actor, _unit_id: UUID) -> Sequence[Holder]:
    return ()


_registered: list[PeopleLookup] = [_nobody]


def register_people(lookup: PeopleLookup) -> None:
    """Let unit pages name people: `lookup(session, actor, unit_id)` returns whom this actor may see, in order of rank.

    A later call replaces the earlier one. Who may see whom is decided by the lookup, never here.
    """
    _registered[0] = lookup


def forget_people() -> None:
    """Name nobody on unit pages again, as before `register_people`."""
    _registered[0] = _nobody


def list_people_at(actor: Actor, session: Session, unit_id: UUID) -> tuple[Holder, ...]:
    """Who holds a duty function at a unit, as far as this actor may see; empty while nobody registered a lookup."""
    return tuple(_registered[0](session, actor, unit_id))
