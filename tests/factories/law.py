"""The law of who reads and does what, told a second time in plain Python that shares nothing with `intelhub.access`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from intelhub.platform.actor import Place

TIER = {
    "15BB": 3, "15BE": 3, "15BC": 3, "15ZZ.CBL": 2, "15ZZ": 2, "20ZZ.CBL": 2, "20ZZ": 2, "DTCBL.TTNV": 1, "TCHQ": 1,
}  # fmt: skip
DEPARTMENT = {
    "15BB": "15ZZ",
    "15BE": "15ZZ",
    "15BC": "15ZZ",
    "15ZZ.CBL": "15ZZ",
    "15ZZ": "15ZZ",
    "20ZZ.CBL": "20ZZ",
    "20ZZ": "20ZZ",
}
WRITERS = {"contributor": 3, "group_officer": 2, "group_leader": 3}
"""Who writes, and up to which level."""
CAME_TO_UNIT, CAME_TO_DEPARTMENT, CAME_TO_HEADQUARTERS = 1, 2, 3
PASSED_ON = {"H0": 0, "H1": 1, "H2": 2, "H3": 3, "HX": None}
STARTS = {
    "return": {"submitted"},
    "forward": {"submitted"},
    "lower_level": {"submitted"},
    "acknowledge": {"received", "evaluated"},
    "assign": {"received", "evaluated", "collated"},
    "evaluate": {"received", "evaluated"},
    "mark_duplicate": {"received", "evaluated"},
    "collate": {"evaluated"},
    "share_up": {"collated"},
    "disseminate": {"evaluated", "collated", "shared_up"},
    "withdraw": {"evaluated", "collated", "shared_up", "merged"},
}
LEADS_TO = {
    "return": ("draft", 0),
    "forward": ("received", CAME_TO_DEPARTMENT),
    "lower_level": (None, 0),
    "acknowledge": (None, 0),
    "assign": (None, 0),
    "evaluate": ("evaluated", 0),
    "mark_duplicate": ("merged", 0),
    "collate": ("collated", 0),
    "share_up": ("shared_up", CAME_TO_HEADQUARTERS),
    "disseminate": (None, 0),
    "withdraw": (None, 0),
}
BY_ANOTHER = {
    "return", "forward", "lower_level", "acknowledge", "evaluate", "mark_duplicate", "collate", "share_up",
    "disseminate",
}  # fmt: skip


@dataclass
class Someone:
    """One of the people with the rights of this moment."""

    name: str
    function: str
    unit: str
    clearance: int
    place: Place = Place.ONSITE
    has_post: bool = True
    is_expired: bool = False
    compartments: set[UUID] = field(default_factory=set)

    @property
    def cleared(self) -> int:
        return 0 if self.is_expired else self.clearance

    @property
    def ceiling(self) -> int:
        """Classified work stays on site."""
        return 0 if self.place is Place.REMOTE else self.cleared

    def holds(self, function: str, tier: int) -> bool:
        return self.has_post and self.function == function and TIER[self.unit] == tier

    @property
    def writes_up_to(self) -> int | None:
        if not self.has_post or self.function not in WRITERS:
            return None
        return min(self.ceiling, WRITERS[self.function])


@dataclass
class Paper:
    """A record as the law sees it; `typed` is what its author last typed: level and handling.

    `proposed` is the lower level its author asked for when sending it again, which takes a second person; `is_taken_on`
    says that somebody works on it. `recipients` are the units it was shared with.
    """

    id: UUID
    author: str
    unit: str
    level: int
    handling: str
    typed: tuple[int, str]
    compartments: frozenset[UUID] = frozenset()
    state: str = "draft"
    came: int = 0
    version: int = 1
    proposed: int | None = None
    is_taken_on: bool = False
    recipients: set[str] = field(default_factory=set)

    @property
    def department(self) -> str:
        return DEPARTMENT[self.unit]


def reads(one: Someone, paper: Paper) -> bool:
    """Whether the law lets somebody read a record."""
    return reads_by_place(one, paper) or receives(one, paper)


def receives(one: Someone, paper: Paper) -> bool:
    """Whether a record was shared with somebody's unit; a department receives for its divisions."""
    if paper.level > one.ceiling or not paper.compartments <= one.compartments or not one.has_post:
        return False
    if one.function in {"group_officer", "group_leader"}:
        return one.unit in paper.recipients and (one.function == "group_leader" or paper.level <= 2)
    receiving = {one.unit, DEPARTMENT.get(one.unit)}
    return (one.holds("analyst", 2) or one.holds("unit_head", 2)) and bool(receiving & paper.recipients)


def reads_by_place(one: Someone, paper: Paper) -> bool:
    """Whether somebody reads a record without its having been shared with a unit."""
    if paper.level > one.ceiling or not paper.compartments <= one.compartments or not one.has_post:
        return False
    limit = one.writes_up_to
    if paper.author == one.name and limit is not None and paper.level <= limit:
        return True
    if one.function == "group_leader":
        return one.unit == paper.unit and paper.came >= CAME_TO_UNIT
    if one.holds("analyst", 2) or one.holds("unit_head", 2):
        return DEPARTMENT[one.unit] == paper.department and paper.came >= CAME_TO_DEPARTMENT
    return one.holds("analyst", 1) and paper.came >= CAME_TO_HEADQUARTERS


def opens_pages_of_records(one: Someone) -> bool:
    """Whether somebody's duties bring the pages of records at all."""
    return one.has_post and one.function in {*WRITERS, "analyst", "unit_head"}


def passes_on(one: Someone, paper: Paper, least: int) -> bool:
    """Whether the handling code lets somebody pass a record on: HX only whoever is of the unit that wrote it."""
    worth = PASSED_ON[paper.handling]
    return one.unit == paper.unit if worth is None else worth >= least


def may(one: Someone, act: str, paper: Paper) -> bool:
    """Whether the law lets somebody do this to a record now."""
    # Who only receives a record does nothing to it.
    is_own = act in BY_ANOTHER and paper.author == one.name
    if not reads_by_place(one, paper) or paper.state not in STARTS[act] or is_own:
        return False
    if (act == "lower_level" and paper.proposed is None) or (act == "acknowledge" and paper.is_taken_on):
        return False
    if act in {"return", "forward", "lower_level"}:
        leads = one.function == "group_leader" and one.unit == paper.unit
        stands_in = one.holds("unit_head", 2) and paper.came >= CAME_TO_DEPARTMENT
        return (leads or stands_in) and (act != "forward" or passes_on(one, paper, 1))
    if act in {"share_up", "disseminate", "withdraw"}:
        asked = {"share_up": passes_on(one, paper, 2), "disseminate": passes_on(one, paper, 1)}
        return one.holds("unit_head", 2) and asked.get(act, bool(paper.recipients))
    if act == "assign" and one.holds("unit_head", 2):
        return True
    return one.holds("analyst", 2)


def may_share_with(one: Someone, paper: Paper, unit: str, everybody: list[Someone]) -> bool:
    """Whether sharing a record with one of the units leads anywhere and not too far."""
    if unit in paper.recipients or unit == paper.unit or (TIER[unit] == 2 and DEPARTMENT[unit] == paper.department):
        return False
    if DEPARTMENT[unit] != paper.department and not passes_on(one, paper, 2):
        return False
    # At their desks, whatever the place they are at now.
    shared = replace(paper, recipients={unit})
    return any(receives(replace(each, place=Place.ONSITE), shared) for each in everybody)


def may_edit(one: Someone, paper: Paper) -> bool:
    """Whether somebody may go on writing: the author, while it is a draft or has come back."""
    limit = one.writes_up_to
    return (
        limit is not None
        and one.name == paper.author
        and paper.state == "draft"
        and paper.level <= limit
        and paper.compartments <= one.compartments
    )


def has_another_leader(everybody: list[Someone], paper: Paper) -> bool:
    """Whether the department need not stand in for a unit whose only leader wrote the record."""
    return paper.handling in {"H0", "HX"} or any(
        one.has_post
        and one.function == "group_leader"
        and one.unit == paper.unit
        and one.name != paper.author
        and one.cleared >= paper.level
        and paper.compartments <= one.compartments
        for one in everybody
    )
