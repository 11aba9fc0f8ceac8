"""Who may read an object, told from the policy's lines: by duty function and place, never by name.

It tells of lines alone. Clearance, the place of the session and compartments are asked of each person besides, so that
nobody may be let in because of what stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from uuid import UUID

from intelhub.access.decision import READ, line_checks
from intelhub.access.label import Label
from intelhub.access.policy import Line, Policy, current_policy
from intelhub.access.reach import Reach
from intelhub.organisation import Directory, Tree, Unit
from intelhub.platform.actor import Actor, Post

_NOBODY, _UNIT, _DEPARTMENT, _AUTHOR = (UUID(int=number) for number in range(4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whoever holds one of these functions at one of these units, or within it where the reach is wider than a unit.

    Without functions it is the author; without units they sit anywhere.
    """

    reach: Reach
    tier: int | None = None
    units: tuple[Unit, ...] = ()
    functions: tuple[str, ...] = ()


def reading_lines(label: Label, policy: Policy | None = None) -> tuple[Line, ...]:
    """The policy lines under which somebody may read an object with this label, as they stand in the policy."""
    # Whose it is and where it came from changes nothing for somebody who sits right.
    anybody_s = replace(
        label, object_id=_NOBODY, owning_unit_id=_UNIT, origin_department_id=_DEPARTMENT, author_id=_AUTHOR,
        recipient_unit_ids=frozenset({_UNIT}) if label.recipient_unit_ids else frozenset(),
    )  # fmt: skip
    return _reading_lines(anybody_s, policy or current_policy())


@lru_cache(maxsize=512)
def _reading_lines(label: Label, policy: Policy) -> tuple[Line, ...]:
    return tuple(line for line in policy.lines if line.permission == f"{label.kind}.{READ}" and _opens(line, label))


def list_audiences(label: Label, directory: Directory, day: date, policy: Policy | None = None) -> tuple[Audience, ...]:
    """The functions that may read an object with this label and the units where they sit on a day, the nearest first.

    A unit that is gone has those who keep its files now.
    """
    lines = reading_lines(label, policy)
    tree = directory.as_of(day)
    found = [Audience(reach=Reach.AUTHOR)] if any(line.reach is Reach.AUTHOR for line in lines) else []
    for reach in (Reach.UNIT, Reach.DEPARTMENT, Reach.ALL):
        for tier in sorted({line.tier for line in lines if line.reach is reach}, reverse=True):
            functions = tuple(line.function for line in lines if (line.reach, line.tier) == (reach, tier))
            units = tuple(dict.fromkeys(_units(reach, tier, label, tree, directory)))
            if units or (reach is Reach.ALL and tier != tree.root.tier):
                found.append(Audience(reach=reach, tier=tier, units=units, functions=functions))
    found += _receiving(label, lines, tree, directory)
    return tuple(found)


def _opens(line: Line, label: Label) -> bool:
    """Whether somebody who sits right has the line say yes."""
    post = Post(
        function=line.function,
        tier=line.tier,
        unit_id=label.owning_unit_id,
        unit_ids=frozenset({label.owning_unit_id}),
        department_id=label.origin_department_id,
        receiving_ids=label.recipient_unit_ids,
    )
    reader = Actor(user_id=label.author_id if line.reach is Reach.AUTHOR else _NOBODY, username="", posts=(post,))
    return all(check.passed for check in line_checks(reader, post, line, label))


def _units(reach: Reach, tier: int, label: Label, tree: Tree, directory: Directory) -> Iterator[Unit]:
    match reach:
        case Reach.UNIT:
            # A post reaches down inside its own tier: whoever sits above the unit there reads it too.
            for keeper in _keepers(label.owning_unit_id, tree, directory):
                if keeper.tier == tier:
                    yield from (unit for unit in reversed(tree.path(keeper.id)) if unit.tier == tier)
        case Reach.DEPARTMENT if label.origin_department_id in tree:
            yield tree.get(label.origin_department_id)
        case Reach.ALL if tier == tree.root.tier:
            yield tree.root


def _receiving(label: Label, lines: Sequence[Line], tree: Tree, directory: Directory) -> Iterator[Audience]:
    """Those with whom it was shared, each unit for itself with its parts, and those who sit above it."""
    for recipient in sorted(label.recipient_unit_ids):
        for keeper in _keepers(recipient, tree, directory):
            functions = tuple(
                line.function for line in lines if line.reach is Reach.DISSEMINATION and line.tier == keeper.tier
            )
            units = tuple(unit for unit in reversed(tree.path(keeper.id)) if unit.tier == keeper.tier)
            if functions:
                yield Audience(reach=Reach.DISSEMINATION, tier=keeper.tier, units=units, functions=functions)


def _keepers(unit_id: UUID, tree: Tree, directory: Directory) -> Iterator[Unit]:
    """The unit itself while it is there, then whoever took over from it, through any number of mergers."""
    waiting, seen = [unit_id], set[UUID]()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in tree:
            yield tree.get(current)
        waiting.extend(unit.id for unit in directory.successors(current))
