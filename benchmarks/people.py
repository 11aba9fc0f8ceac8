"""The people of a filling: in every department one who writes, one who forwards and one who grades; headquarters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub import access
from intelhub.access import NOBODY, open_session_for_persona, scope_for
from intelhub.app import House
from intelhub.organisation import Tree, Unit, load_directory, load_template, today
from intelhub.platform.actor import Actor
from intelhub.platform.database import open_engine
from intelhub.platform.unit_of_work import ActorSession, UnitsOfWork

HEADQUARTERS = "hq.analyst"
_MOST_UNITS = 6
_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who works in one department, by user id, and the units (id, code) for which records are written there."""

    department_id: UUID
    code: str
    units: tuple[tuple[UUID, str], ...]
    officer: UUID
    leader: UUID
    analyst: UUID


def load_organisation(house: House) -> None:
    """The tree of units as it is shipped."""
    engine = open_engine(house.settings.url_for("migrator"), pool_size=1)
    with Session(engine, info={"vault": house.vault}) as session:
        load_template(session)
        session.commit()
    engine.dispose()


def load_people(units: UnitsOfWork) -> None:
    """Bring everybody in through the services, once."""
    with units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
        if access.find_person(NOBODY, session, HEADQUARTERS) is not None:
            return
    with units.begin(console, scope_for(console)) as session:
        tree = load_directory(session).as_of(today())
        for department in tree.departments:
            offices = [unit.id for unit in _offices(tree, department.id)]
            specialised = tree.specialised_of(department.id) or department
            for duty, function, places in (
                ("officer", "group_officer", offices),
                ("leader", "group_leader", offices),
                ("analyst", "analyst", [specialised.id]),
            ):
                _add(console, session, f"{duty}.{department.code.lower()}", function, places)
        headquarters = tree.specialised_of(tree.root.id) or tree.root
        _add(console, session, HEADQUARTERS, "analyst", [headquarters.id])


def list_staff(units: UnitsOfWork) -> tuple[Staff, ...]:
    """Everybody again, department by department."""
    with units.begin(NOBODY, scope_for(NOBODY)) as session:
        tree = load_directory(session).as_of(today())
        ids = {person.username: person.id for person in access.list_people(NOBODY, session, limit=1000)}
        return tuple(
            Staff(
                department_id=department.id,
                code=department.code,
                units=tuple((unit.id, unit.code) for unit in _offices(tree, department.id)),
                officer=ids[f"officer.{department.code.lower()}"],
                leader=ids[f"leader.{department.code.lower()}"],
                analyst=ids[f"analyst.{department.code.lower()}"],
            )
            for department in tree.departments
        )


def sign_in(units: UnitsOfWork, username: str) -> str:
    """A session's token for the cookie, as one click in the demo gives it."""
    with units.begin(NOBODY, scope_for(NOBODY)) as session:
        return open_session_for_persona(session, username=username).token


def _offices(tree: Tree, department: UUID) -> list[Unit]:
    offices = [tree.get(one) for one in tree.descendants(department) if tree.get(one).tier == 3]
    return sorted(offices, key=lambda unit: unit.code)[:_MOST_UNITS] or [tree.get(department)]


def _add(console: Actor, session: ActorSession, username: str, function: str, places: Iterable[UUID]) -> None:
    user_id = access.create_user(console, session, username=username, display_name=f"Người {username}")
    for unit_id in places:
        access.grant_post(
            console, session, user_id=user_id, function=function, unit_id=unit_id, starts_at=_FROM, ends_at=_UNTIL
        )
    access.set_clearance(console, session, user_id=user_id, level=3, expires_on=None)
