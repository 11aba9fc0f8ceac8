"""The fourth lock: no statement leaves a session without the row filter of the actor it belongs to.

A mapped class that holds somebody's content is `Scoped`; its feature registers how the actor's scope becomes a
WHERE clause and which rows the actor may write. Statements that the ORM cannot filter (`text`, bare tables, bulk
inserts) are refused unless they carry `execution_options(unscoped="reason")`. One session serves one actor for its
whole life: SQLAlchemy does not filter a row that is already in the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import ColumnElement, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql.base import ExecutableOption


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


def register_scoped(mapped: type[Any], criteria: Criteria, may_write: WriteGuard) -> None:
    """Declare how a scope filters `mapped` when it is read and guards it when it is written."""
    _criteria[mapped] = (criteria, may_write)


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
    if scope.is_system or state.execution_options.get("unscoped"):
        return
    if not state.is_orm_statement or state.is_insert:
        raise ScopeMissing("a statement that cannot be filtered needs execution_options(unscoped='reason')")
    if state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(*_options_of(state.session, scope))


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
