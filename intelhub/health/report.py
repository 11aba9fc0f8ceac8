"""What the worker alone can count, written down for operators: their own rights show them no record and no index.

Only totals of the whole house may stand here: a figure a level or a unit would tell who is busy with what.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from intelhub.audit import AUDIT_EXPORTED, last_done_at
from intelhub.crypto import is_replaced_since
from intelhub.health.models import UpkeepReportRow
from intelhub.platform import clock
from intelhub.records import CHECKED, count_older_wraps
from intelhub.search import SearchServer, count_behind_tokens, count_waiting

MOST_COUNTED = 10_000
_LONGEST_WRITE = timedelta(minutes=10)
_REPORT = cast("sa.Table", UpkeepReportRow.__table__)
_WHY = {"unscoped": "totals of the whole house, which are nobody's content"}


def report_on_index(session: Session, server: SearchServer | None = None) -> None:
    """Write down how the index and its server keep up; cheap enough for every minute."""
    rows, overdue = count_waiting(session)
    _write(
        session,
        {
            "index_at": clock.now(),
            "tail_rows": rows,
            "tails_overdue": overdue,
            "server_answers": server.answers() if server else None,
            "server_takes_writes": server.takes_writes if server else None,
            "server_documents": count_behind_tokens(session),
        },
    )


def report_on_keys(session: Session) -> None:
    """Write down what still lies under replaced keys, and what was exported and checked last."""
    now, last = clock.now(), find_report(session)
    # Nothing that begins after a replacement is wrapped under the former key: once none is left there, only another
    # replacement is a reason to read every record again. An index would cost each of their writes, for this alone.
    is_done = (
        last is not None and last.older_wraps == 0 and not is_replaced_since(session, last.rest_at - _LONGEST_WRITE)
    )
    _write(
        session,
        {
            "rest_at": now,
            "older_wraps": 0 if is_done else count_older_wraps(session, most=MOST_COUNTED),
            "exported_at": last_done_at(session, AUDIT_EXPORTED.name),
            "checked_at": last_done_at(session, CHECKED),
        },
    )


def find_report(session: Session) -> UpkeepReportRow | None:
    """What the worker wrote down last; None before its first look."""
    return session.execute(sa.select(UpkeepReportRow)).scalar_one_or_none()


def _write(session: Session, seen: dict[str, datetime | int | None]) -> None:
    nothing_yet = {
        "index_at": datetime.fromtimestamp(0, clock.now().tzinfo),
        "tail_rows": 0,
        "tails_overdue": 0,
        "server_documents": 0,
        "rest_at": datetime.fromtimestamp(0, clock.now().tzinfo),
        "older_wraps": 0,
    }
    statement = insert(_REPORT).values(id=1, **(nothing_yet | seen))
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=seen), execution_options=_WHY)
