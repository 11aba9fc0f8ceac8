"""Loads a shipped organisation and applies dated events to it; runs under the migrator, the application only reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import chain
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intelhub.audit import SYSTEM_ACTOR_ID, record_act
from intelhub.organisation.domain import Directory, EventKind, Identity, Tier, UnitEvent
from intelhub.organisation.models import OrganisationRow, TierRow, UnitEventRow, UnitRow
from intelhub.organisation.queries import forget_directory, read_directory, read_rows
from intelhub.organisation.sealing import ORGANISATION_SEALED, seal_of
from intelhub.organisation.templates import DEFAULT_TEMPLATE, read_template
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Conflict, RuleRefused, Unavailable
from intelhub.platform.messages import Message

_SYSTEM = Actor(user_id=SYSTEM_ACTOR_ID, username="system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading a template added; zeros when everything was there."""

    units: int
    events: int


def load_template(session: Session, name: str = DEFAULT_TEMPLATE) -> Loaded:
    """Put a shipped organisation into the database, or add what a newer version of it knows more.

    What is already there stays as it is, local changes included. Raises `Conflict` when another organisation is
    loaded, `RuleRefused` when there is no template of this name or its news contradict local events.
    """
    shipped = read_template(name)
    first = (
        insert(OrganisationRow)
        .values(row=1, template=name, stamp=uuid4(), seal=b"")
        .on_conflict_do_nothing()
        .returning(OrganisationRow.row)
    )
    is_first = session.scalar(first, execution_options={"unscoped": "directory data"}) is not None
    organisation = _lock(session)
    if organisation.template != name:
        raise Conflict(
            Message(
                "The organisation %(loaded)s is loaded already. To change it, apply dated events.",
                {"loaded": organisation.template},
            ),
            rule="organisation_loaded",
        )
    tier_rows, unit_rows, event_rows = read_rows(session)
    if not is_first or tier_rows or unit_rows or event_rows:
        read_directory(session)  # sealing what is added must not seal what was changed past this product
    known = {*(row.tier for row in tier_rows), *(row.id for row in unit_rows), *(row.id for row in event_rows)}
    tiers = [tier for tier in shipped.tiers.values() if tier.tier not in known]
    units = [unit for unit in shipped.identities.values() if unit.id not in known]
    events = [event for event in shipped.events if event.id not in known]
    session.add_all(TierRow(**asdict(tier)) for tier in tiers)
    _add(session, units, events)
    if tiers or units or events:
        _seal(session, organisation)
        if is_first:
            # From here on no migration believes an organisation without a seal.
            record_act(_SYSTEM, session, ORGANISATION_SEALED, rule=name)
        read_directory(session)  # refuses what would not hold together with local events
    return Loaded(units=len(units), events=len(events))


def apply_event(actor: Actor, session: Session, event: UnitEvent, *, founded: Identity | None = None) -> Directory:
    """Let something happen to a unit on a day, past or future; `founded` comes with an event that founds a unit.

    Raises `RuleRefused` when the tree would not hold on some day, `Conflict` when the same event is known already.
    """
    del actor  # who may do this is decided by the caller, and the audit log names them
    organisation = _lock(session)
    directory = read_directory(session)
    if any(known.id == event.id for known in directory.events):
        raise Conflict("This event is already known.", rule="organisation_event_known")
    if (founded is not None) != (event.kind is EventKind.FOUNDED) or (founded and founded.id != event.unit_id):
        raise RuleRefused("A founding event comes with the unit it founds.", rule="organisation_events")
    if founded and any(code in directory.ever.codes for code in (founded.code, *founded.other_codes)):
        raise RuleRefused(
            Message("The code %(code)s is taken. Give the unit another one.", {"code": founded.code}), rule="unit_code"
        )
    changed = directory.with_event(event, founded=founded)
    _add(session, [founded] if founded else [], [event])
    _seal(session, organisation)
    return changed


def name_tier(actor: Actor, session: Session, number: int, *, name: str = "", name_en: str = "") -> tuple[Tier, Tier]:
    """Give a tier another name in one language or both: the tier before and after.

    Raises `RuleRefused` for what is no name, its own already or another tier's.
    """
    del actor  # who may do this is decided by the caller, and the audit log names them
    organisation = _lock(session)
    directory = read_directory(session)
    before, after = directory.tier(number), directory.with_tier(number, name=name, name_en=name_en).tier(number)
    session.merge(TierRow(**asdict(after)))
    _seal(session, organisation)
    return before, after


def _seal(session: Session, organisation: OrganisationRow) -> None:
    """Let what was changed be the organisation that is in force."""
    session.flush()
    organisation.stamp = uuid4()
    organisation.seal = seal_of(session, organisation.template, organisation.stamp, chain(*read_rows(session)))
    session.flush()
    forget_directory(session)


def _lock(session: Session) -> OrganisationRow:
    """One change at a time: two that each fit the old tree need not fit together."""
    row = session.scalar(select(OrganisationRow).with_for_update())
    if row is None:
        raise Unavailable("No organisation is loaded yet. Run “intelhub org load”.")
    return row


def _add(session: Session, units: list[Identity], events: list[UnitEvent]) -> None:
    session.add_all(
        UnitRow(**(asdict(unit) | {"other_codes": list(unit.other_codes), "kind": unit.kind.value})) for unit in units
    )
    session.flush()  # before the events that refer to them
    session.add_all(
        UnitEventRow(**(asdict(event) | {"successors": list(event.successors), "kind": event.kind.value}))
        for event in events
    )
    session.flush()
