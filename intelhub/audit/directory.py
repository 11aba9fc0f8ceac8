"""Where the application says who people and units are; the log itself knows their ids and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A person or a unit: `code` is the username or the unit's code, `name` what a page calls it."""

    id: UUID
    code: str
    name: str


Find = Callable[[Actor, Session, str, str], Sequence[Named]]
"""(actor, session, what was typed, language) -> those it may mean, the likeliest first, at most 20."""

Name = Callable[[Actor, Session, Collection[UUID], str], Mapping[UUID, Named]]
"""(actor, session, ids, language) -> those that are known, closed ones too."""

UnitsOfActor = Callable[[Actor, Session], frozenset[UUID]]
"""(actor, session) -> the units whose refusals this actor may see."""


WordsOfPermission = Callable[[str], str | None]
"""(permission, such as `record.read`) -> its sentence in the reader's language, None for one that is none."""

WayToExplain = Callable[[Actor], str | None]
"""(actor) -> where they have a decision explained, None when they may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Everything the pages of the log ask about people and units."""

    find_people: Find
    names_of: Name
    find_units: Find
    unit_names_of: Name
    refusal_units_of: UnitsOfActor
    permission_words: WordsOfPermission
    way_to_explain: WayToExplain


def _find_nothing(_actor: Actor, _session: Session, _typed: str, _locale: str) -> Sequence[Named]:
    return ()


def _name_nothing(_actor: Actor, _session: Session, _ids: Collection[UUID], _locale: str) -> Mapping[UUID, Named]:
    return {}


def _no_words(_permission: str) -> str | None:
    return None


def _no_way(_actor: Actor) -> str | None:
    return None


def _no_unit(_actor: Actor, _session: Session) -> frozenset[UUID]:
    return frozenset()


_NOTHING = Directory(
    find_people=_find_nothing,
    names_of=_name_nothing,
    find_units=_find_nothing,
    unit_names_of=_name_nothing,
    refusal_units_of=_no_unit,
    permission_words=_no_words,
    way_to_explain=_no_way,
)
_registered = [_NOTHING]


def register_directory(directory: Directory) -> None:
    """Let the pages of the log name people and units; a later call replaces the earlier one."""
    _registered[0] = directory


def forget_directory() -> None:
    """Name nobody again, as before `register_directory`."""
    _registered[0] = _NOTHING


def directory() -> Directory:
    """What the application registered; knows nothing while nobody did."""
    return _registered[0]
