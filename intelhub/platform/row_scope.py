"""The fourth lock: no statement leaves a session without the row filter of the actor it belongs to.

A mapped class that holds somebody's content is `Scoped`; its feature registers how the actor's scope becomes a
WHERE clause and which rows the actor may write. Statements that the ORM cannot filter (`text`, bare tables, bulk
inserts) are refused unless they carry `execution_options(unscoped="reason")`, and even that opens no table of a
scoped class. One session serves one actor for its whole life: SQLAlchemy does not filter a row that is already in
the session.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, event
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction, with_loader_criteria
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

    def rights(self) -> Hashable:
        """Everything a row filter may depend on: where two scopes have equal rights, one filter serves both."""
        ...


Criteria = Callable[[Any], ColumnElement[bool]]
WriteGuard = Callable[[Any, Any], bool]
_criteria: dict[type[Any], tuple[Criteria, WriteGuard]] = {}
_tables: dict[str, re.Pattern[str]] = {}
# Statements never change once they are made, and those asked often are made once.
_looked_at: WeakKeyDictionary[Any, tuple[bool, frozenset[type[Any]]]] = WeakKeyDictionary()
_MOST_BUILT = 500
_built: OrderedDict[Hashable, _RowFilters] = OrderedDict()
_lock = threading.Lock()


class _RowFilters:
    """The filters of one set of rights, and the statements they were put on.

    SQLAlchemy works out what a statement is, filters and all, whenever it meets a new one: that costs more than the
    statement itself, so one that is asked again is met again.
    """

    def __init__(self, scope: Scope) -> None:
        self._options: Mapping[type[Any], ExecutableOption] = {
            mapped: with_loader_criteria(mapped, criteria(scope), include_aliases=True)
            for mapped, (criteria, _) in _criteria.items()
        }
        self._filtered: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def put_on(self, statement: Any, named: frozenset[type[Any]]) -> Any:
        """The statement with the filter of every class it names."""
        filtered = self._filtered.get(statement)
        if filtered is None:
            options = (self._options[mapped] for mapped in _criteria if mapped in named)
            filtered = self._filtered[statement] = statement.options(*options)
        return filtered


def register_scoped(mapped: type[Any], criteria: Criteria, may_write: WriteGuard) -> None:
    """Declare how a scope filters `mapped` when it is read and guards it when it is written."""
    _scoped_behind.cache_clear()
    _looked_at.clear()
    _built.clear()
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
    named = _scoped_classes_in(state.statement, is_unscoped=is_unscoped)
    if is_unscoped:
        return
    if not state.is_orm_statement or state.is_insert:
        raise ScopeMissing("a statement that cannot be filtered needs execution_options(unscoped='reason')")
    if (state.is_update or state.is_delete) and _names_scoped(state):
        # It would pass by the write guard: rows are changed one by one, after a decision on each.
        raise ScopeMissing("rows of a scoped class are not changed in bulk")
    if named:
        state.statement = _filters_of(state.session, scope).put_on(state.statement, named)


def _names_scoped(state: ORMExecuteState) -> bool:
    return state.bind_mapper is not None and issubclass(state.bind_mapper.class_, Scoped)


def _scoped_classes_in(statement: Executable, *, is_unscoped: bool) -> frozenset[type[Any]]:
    """The scoped classes a statement names; raises where their tables stand in it beyond the reach of the filter."""
    known = _looked_at.get(statement)
    if known is not None and known[0] == is_unscoped:
        return known[1]
    named: frozenset[type[Any]] = frozenset()
    for part in _parts(statement, is_unscoped=is_unscoped):
        entity = _entity_of(part)
        if isinstance(part, TableClause):
            is_hidden = part.name in _tables and (is_unscoped or entity is None)
        elif isinstance(part, TextClause):
            is_hidden = _speaks_of_scoped(part.text)
        else:
            is_hidden = isinstance(part, ColumnClause) and part.is_literal and _speaks_of_scoped(part.name)
        if is_hidden:
            raise ScopeMissing("a scoped table is read through its mapped class and in no other form")
        if entity is not None:
            named |= _scoped_behind(entity.mapper)
        for forgotten in getattr(part, "_memoized_select_entities", ()):
            # What it was about before `with_only_columns`: the joins still stand, and no filter reaches them.
            _scoped_classes_in(forgotten, is_unscoped=True)
    _looked_at[statement] = (is_unscoped, named)
    return named


@cache
def _scoped_behind(mapper: Mapper[Any]) -> frozenset[type[Any]]:
    """The scoped classes that loading a class can load: its own, and any at all once it has relationships."""
    if issubclass(mapper.class_, Scoped):
        _registered(mapper.class_)
    if mapper.relationships:
        return frozenset(_criteria)
    return frozenset(mapped for mapped in _criteria if issubclass(mapper.class_, mapped))


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
            if part.table is not None and (is_unscoped or _entity_of(part) is None):
                waiting.append(part.table)
        elif isinstance(part, AliasedReturnsRows) and isinstance(part.element, TableClause):
            if is_unscoped or _entity_of(part) is None:
                waiting.append(part.element)
        elif not isinstance(part, TableClause):
            # Not the part's own way of naming its children: a SELECT adds tables there that it found by its columns.
            waiting += HasTraverseInternals.get_children(part, omit_attrs=("_correlate", "_correlate_except"))


def _entity_of(part: Any) -> Any:
    """The mapped class (or alias of one) a table or column came out of: then the row filter finds it."""
    return getattr(part, "_annotations", {}).get("parententity")  # SQLAlchemy marks it nowhere else


def _speaks_of_scoped(sql: str) -> bool:
    return any(name.search(sql) for name in _tables.values())


def _filters_of(session: Session, scope: Scope) -> _RowFilters:
    """The filter of each scoped class: a session serves one scope for its whole life, and equal rights share them."""
    filters: _RowFilters | None = session.info.get("row_filters")
    if filters is None:
        rights = scope.rights()
        with _lock:
            filters = _built.get(rights)
            if filters is None:
                filters = _built[rights] = _RowFilters(scope)
            _built.move_to_end(rights)
            while len(_built) > _MOST_BUILT:
                _built.popitem(last=False)
        session.info["row_filters"] = filters
    return filters


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
