"""The tree as a page draws it: branches with the number of offices below, and a unit's history in its own order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from intelhub.organisation.domain import ENDINGS, Directory, EventKind, Tree, Unit, UnitEvent, UnitKind

_OFFICES = frozenset({UnitKind.BORDER_GATE, UnitKind.INLAND})


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A unit with everything below it; `offices` and `below` count what lies below, at any depth."""

    unit: Unit
    branches: tuple[Branch, ...]
    offices: int
    below: int
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A line of a unit's history: its own event, or (`took_over`) the end of a unit that it took over from.

    `units` are the other units it is about: the successors, the new parent, or the unit taken over.
    """

    event: UnitEvent
    units: tuple[Unit, ...]
    took_over: bool = False


def outline(tree: Tree, key: UUID, opened: Collection[UUID]) -> Branch:
    """A unit and all below it, with the units in `opened` unfolded; raises `NotFound`."""
    unit = tree.get(key)
    branches = tuple(outline(tree, child.id, opened) for child in tree.children(key))
    return Branch(
        unit=unit,
        branches=branches,
        offices=sum(branch.offices + (branch.unit.kind in _OFFICES) for branch in branches),
        below=sum(branch.below + 1 for branch in branches),
        is_open=key in opened,
    )


def history_of(directory: Directory, key: UUID) -> tuple[Happening, ...]:
    """What happened to a unit and what it took over, newest first."""
    told = [Happening(event=event, units=_about(directory, event)) for event in directory.history(key)]
    told += [
        Happening(event=event, units=(directory.ever.get(event.unit_id),), took_over=True)
        for event in directory.events
        if key in event.successors
    ]
    return tuple(sorted(told, key=lambda happening: happening.event.order(), reverse=True))


def _about(directory: Directory, event: UnitEvent) -> tuple[Unit, ...]:
    if event.kind in ENDINGS:
        return tuple(directory.ever.get(heir) for heir in event.successors)
    if event.kind is EventKind.MOVED and event.parent_id is not None:
        return (directory.ever.get(event.parent_id),)
    return ()
