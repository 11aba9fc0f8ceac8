"""The decision for many objects at once: policy lines compiled into a filter with three renderings.

Python (`admits`), SQL (`where`) and the index (`for_partition`) must accept exactly the labels the decision accepts; a
property test holds them together. No rendering may be wider than another, and none may be built by hand elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, SmallInteger, Uuid, and_, bindparam, false, func, literal_column, or_

from intelhub.access.decision import CREATE, READ, SUBMITTED, held_lines
from intelhub.access.label import HANDLING_CODES, REFER_TO_ORIGINATOR, Label, handling_allows
from intelhub.access.policy import Line, Policy, current_policy
from intelhub.access.reach import Reach
from intelhub.platform.actor import Actor, Post


class LabelColumns(Protocol):
    """Anything with a label's columns under a label's names: a mapped class, an alias of it or a table's columns."""

    level: Any
    compartments: Any
    owning_unit_id: Any
    origin_department_id: Any
    author_id: Any
    handling: Any
    exposure: Any
    state: Any
    recipient_unit_ids: Any

    def may_be_shared_with(self, unit_ids: Collection[UUID]) -> ColumnElement[bool]:
        """A condition that an index serves, and that everything shared with one of these units meets."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What one policy line (or several alike) lets one actor meet; `ceiling` is already the least of all ceilings.

    `unit_ids` are the units of the posts behind it, `department_ids` their departments, `receiving_ids` the units for
    which they receive.
    """

    reach: Reach
    ceiling: int
    handling: str
    guards: frozenset[str]
    actor_id: UUID
    unit_ids: frozenset[UUID]
    department_ids: frozenset[UUID]
    receiving_ids: frozenset[UUID] = frozenset()

    def admits(self, label: Label) -> bool:
        """Whether this clause alone lets the label through, compartments left aside."""
        return (
            label.level <= self.ceiling
            and label.exposure >= self.reach.minimum_exposure
            and self._is_placed(label)
            and handling_allows(label.handling, self.handling, is_originator=label.owning_unit_id in self.unit_ids)
            and all(self._is_guard_met(guard, label) for guard in self.guards)
        )

    def where(self, columns: LabelColumns) -> ColumnElement[bool]:
        """The same for SQL, the condition an index serves first."""
        minimum = self.reach.minimum_exposure
        conditions: list[ColumnElement[bool]] = []
        match self.reach:
            case Reach.AUTHOR:
                conditions.append(columns.author_id == self.actor_id)
            case Reach.UNIT:
                conditions.append(_is_one_of(columns.owning_unit_id, self.unit_ids))
            case Reach.DEPARTMENT:
                conditions.append(_is_one_of(columns.origin_department_id, self.department_ids))
            case Reach.DISSEMINATION:
                conditions.append(is_shared_with(columns, self.receiving_ids))
        if minimum:
            conditions.append(columns.exposure >= _constant(minimum))
        conditions.append(columns.level <= _constant(self.ceiling))
        conditions += self._handling_conditions(columns)
        conditions += [self._guard_condition(guard, columns) for guard in sorted(self.guards)]
        return and_(*conditions)

    def opens(self, level: int, department_id: UUID) -> bool:
        """Whether anything in a partition of the index can pass this clause."""
        if self.handling != HANDLING_CODES[0] or "leaderless" in self.guards:
            raise ValueError("the index knows neither handling codes nor states: re-read the rows instead")
        is_within = department_id in self.department_ids
        asks_department = self.reach is Reach.DEPARTMENT or "own_unit" in self.guards
        return level <= self.ceiling and (is_within or not asks_department)

    def condition(self) -> RowCondition:
        """What it asks of a row inside a partition that it opens."""
        asks_unit = self.reach is Reach.UNIT or "own_unit" in self.guards
        return RowCondition(
            author=self.actor_id if self.reach is Reach.AUTHOR else None,
            other_than=self.actor_id if "not_author" in self.guards else None,
            units=self.unit_ids if asks_unit else None,
            recipients=self.receiving_ids if self.reach is Reach.DISSEMINATION else None,
            exposure=int(self.reach.minimum_exposure),
        )

    def _is_placed(self, label: Label) -> bool:
        match self.reach:
            case Reach.AUTHOR:
                return label.author_id == self.actor_id
            case Reach.UNIT:
                return label.owning_unit_id in self.unit_ids
            case Reach.DEPARTMENT:
                return label.origin_department_id in self.department_ids
            case Reach.ALL:
                return True
            case Reach.DISSEMINATION:
                return not label.recipient_unit_ids.isdisjoint(self.receiving_ids)

    def _is_guard_met(self, guard: str, label: Label) -> bool:
        match guard:
            case "not_author":
                return label.author_id != self.actor_id
            case "own_unit":
                return label.owning_unit_id in self.unit_ids and label.origin_department_id in self.department_ids
            case "leaderless":
                return label.state == SUBMITTED and label.exposure >= Reach.DEPARTMENT.minimum_exposure
        raise ValueError(f"there is no guard {guard}")

    def _guard_condition(self, guard: str, columns: LabelColumns) -> ColumnElement[bool]:
        match guard:
            case "not_author":
                return and_(columns.author_id != self.actor_id)
            case "own_unit":
                return and_(
                    _is_one_of(columns.owning_unit_id, self.unit_ids),
                    _is_one_of(columns.origin_department_id, self.department_ids),
                )
            case "leaderless":
                least = _constant(Reach.DEPARTMENT.minimum_exposure)
                return and_(columns.state == SUBMITTED, columns.exposure >= least)
        raise ValueError(f"there is no guard {guard}")

    def _handling_conditions(self, columns: LabelColumns) -> list[ColumnElement[bool]]:
        anybody = [code for code in HANDLING_CODES if handling_allows(code, self.handling, is_originator=False)]
        if len(anybody) == len(HANDLING_CODES):
            return []
        originator = and_(columns.handling == REFER_TO_ORIGINATOR, _is_one_of(columns.owning_unit_id, self.unit_ids))
        return [or_(columns.handling.in_(anybody), originator)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCondition:
    """What is asked of a row of the index: all of it must hold; what is `None` is not asked."""

    author: UUID | None = None
    other_than: UUID | None = None
    units: frozenset[UUID] | None = None
    recipients: frozenset[UUID] | None = None
    exposure: int = 0

    def admits(self, author: UUID, unit: UUID, recipients: Collection[UUID], exposure: int) -> bool:
        """Whether a row is let through."""
        return (
            exposure >= self.exposure
            and self.author in (None, author)
            and self.other_than != author
            and (self.units is None or unit in self.units)
            and (self.recipients is None or not self.recipients.isdisjoint(recipients))
        )

    def sql(self) -> _Condition:
        """The same for SQLite, over `author`, `unit` and `exposure` of rows whose `id` stands in `recipients`."""
        parts: list[str] = []
        parameters: list[object] = []
        if self.author is not None:
            parts.append("author = ?")
            parameters.append(self.author)
        if self.units is not None:
            condition, values = _is_among(sorted(self.units))
            parts.append(condition)
            parameters += values
        if self.recipients is not None:
            condition, values = _is_among(sorted(self.recipients))
            parts.append(f"id IN (SELECT row FROM recipients WHERE {condition})")  # noqa: S608 - question marks alone
            parameters += values
        if self.other_than is not None:
            parts.append("author <> ?")
            parameters.append(self.other_than)
        if self.exposure:
            parts.append("exposure >= ?")
            parameters.append(self.exposure)
        return " AND ".join(parts) or "1", tuple(parameters)


_IN_NONE: ColumnElement[Any] = literal_column("'{}'")
_SHORT_LIST = 4
_Condition = tuple[str, tuple[object, ...]]
_Opened = tuple[tuple[bool, ...], ...]


def _constant(value: int) -> ColumnElement[int]:
    """A level or an exposure, of which there are four each: written out, it costs no parameter at every statement."""
    return literal_column(str(int(value)), SmallInteger)


def is_within(compartments: Any, held: Collection[UUID]) -> ColumnElement[bool]:
    """Whether an object's compartments are all among those held, for SQL."""
    in_none: ColumnElement[bool] = compartments == _IN_NONE
    if not held:
        return in_none
    # The first half says nothing new, but PostgreSQL can count it: see migration 0012.
    every = bindparam(None, sorted(held), type_=ARRAY(Uuid()), unique=True)
    return or_(in_none, compartments.op("<@", is_comparison=True)(every))


def is_shared_with(columns: LabelColumns, unit_ids: Collection[UUID]) -> ColumnElement[bool]:
    """Whether an object was shared with one of these units, for SQL."""
    units = bindparam(None, sorted(unit_ids), type_=ARRAY(Uuid()), unique=True)
    overlaps: ColumnElement[bool] = columns.recipient_unit_ids.op("&&", is_comparison=True)(units)
    return and_(columns.may_be_shared_with(unit_ids), overlaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionFilter:
    """What remains to be asked of each row inside one partition of the index: one condition of every stage."""

    stages: tuple[tuple[RowCondition, ...], ...]

    def admits(self, author: UUID, unit: UUID, recipients: Collection[UUID], exposure: int) -> bool:
        """Whether a row is this reader's."""
        return all(any(one.admits(author, unit, recipients, exposure) for one in stage) for stage in self.stages)

    def sql(self) -> _Condition:
        """A SQLite condition over `author`, `unit`, `exposure` and the table `recipients`, its parameters in order.

        Ids come as `UUID`, a long list of them as bytes.
        """
        conditions = [_any_of([one.sql() for one in stage]) for stage in self.stages]
        clause = " AND ".join(f"({condition})" for condition, _ in conditions)
        return clause, tuple(parameter for _, parameters in conditions for parameter in parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFilter:
    """Which objects of a kind an actor may do something to; `stages` must each let a label through by some clause.

    Reading has one stage; any other act has reading's and its own.
    """

    actor_id: UUID
    compartments: frozenset[UUID]
    stages: tuple[tuple[Clause, ...], ...]
    # Hundreds of partitions share a handful of filters.
    _by_opened: dict[_Opened, PartitionFilter | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def admits(self, label: Label) -> bool:
        """Whether the decision would say yes to this label."""
        return label.compartments <= self.compartments and all(
            any(clause.admits(label) for clause in stage) for stage in self.stages
        )

    def where(self, columns: LabelColumns) -> ColumnElement[bool]:
        """The filter for PostgreSQL, over columns named as a label's fields."""
        stages = [or_(*(clause.where(columns) for clause in stage)) if stage else false() for stage in self.stages]
        return and_(*stages, is_within(columns.compartments, self.compartments))

    def for_partition(
        self,
        level: int,
        compartments: Collection[UUID],
        department_id: UUID,
    ) -> PartitionFilter | None:
        """The filter inside the partition of one level, compartment set and department; `None` keeps it shut."""
        if not frozenset(compartments) <= self.compartments:
            return None
        opened = tuple(tuple(clause.opens(level, department_id) for clause in stage) for stage in self.stages)
        if opened not in self._by_opened:
            self._by_opened[opened] = self._filter_of(opened)
        return self._by_opened[opened]

    def _filter_of(self, opened: _Opened) -> PartitionFilter | None:
        stages = tuple(
            tuple(clause.condition() for clause, is_open in zip(stage, which, strict=True) if is_open)
            for stage, which in zip(self.stages, opened, strict=True)
        )
        return PartitionFilter(stages=stages) if all(stages) else None

    def by_place(self) -> ReadFilter:
        """The same without what is met for no other reason than that it was shared with a unit."""
        stages = tuple(
            tuple(clause for clause in stage if clause.reach is not Reach.DISSEMINATION) for stage in self.stages
        )
        return ReadFilter(actor_id=self.actor_id, compartments=self.compartments, stages=stages)

    @property
    def receiving_ids(self) -> frozenset[UUID]:
        """The units for which this actor receives what is shared with them."""
        received = (clause.receiving_ids for clause in self.stages[0] if clause.reach is Reach.DISSEMINATION)
        return frozenset().union(*received)

    def ceiling_of(self, reach: Reach) -> int | None:
        """The greatest ceiling among this reach's clauses of the first stage, or `None` where it is not held."""
        return max((clause.ceiling for clause in self.stages[0] if clause.reach is reach), default=None)


def read_filter(actor: Actor, permission: str = "record.read", *, policy: Policy | None = None) -> ReadFilter:
    """Compile the lines an actor holds for a permission; creating has no objects to filter and is a `ValueError`."""
    rules = policy or current_policy()
    kind, _, action = permission.partition(".")
    if action == CREATE:
        raise ValueError("what is still to be created cannot be filtered")
    stages = [_compile(actor, f"{kind}.{READ}", rules)]
    if action != READ:
        stages.append(_compile(actor, permission, rules))
    return ReadFilter(actor_id=actor.user_id, compartments=actor.compartments, stages=tuple(stages))


def _compile(actor: Actor, permission: str, policy: Policy) -> tuple[Clause, ...]:
    most = min(actor.clearance, actor.ceiling, policy.place_ceiling(actor.place))
    return tuple(_merged(_clause(actor, post, line, most) for post, line in held_lines(actor, permission, policy)))


def _clause(actor: Actor, post: Post, line: Line, most: int) -> Clause:
    return Clause(
        reach=line.reach,
        ceiling=min(line.ceiling, most),
        handling=line.handling,
        guards=line.guards,
        actor_id=actor.user_id,
        unit_ids=post.unit_ids,
        department_ids=frozenset({post.department_id}),
        receiving_ids=post.receiving_ids,
    )


def _merged(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """Clauses alike in all but their places become one, so that a person of many posts gets a short filter.

    Two posts must not lend each other half a condition: where a clause asks for unit and department together
    (`own_unit`), or for a unit beside another reach (HX), it stays alone.
    """
    found: dict[tuple[object, ...], Clause] = {}
    for clause in clauses:
        asks_unit_besides = clause.handling != HANDLING_CODES[0] and clause.reach is not Reach.UNIT
        is_bound = "own_unit" in clause.guards or asks_unit_besides
        key = (
            clause.reach,
            clause.ceiling,
            clause.handling,
            clause.guards,
            (clause.unit_ids, clause.department_ids, clause.receiving_ids) if is_bound else None,
        )
        earlier = found.get(key)
        found[key] = (
            clause
            if earlier is None
            else Clause(
                reach=clause.reach,
                ceiling=clause.ceiling,
                handling=clause.handling,
                guards=clause.guards,
                actor_id=clause.actor_id,
                unit_ids=earlier.unit_ids | clause.unit_ids,
                department_ids=earlier.department_ids | clause.department_ids,
                receiving_ids=earlier.receiving_ids | clause.receiving_ids,
            )
        )
    yield from found.values()


def _is_one_of(column: Any, ids: Collection[UUID]) -> ColumnElement[bool]:
    """That a column is one of these, for PostgreSQL, which walks an index in order for a single one alone.

    Several go over as one array: a list would be another statement for every length, to be planned anew.
    """
    if len(ids) == 1:
        alone: ColumnElement[bool] = column == next(iter(ids))
        return alone
    several = bindparam(None, sorted(ids), type_=ARRAY(Uuid()), unique=True)
    among: ColumnElement[bool] = column == func.any(several)
    return among


def _is_among(unit_ids: Sequence[UUID]) -> tuple[str, list[object]]:
    """That a row's unit is one of these, for SQLite, which sorts a long list anew for every segment it looks into.

    A long list is one string of 16-byte ids instead, in which a unit counts where it begins at an id's beginning; a
    list in which some id is first met across two others stays a list.
    """
    joined = b"".join(one.bytes for one in unit_ids)
    if len(unit_ids) <= _SHORT_LIST or any(joined.find(one.bytes) % 16 for one in unit_ids):
        return f"unit IN ({', '.join('?' * len(unit_ids))})", list(unit_ids)
    return "instr(?, unit) % 16 = 1", [joined]


def _any_of(conditions: list[_Condition]) -> _Condition:
    clause = " OR ".join(f"({text})" for text, _ in conditions)
    return clause, tuple(parameter for _, parameters in conditions for parameter in parameters)
