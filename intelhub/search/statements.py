"""Plain SQL of the index behind row-level security: of whole partitions and walls, whose filter runs inside."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Result, TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

_WHY = "row-level security shows partitions and walls; the access filter runs inside them, or on what is opened"
_ARRAYS = frozenset({"compartments", "ids"})


def run(session: Session, sql: str, **parameters: Any) -> Result[*tuple[Any, ...]]:
    """Run a statement of the index; `compartments` and `ids` are arrays of ids."""
    return session.execute(_statement(sql, frozenset(_ARRAYS & parameters.keys())), parameters)


def run_many(session: Session, sql: str, rows: list[dict[str, Any]]) -> None:
    """Run a statement for each of some rows, all of which have the same columns."""
    if rows:
        session.execute(_statement(sql, frozenset(_ARRAYS & rows[0].keys())), rows)


@cache
def _statement(sql: str, arrays: frozenset[str]) -> TextClause:
    """A statement of the index; there are some dozens, each made once."""
    statement = text(sql).execution_options(unscoped=_WHY)
    return statement.bindparams(*(bindparam(name, type_=ARRAY(Uuid())) for name in sorted(arrays)))
