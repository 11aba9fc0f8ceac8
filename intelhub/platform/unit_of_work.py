"""The only place that commits: one unit of work is one actor, one session, one transaction.

Row-level security learns who acts through transaction-local settings that are put down as the first statement of
each transaction, so that a pooled connection never carries the rights of whoever used it before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from intelhub.platform import row_scope
from intelhub.platform.actor import Actor
from intelhub.platform.row_scope import Scope

_SETTINGS = (
    "intelhub.actor",
    "intelhub.compartments",
    "intelhub.units",
    "intelhub.departments",
    "intelhub.receiving",
    "intelhub.author_ceiling",
    "intelhub.unit_ceiling",
    "intelhub.department_ceiling",
    "intelhub.everywhere_ceiling",
    "intelhub.dissemination_ceiling",
    "intelhub.reads_audit",
    "intelhub.posts",
    "intelhub.ceiling",
)
_SET_CONTEXT = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in _SETTINGS)


_STANDS_ALONE = "statements stand alone"


class ActorSession(Session):
    """A session that belongs to one actor for its whole life; the ways past its row filter are closed."""

    def connection(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: a bare connection runs statements that nobody filters."""
        raise row_scope.ScopeMissing("statements run through the session, which filters them")

    def bulk_save_objects(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: it writes past the guard."""
        raise row_scope.ScopeMissing("rows are written one by one, through the guard")

    def bulk_insert_mappings(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: it writes past the guard."""
        raise row_scope.ScopeMissing("rows are written one by one, through the guard")

    def bulk_update_mappings(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: it writes past the guard."""
        raise row_scope.ScopeMissing("rows are written one by one, through the guard")


def _put_down_context(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    context = row_scope.scope_of(session).context()
    unknown = set(context) - set(_SETTINGS)
    if unknown:
        raise row_scope.ScopeMissing(f"settings that no policy reads: {sorted(unknown)}")
    if not any(context.values()):
        return  # a setting that is missing and one that is empty are both nobody, and the last ones ended with a commit
    if session.info.get(_STANDS_ALONE):
        raise row_scope.ScopeMissing("a context would end with the statement that puts it down")
    connection.exec_driver_sql(_SET_CONTEXT, tuple(context.get(name, "") for name in _SETTINGS))


event.listen(ActorSession, "after_begin", _put_down_context)
row_scope.install(ActorSession)


class UnitsOfWork:
    """Opens units of work on one engine; `info` is what every session carries (the vault, the search index)."""

    def __init__(self, engine: Engine, info: Mapping[str, Any]) -> None:
        self.engine = engine
        self.info = dict(info)

    @contextmanager
    def begin(self, actor: Actor, scope: Scope, known: Mapping[str, Any] | None = None) -> Iterator[ActorSession]:
        """Open a session for `actor`; commit when the block ends, roll back when it raises.

        `known` is what was found out for the same request already and need not be asked again.
        """
        info = {**self.info, **(known or {}), "actor": actor, "scope": scope}
        with ActorSession(self.engine, expire_on_commit=False, autoflush=False, info=info) as session:
            yield session
            session.commit()

    @contextmanager
    def glance(self, nobody: Actor, scope: Scope) -> Iterator[ActorSession]:
        """Open a session for nobody in which each statement stands alone and is kept at once.

        For one question before anybody acts, without a transaction's three errands around it; raises `ScopeMissing`
        for a scope that row-level security would have to be told of.
        """
        info = {**self.info, "actor": nobody, "scope": scope, _STANDS_ALONE: True}
        engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with ActorSession(engine, expire_on_commit=False, autoflush=False, info=info) as session:
            yield session
            session.commit()
