"""From the words of a command to a dated event of a unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from intelhub.cli.opening import CommandRefused
from intelhub.organisation import Directory, EventKind, Identity, Tree, Unit, UnitEvent, UnitKind, event_id, unit_id
from intelhub.platform.messages import Message


def event_of(
    directory: Directory, kind: str, code: str, day: date, said: Mapping[str, Any]
) -> tuple[UnitEvent, Identity | None]:
    """The event, and the unit it founds if it founds one; raises `CommandRefused` for a code nobody has."""
    founded = _identity(directory, code, said) if kind == EventKind.FOUNDED else None
    unit = founded.id if founded else unit_named(directory.ever, code).id
    event = UnitEvent(
        id=event_id(unit, EventKind(kind), day),
        unit_id=unit,
        kind=EventKind(kind),
        on=day,
        name=said["name"],
        name_en=said["name_en"],
        short_name=said["short_name"],
        parent_id=unit_named(directory.ever, said["parent"]).id if said["parent"] else None,
        successors=tuple(unit_named(directory.ever, heir).id for heir in said["into"]),
        basis=said["basis"],
    )
    return event, founded


def unit_named(tree: Tree, code: str) -> Unit:
    """The unit of a code; raises `CommandRefused`."""
    unit = tree.find(code)
    if unit is None:
        raise CommandRefused(Message("There is no unit “%(code)s”. See “intelhub org list”.", {"code": code}))
    return unit


def _identity(directory: Directory, code: str, said: Mapping[str, Any]) -> Identity:
    kinds = [kind.value for kind in UnitKind]
    if said["tier"] is None or said["unit_kind"] not in kinds:
        raise CommandRefused(
            Message("A founded unit needs --tier and --unit-kind, one of: %(kinds)s.", {"kinds": ", ".join(kinds)})
        )
    return Identity(
        id=unit_id(directory.template, code.strip().upper()),
        code=code.strip().upper(),
        tier=said["tier"],
        kind=UnitKind(said["unit_kind"]),
    )
