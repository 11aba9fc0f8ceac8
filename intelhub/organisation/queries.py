"""Every SELECT of the organisation; the whole tree is read at once and kept until something in it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intelhub.organisation.domain import Directory, EventKind, Identity, Tier, Tree, Unit, UnitEvent, UnitKind
from intelhub.organisation.models import OrganisationRow, TierRow, UnitEventRow, UnitRow
from intelhub.organisation.sealing import DirectoryMisfit, is_sealed
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, Unavailable

_KEPT_DIRECTORIES = 4
_TRIES = 3
_LONGEST_TYPED = 100
_ASKED = "organisation.directory"
_HANDED_ON = "handed on"
_DIRECTORY_DATA = {"unscoped": "which state of the directory is in force; nobody's content"}
_STAMP = select(OrganisationRow.stamp)
_SEALED_STATE = select(OrganisationRow.template, OrganisationRow.stamp, OrganisationRow.seal)
STAMP_IN_FORCE = _STAMP.scalar_subquery()
"""For a statement that asks for something else as well; see `load_directory`."""
_kept: dict[UUID, Directory] = {}


def today() -> date:
    """The day it is in Vietnam: on which a dated change begins to hold."""
    return clock.now().astimezone(clock.HANOI).date()


def load_directory(session: Session, *, stamp: UUID | None = None) -> Directory:
    """The organisation through time; raises `Unavailable` while none is loaded.

    Asks the database for the stamp alone, once a transaction, unless the caller has just done so: a page that names
    fifty units asks no more than one that names none. It takes no actor: an actor's posts are worked out from it, and
    everybody signed in knows the tree.
    """
    transaction, known = session.info.get(_ASKED, (None, None))
    if known is not None and transaction in (_HANDED_ON, session.get_transaction()):
        return cast("Directory", known)
    stamp = stamp or session.scalar(_STAMP, execution_options=_DIRECTORY_DATA)
    if stamp is None:
        raise Unavailable("No organisation is loaded yet. Run “intelhub org load”.")
    directory = _kept.get(stamp)
    if directory is None:
        directory = read_directory(session)
        while len(_kept) >= _KEPT_DIRECTORIES:
            _kept.pop(next(iter(_kept)), None)
        _kept[stamp] = directory
    session.info[_ASKED] = (session.get_transaction(), directory)
    return directory


def hand_on_directory(session: Session) -> Mapping[str, object]:
    """For the next unit of work of the same request: its pages name units by the tree its actor's rights rest on."""
    return {_ASKED: (_HANDED_ON, load_directory(session))}


def forget_directory(session: Session) -> None:
    """Ask again in this transaction: it has changed the organisation itself."""
    session.info.pop(_ASKED, None)


def read_directory(session: Session) -> Directory:
    """The organisation as the database has it now, past the cache.

    Raises `Unavailable` while none is loaded, `DirectoryMisfit` when it is not the one that was sealed.
    """
    for _ in range(_TRIES):
        found = session.execute(_SEALED_STATE).one_or_none()
        if found is None:
            raise Unavailable("No organisation is loaded yet. Run “intelhub org load”.")
        template, stamp, seal = found
        rows = read_rows(session)
        if is_sealed(session, template, stamp, chain(*rows), seal):
            return _directory(template, *rows)
        if session.scalar(_STAMP, execution_options=_DIRECTORY_DATA) == stamp:
            break  # else somebody changed it between two of these questions
        session.expire_all()
    raise DirectoryMisfit


def _directory(
    template: str, tiers: Iterable[TierRow], units: Iterable[UnitRow], events: Iterable[UnitEventRow]
) -> Directory:
    return Directory(
        template=template,
        tiers=[Tier(tier=row.tier, name=row.name, name_en=row.name_en) for row in tiers],
        units=[_identity(row) for row in units],
        events=[_event(row) for row in events],
    )


def read_rows(session: Session) -> tuple[Sequence[TierRow], Sequence[UnitRow], Sequence[UnitEventRow]]:
    """Every row of the tiers, of the units and of what happened to them."""
    return (
        session.scalars(select(TierRow)).all(),
        session.scalars(select(UnitRow)).all(),
        session.scalars(select(UnitEventRow)).all(),
    )


def load_tree(actor: Actor, session: Session, *, day: date | None = None) -> Tree:
    """The tree of today or of another day."""
    del actor  # everybody signed in may see the directory
    return load_directory(session).as_of(day or today())


def find_unit(actor: Actor, session: Session, key: UUID | str) -> Unit | None:
    """The unit of an id or a code as it stands today, a closed one as it last stood, or None."""
    del actor
    directory = load_directory(session)
    return directory.as_of(today()).find(key) or directory.ever.find(key)


def get_unit(actor: Actor, session: Session, key: UUID | str) -> Unit:
    """The unit of an id or a code as it stands today, a closed one as it last stood; raises `NotFound`."""
    unit = find_unit(actor, session, key)
    if unit is None:
        raise NotFound(rule="no_such_unit")
    return unit


def find_unit_meant(session: Session, typed: str) -> Unit | None:
    """The unit of a code, or the only one whose name is meant by what somebody typed."""
    units = load_directory(session).ever
    found = units.search(typed[:_LONGEST_TYPED], limit=2)
    return units.find(typed) or (found[0] if len(found) == 1 else None)


def list_units(
    actor: Actor, session: Session, *, day: date | None = None, kind: UnitKind | None = None
) -> tuple[Unit, ...]:
    """The units that stand on a day, by tier and code."""
    units = load_tree(actor, session, day=day).units
    return units if kind is None else tuple(unit for unit in units if unit.kind is kind)


def search_units(actor: Actor, session: Session, text: str, *, limit: int = 20) -> tuple[Unit, ...]:
    """The units of today that a typed text means, with or without diacritics; see `Tree.search`."""
    return load_tree(actor, session).search(text, limit=limit)


def _identity(row: UnitRow) -> Identity:
    return Identity(
        id=row.id,
        code=row.code,
        other_codes=tuple(row.other_codes),
        tier=row.tier,
        kind=UnitKind(row.kind),
        specialised=row.specialised,
        force=row.force,
        area=row.area,
        confirmed=row.confirmed,
    )


def _event(row: UnitEventRow) -> UnitEvent:
    return UnitEvent(
        id=row.id,
        unit_id=row.unit_id,
        kind=EventKind(row.kind),
        on=row.on,
        name=row.name,
        name_en=row.name_en,
        short_name=row.short_name,
        parent_id=row.parent_id,
        successors=tuple(row.successors),
        basis=row.basis,
        confirmed=row.confirmed,
    )
