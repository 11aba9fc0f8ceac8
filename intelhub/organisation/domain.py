"""Units, their tiers, and the dated events that found, rename, move, merge, split and close them; pure values.

A unit is an identity that never changes. Its name and its place in the tree are facts of a day: they follow from
its events, so that an old document keeps the old name and a merged unit keeps its history.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID, uuid5

from intelhub.platform.errors import NotFound, RuleRefused
from intelhub.platform.messages import Message

_NAMESPACE = UUID("6f7b0c9e-2f5d-5f0e-9a53-0c5b5a4e8d21")
_DEPARTMENT_TIER, _OFFICE_TIER = 2, 3
_LONGEST_TIER_NAME = 60  # it stands on buttons
_CROSSED_D = str.maketrans("đĐðÐ", "dddd")  # the last two are look-alikes that real name lists contain


class UnitKind(StrEnum):
    """What a unit is in the structure; what it is called is the template's business."""

    GENERAL_DEPARTMENT = "general_department"
    HQ_DEPARTMENT = "hq_department"
    DEPARTMENT = "department"
    BORDER_GATE = "border_gate"
    INLAND = "inland"
    DIVISION = "division"
    TEAM = "team"
    GROUP = "group"


class EventKind(StrEnum):
    """What can happen to a unit on a day."""

    FOUNDED = "founded"
    RENAMED = "renamed"
    MOVED = "moved"
    MERGED = "merged"
    SPLIT = "split"
    CLOSED = "closed"


ENDINGS = frozenset({EventKind.MERGED, EventKind.SPLIT, EventKind.CLOSED})


def _in_language(locale: str, vi: str, en: str) -> str:
    return en if en and locale.lower().startswith("en") else vi


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One of the three tiers under the name this administration gives it."""

    tier: int
    name: str
    name_en: str = ""

    def label(self, locale: str = "vi") -> str:
        """The tier's name in a language."""
        return _in_language(locale, self.name, self.name_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What never changes about a unit.

    `other_codes` are further codes under which declarations and papers know it. `confirmed` is false where the
    shipped data rests on general knowledge and the office should check it.
    """

    id: UUID
    code: str
    other_codes: tuple[str, ...] = ()
    tier: int
    kind: UnitKind
    specialised: bool = False
    force: str = ""
    area: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEvent:
    """Something that happened to a unit; `on` is the first day it holds, None means since before the records begin."""

    id: UUID
    unit_id: UUID
    kind: EventKind
    on: date | None
    name: str = ""
    name_en: str = ""
    short_name: str = ""
    parent_id: UUID | None = None
    successors: tuple[UUID, ...] = ()
    basis: str = ""
    confirmed: bool = True

    def order(self) -> tuple[date, int, str]:
        """By day; on one day a unit is founded before anything moves to it, and ends last."""
        return (
            self.on or date.min,
            (0 if self.kind is EventKind.FOUNDED else 2 if self.kind in ENDINGS else 1),
            self.id.hex,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit as it stands on a day. `valid_to` is the first day on which it no longer exists."""

    id: UUID
    code: str
    other_codes: tuple[str, ...] = ()
    name: str
    name_en: str = ""
    short_name: str = ""
    tier: int
    kind: UnitKind
    parent_id: UUID | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    specialised: bool = False
    force: str = ""
    area: str = ""
    confirmed: bool = True

    def label(self, locale: str = "vi") -> str:
        """The full name in a language."""
        return _in_language(locale, self.name, self.name_en)

    def short_label(self, locale: str = "vi") -> str:
        """The name for a narrow place: abbreviated in Vietnamese, in full in English."""
        return _in_language(locale, self.short_name or self.name, self.name_en)

    def exists_on(self, day: date) -> bool:
        """Whether the unit is there on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


def unit_id(template: str, code: str) -> UUID:
    """The id of a shipped unit: the same in every installation, so that data files can refer to codes."""
    return uuid5(_NAMESPACE, f"{template}/{code}")


def event_id(unit: UUID, kind: EventKind, on: date | None) -> UUID:
    """The id of an event: one unit meets an event of one kind once a day, so loading twice changes nothing."""
    return uuid5(unit, f"{kind}/{on.isoformat() if on else ''}")


def fold(text: str) -> str:
    """Lower case without diacritics, đ as d, runs of space as one: how names are compared in a search."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_CROSSED_D)).casefold()
    bare = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.split())


class Tree:
    """The units of one day (or of all time) with the ways to walk between them; never changes."""

    def __init__(self, units: Iterable[Unit]) -> None:
        ordered = sorted(units, key=lambda unit: (unit.tier, unit.code))
        self._units: Mapping[UUID, Unit] = MappingProxyType({unit.id: unit for unit in ordered})
        self._codes: dict[str, UUID] = {}
        for unit in ordered:
            self._codes.setdefault(unit.code.upper(), unit.id)
        for unit in ordered:
            for code in unit.other_codes:
                self._codes.setdefault(code.upper(), unit.id)
        self._children: dict[UUID | None, list[Unit]] = {}
        for unit in ordered:
            self._children.setdefault(unit.parent_id, []).append(unit)
        self._folded = {
            unit.id: f" {fold(unit.name)} {fold(unit.short_name)} {fold(unit.name_en)} {fold(unit.code)} "
            for unit in ordered
        }

    def __len__(self) -> int:
        return len(self._units)

    def __contains__(self, key: UUID) -> bool:
        return key in self._units

    @property
    def units(self) -> tuple[Unit, ...]:
        """Every unit, by tier and code."""
        return tuple(self._units.values())

    @property
    def root(self) -> Unit:
        """The unit above all others; raises `NotFound` while there is none."""
        for unit in self._children.get(None, ()):
            return unit
        raise NotFound(rule="no_root_unit")

    @property
    def departments(self) -> tuple[Unit, ...]:
        """The departments, by code."""
        return tuple(unit for unit in self._units.values() if unit.kind is UnitKind.DEPARTMENT)

    @property
    def codes(self) -> frozenset[str]:
        """Every code a unit is known under."""
        return frozenset(code for unit in self._units.values() for code in (unit.code, *unit.other_codes))

    def find(self, key: UUID | str) -> Unit | None:
        """The unit of an id or of any of its codes (upper or lower case), or None."""
        found = self._codes.get(key.strip().upper()) if isinstance(key, str) else key
        return self._units.get(found) if found is not None else None

    def get(self, key: UUID | str) -> Unit:
        """The unit of an id or of any of its codes; raises `NotFound`."""
        unit = self.find(key)
        if unit is None:
            raise NotFound(rule="no_such_unit")
        return unit

    def children(self, key: UUID) -> tuple[Unit, ...]:
        """The units directly below, by tier and code."""
        return tuple(self._children.get(key, ()))

    def descendants(self, key: UUID, *, including_itself: bool = True) -> frozenset[UUID]:
        """The ids of everything below a unit; raises `NotFound`."""
        self.get(key)
        found: set[UUID] = set()
        waiting = [key]
        while waiting:
            current = waiting.pop()
            found.add(current)
            waiting.extend(child.id for child in self._children.get(current, ()))
        return frozenset(found if including_itself else found - {key})

    def path(self, key: UUID | str) -> tuple[Unit, ...]:
        """The way from the root down to a unit, both included; raises `NotFound`."""
        unit: Unit | None = self.get(key)
        way: list[Unit] = []
        while unit is not None:
            way.append(unit)
            unit = self._units.get(unit.parent_id) if unit.parent_id else None
        return tuple(reversed(way))

    def department_of(self, key: UUID | str) -> Unit:
        """The department a unit belongs to: its ancestor of kind department, or the root for units of tier 1."""
        way = self.path(key)
        return next((unit for unit in way if unit.tier == _DEPARTMENT_TIER), way[0])

    def office_of(self, key: UUID | str) -> Unit | None:
        """The tier-3 office a unit is or belongs to, or None above tier 3."""
        return next((unit for unit in self.path(key) if unit.tier == _OFFICE_TIER), None)

    def specialised_of(self, key: UUID | str) -> Unit | None:
        """The unit that collects and processes information for this unit's department (or headquarters)."""
        top = self.department_of(key)
        below = (self._units[unit_id_] for unit_id_ in self.descendants(top.id))
        return min(
            (unit for unit in below if unit.specialised and unit.tier == top.tier),
            key=lambda unit: unit.code,
            default=None,
        )

    def search(self, text: str, *, limit: int = 20) -> tuple[Unit, ...]:
        """Units whose code begins with the text, or whose name holds words beginning with each of its words.

        Diacritics and case do not matter. Codes come first, then names by tier and code.
        """
        code, words = text.strip().upper(), fold(text).split()
        if not words:
            return ()
        by_code = [u for u in self._units.values() if any(c.upper().startswith(code) for c in (u.code, *u.other_codes))]
        by_name = [u for u in self._units.values() if all(f" {word}" in self._folded[u.id] for word in words)]
        by_code.sort(key=lambda u: (code not in {u.code.upper(), *(c.upper() for c in u.other_codes)}, len(u.code)))
        return tuple(dict.fromkeys((*by_code, *by_name)))[:limit]


class Directory:
    """The organisation through time: who the units are and everything that happened to them."""

    def __init__(
        self, *, template: str, tiers: Iterable[Tier], units: Iterable[Identity], events: Iterable[UnitEvent]
    ) -> None:
        self.template = template
        self.tiers: Mapping[int, Tier] = MappingProxyType({tier.tier: tier for tier in tiers})
        self.identities: Mapping[UUID, Identity] = MappingProxyType({unit.id: unit for unit in units})
        self.events = tuple(sorted(events, key=UnitEvent.order))
        self._trees: dict[date, Tree] = {}
        self._changes = sorted({event.on for event in self.events if event.on})
        self._histories: dict[UUID, list[UnitEvent]] = {}
        self._took_over: dict[UUID, list[UUID]] = {}
        for event in self.events:
            self._histories.setdefault(event.unit_id, []).append(event)
            for heir in event.successors:
                self._took_over.setdefault(heir, []).append(event.unit_id)
        # Every unit there ever was or will be, in the last state known: for closed units, never for today's names.
        self.ever = Tree(self._replay(date.max).values())
        self._check()

    def tier(self, number: int) -> Tier:
        """A tier under its name; under its number while nobody has named it."""
        return self.tiers.get(number) or Tier(tier=number, name=str(number))

    def as_of(self, day: date) -> Tree:
        """The tree as it stood, or will stand, on a day."""
        earlier = bisect_right(self._changes, day)
        change = self._changes[earlier - 1] if earlier else date.min
        if change not in self._trees:
            standing = self._replay(change)
            self._trees[change] = Tree(unit for unit in standing.values() if unit.exists_on(change))
        return self._trees[change]

    def history(self, key: UUID) -> tuple[UnitEvent, ...]:
        """What happened to a unit, oldest first."""
        return tuple(self._histories.get(key, ()))

    def successors(self, key: UUID) -> tuple[Unit, ...]:
        """The units that took over from this one when it was merged or split."""
        return tuple(self.ever.get(heir) for event in self.history(key) for heir in event.successors)

    def predecessors(self, key: UUID) -> tuple[Unit, ...]:
        """The units that this one took over from, by code."""
        taken_over = set(self._took_over.get(key, ()))
        return tuple(unit for unit in self.ever.units if unit.id in taken_over)

    def with_predecessors(self, keys: Iterable[UUID]) -> frozenset[UUID]:
        """These units and all they took over from, through any number of mergers: whose files they now keep."""
        found: set[UUID] = set()
        waiting = list(keys)
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self._took_over.get(current, ()))
        return frozenset(found)

    def with_event(self, event: UnitEvent, *, founded: Identity | None = None) -> Directory:
        """The directory after one more event; raises `RuleRefused` when the tree would not hold."""
        units = (*self.identities.values(), *((founded,) if founded else ()))
        return Directory(template=self.template, tiers=self.tiers.values(), units=units, events=(*self.events, event))

    def with_tier(self, number: int, *, name: str = "", name_en: str = "") -> Directory:
        """The directory after a tier is given other names; what is not said stays. Raises `RuleRefused`."""
        before = self.tier(number)
        after = replace(before, name=_tier_name(name) or before.name, name_en=_tier_name(name_en) or before.name_en)
        if after == before:
            raise RuleRefused("The tier is called that already. Give it another name.", rule="tier_name")
        for other in self.tiers.values():
            if other.tier != number and _folded_names(after) & _folded_names(other):
                raise RuleRefused(
                    Message(
                        "Tier %(number)d is called “%(name)s” already: two tiers under one name cannot be told apart.",
                        {"number": other.tier, "name": other},
                    ),
                    rule="tier_name",
                )
        tiers = {**self.tiers, number: after}.values()
        return Directory(template=self.template, tiers=tiers, units=self.identities.values(), events=self.events)

    def _replay(self, day: date) -> dict[UUID, Unit]:
        standing: dict[UUID, Unit] = {}
        for event in self.events:
            if event.on is not None and event.on > day:
                break
            standing[event.unit_id] = self._apply(event, standing.get(event.unit_id))
        return standing

    def _apply(self, event: UnitEvent, unit: Unit | None) -> Unit:
        if event.kind is EventKind.FOUNDED:
            if unit is not None or event.unit_id not in self.identities:
                raise _broken("A unit is founded once.")
            return _found(self.identities[event.unit_id], event)
        if unit is None or unit.valid_to is not None:
            raise _broken("On this day the unit is not there: nothing can happen to it.")
        if event.kind is EventKind.RENAMED:
            return replace(unit, name=event.name, name_en=event.name_en, short_name=event.short_name)
        if event.kind is EventKind.MOVED:
            return replace(unit, parent_id=event.parent_id)
        return replace(unit, valid_to=event.on)

    def _check(self) -> None:
        """Refuse events that leave a unit without a standing parent, or heirs that are not there, on any day."""
        for event in self.events:
            _check_event(event)
        for day in sorted({event.on or date.min for event in self.events}):
            tree = self.as_of(day)
            _check_tree(tree)
            for event in self.events:
                if (event.on or date.min) == day and not all(heir in tree for heir in event.successors):
                    raise _broken("A successor must be there on the day it takes over.")


def _broken(msgid: str, **parameters: object) -> RuleRefused:
    return RuleRefused(Message(msgid, parameters), rule="organisation_events")


def _tier_name(typed: str) -> str:
    """A name as it is kept: composed, one space between words; raises `RuleRefused` for what is no name."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if typed and (not fold(name) or len(name) > _LONGEST_TIER_NAME or not name.isprintable()):
        raise RuleRefused(
            Message("A tier is called by 1 to %(most)d letters and signs.", {"most": _LONGEST_TIER_NAME}),
            rule="tier_name",
        )
    return name


def _folded_names(tier: Tier) -> set[str]:
    return {fold(tier.name), fold(tier.name_en)} - {""}


def _found(identity: Identity, event: UnitEvent) -> Unit:
    return Unit(
        id=identity.id,
        code=identity.code,
        other_codes=identity.other_codes,
        name=event.name,
        name_en=event.name_en,
        short_name=event.short_name,
        tier=identity.tier,
        kind=identity.kind,
        parent_id=event.parent_id,
        valid_from=event.on,
        specialised=identity.specialised,
        force=identity.force,
        area=identity.area,
        confirmed=identity.confirmed,
    )


def _check_event(event: UnitEvent) -> None:
    heirs = len(set(event.successors) - {event.unit_id})
    wanted = {EventKind.MERGED: heirs == 1, EventKind.SPLIT: heirs > 1}.get(event.kind, not event.successors)
    if not wanted or heirs != len(event.successors):
        raise _broken("A merger names one other unit as successor, a split at least two, anything else none.")
    if event.kind in {EventKind.FOUNDED, EventKind.RENAMED} and not event.name.strip():
        raise _broken("Give the unit a name.")
    if event.kind is EventKind.MOVED and event.parent_id is None:
        raise _broken("Say under which unit it moves.")
    if event.kind is not EventKind.FOUNDED and event.on is None:
        raise _broken("Give the day from which this holds.")


def _check_tree(tree: Tree) -> None:
    roots = [unit for unit in tree.units if unit.parent_id is None]
    if len(roots) != 1:
        raise _broken("On every day exactly one unit stands above all others.")
    if len(tree.descendants(roots[0].id)) != len(tree):
        raise _broken("Every unit needs a standing unit above it: move or close what lies below first.")
    for unit in tree.units:
        if unit.parent_id is not None and tree.get(unit.parent_id).tier > unit.tier:
            raise _broken("%(code)s cannot stand below a unit of a lower tier.", code=unit.code)
