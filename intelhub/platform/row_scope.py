"""The fourth lock: no statement leaves a session without the row filter of the actor it belongs to.

A mapped class that holds somebody's content is `Scoped`; its feature registers how the actor's scope becomes a
WHERE clause and which rows the actor may write. Statements that the ORM cannot filter (`text`, bare tables, bulk
inserts) are refused unless they carry `execution_options(unscoped="reason")`, and even that opens no table of a
scoped class. One session serves one actor for its whole life: SQLAlchemy does not filter a row that is already in
the session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from sqlalchemy import ColumnElement, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql.base import Executable, ExecutableOption
from sqlalchemy.sql.elements import ColumnClause, TextClause
from sqlalchemy.sql.selectable import AliasedReturnsRows, TableClause
from sqlalchemy.sql.visitors import HasTraverseInternals


class ScopeMissing(RuntimeError):
    """A statement was about to run without an actor's scope: a mistake in our code, never the user's."""


class Scoped:
    """Marks a mapped class whose rows belong to somebody; it must be registered before it is queried."""


class Scope(Protocol):
    """What an actor may load: the settings for row-level security and whether this is the system itself."""

    @property
    def is_system(self) -> bool:
        """Whether no filter applies (worker, migration), under a database role of its own."""
        ...

    def context(self) -> Mapping[str, str]:
        """The `intelhub.*` settings that the row-level-security policies read."""
        ...


Criteria = Callable[[Any], ColumnElement[bool]]
WriteGuard = Callable[[Any, Any], bool]
_criteria: dict[type[Any], tuple[Criteria, WriteGuard]] = {}
_tables: dict[str, re.Pattern[str]] = {}


def register_scoped(mapped: type[Any], criteria: Criteria, may_write: WriteGuard) -> None:
    """Declare how a scope filters `mapped` when it is read and guards it when it is written."""
    _criteria[mapped] = (criteria, may_write)
    _tables[mapped.__tablename__] = re.compile(rf"\b{mapped.__tablename__}\b", re.IGNORECASE)


def _registered(mapped: type[Any]) -> tuple[Criteria, WriteGuard]:
    try:
        return _criteria[mapped]
    except KeyError:
        raise ScopeMissing(f"{mapped.__name__} is Scoped but nobody registered its row filter") from None


def scope_of(session: Session) -> Scope:
    """The scope a session was opened with; raises `ScopeMissing` when it belongs to nobody."""
    scope: Scope | None = session.info.get("scope")
    if scope is None:
        raise ScopeMissing("this session belongs to no actor")
    return scope


def _filter_statement(state: ORMExecuteState) -> None:
    scope = scope_of(state.session)
    if scope.is_system or state.is_column_load or state.is_relationship_load:
        return
    is_unscoped = bool(state.execution_options.get("unscoped"))
    _refuse_hidden_tables(state.statement, is_unscoped=is_unscoped)
    if is_unscoped:
        return
    if not state.is_orm_statement or state.is_insert:
        raise ScopeMissing("a statement that cannot be filtered needs execution_options(unscoped='reason')")
    if (state.is_update or state.is_delete) and _names_scoped(state):
        # It would pass by the write guard: rows are changed one by one, after a decision on each.
        raise ScopeMissing("rows of a scoped class are not changed in bulk")
    state.statement = state.statement.options(*_options_of(state.session, scope))


def _names_scoped(state: ORMExecuteState) -> bool:
    return state.bind_mapper is not None and issubclass(state.bind_mapper.class_, Scoped)


def _refuse_hidden_tables(statement: Executable, *, is_unscoped: bool) -> None:
    """Raise where a scoped table stands in a statement in a form that the row filter does not reach."""
    for part in _parts(statement, is_unscoped=is_unscoped):
        if isinstance(part, TableClause):
            is_hidden = part.name in _tables and (is_unscoped or not _is_of_entity(part))
        elif isinstance(part, TextClause):
            is_hidden = _speaks_of_scoped(part.text)
        else:
            is_hidden = isinstance(part, ColumnClause) and part.is_literal and _speaks_of_scoped(part.name)
        if is_hidden:
            raise ScopeMissing("a scoped table is read through its mapped class and in no other form")


def _parts(statement: Any, *, is_unscoped: bool) -> Iterator[Any]:
    """Everything somebody wrote into a statement, with the tables of columns that belong to no mapped class."""
    waiting, seen = [statement], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, ColumnClause):
            if part.table is not None and (is_unscoped or not _is_of_entity(part)):
                waiting.append(part.table)
        elif isinstance(part, AliasedReturnsRows) and isinstance(part.element, TableClause):
            if is_unscoped or not _is_of_entity(part):
                waiting.append(part.element)
        elif not isinstance(part, TableClause):
            # Not the part's own way of naming its children: a SELECT adds tables there that it found by its columns.
            waiting += HasTraverseInternals.get_children(part, omit_attrs=("_correlate", "_correlate_except"))


def _is_of_entity(part: Any) -> bool:
    """Whether a table or column came out of a mapped class or an alias of one: then the row filter finds it."""
    return "parententity" in part._annotations  # noqa: SLF001 - SQLAlchemy marks it nowhere else


def _speaks_of_scoped(sql: str) -> bool:
    return any(name.search(sql) for name in _tables.values())


def _options_of(session: Session, scope: Scope) -> list[ExecutableOption]:
    """The filters of every scoped class, built once a session: a session serves one scope for its whole life."""
    options: list[ExecutableOption] | None = session.info.get("row_filters")
    if options is None:
        options = [
            with_loader_criteria(mapped, criteria(scope), include_aliases=True)
            for mapped, (criteria, _) in _criteria.items()
        ]
        session.info["row_filters"] = options
    return options


def _guard_writes(session: Session, _flush: UOWTransaction, _instances: object) -> None:
    scope = scope_of(session)
    if scope.is_system:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Scoped) and not _registered(type(row))[1](scope, row):
            raise ScopeMissing(f"{type(row).__name__}: this actor may not write this row")


def install(session_class: type[Session]) -> None:
    """Put the filter and the write guard on every session of this class."""
    event.listen(session_class, "do_orm_execute", _filter_statement)
    event.listen(session_class, "before_flush", _guard_writes)
