"""What becomes of a right that does not fit its seal: an entry in the log, and one person less on a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, Row
from sqlalchemy.orm import Session

from intelhub.access import actions
from intelhub.access.seals import LEAVE_OUT, RightMisfit
from intelhub.audit import ObjectRef, record_act
from intelhub.platform.actor import Actor


def raise_alarm(actor: Actor, session: Session, found: RightMisfit) -> None:
    """Write down whose right did not fit its seal, in which table."""
    record_act(
        actor,
        session,
        actions.TAMPER_FOUND,
        object=ObjectRef(found.kind, found.object_id),
        decision="deny",
        rule=found.table,
    )


def rows_that_fit(
    session: Session, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> Sequence[Row[Any]]:
    """The rows of a statement without those whose entities do not fit their seals; each raises the alarm once.

    For lists: damage to one person's rights must not hide everybody else's. Whoever acts is never loaded this way.
    """
    misfits: list[tuple[object, RightMisfit]] = []
    rows = session.execute(statement, parameters, execution_options={LEAVE_OUT: misfits}).all()
    if not misfits:
        return rows
    for found in {(one.kind, one.object_id, one.table): one for _, one in misfits}.values():
        raise_alarm(session.info["actor"], session, found)
    left_out = {id(row) for row, _ in misfits}
    return [row for row in rows if not any(id(part) in left_out for part in row)]
