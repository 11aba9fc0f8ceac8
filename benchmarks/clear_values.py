"""A record page's values as one JSON text in clear, and back: what a system without secrets would keep in its table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from intelhub.records.domain import Grade, Record, RecordHead, RecordState, RecordSummary, Step, Subject, Work

_TIMES = ("learned_at", "happened_from", "happened_to", "submitted_at")


def to_clear(record: Record, timeline: Sequence[Step], *, people: Mapping[UUID, str], units: Mapping[UUID, str]) -> str:
    """Everything the page shows, with the names of people and units resolved."""
    page = {
        "summary": {**asdict(record.summary), "head": None},
        "head": asdict(record.summary.head),
        "fields": dict(record.fields),
        "work": asdict(record.work),
        "timeline": [asdict(step) for step in timeline],
        "people": {str(key): name for key, name in people.items()},
        "units": {str(key): name for key, name in units.items()},
    }
    return json.dumps(page, ensure_ascii=False, default=str)


def from_clear(text: str) -> dict[str, Any]:
    """The values for `records/record.html`, except its choices."""
    page = json.loads(text)
    return {
        "record": Record(
            summary=_summary(page["summary"], _head(page["head"])), fields=page["fields"], work=_work(page["work"])
        ),
        "timeline": tuple(_steps(page["timeline"])),
        "names": {UUID(key): name for key, name in page["people"].items()},
        "units": {UUID(key): name for key, name in page["units"].items()},
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _head(kept: dict[str, Any]) -> RecordHead:
    kept.update({name: _moment(kept[name]) for name in _TIMES})
    kept.update({name: Grade(**kept[name]) if kept[name] else None for name in ("grade", "original_grade")})
    return RecordHead(**kept)


def _summary(kept: dict[str, Any], head: RecordHead) -> RecordSummary:
    for name in ("id", "unit_id", "department_id", "author_id"):
        kept[name] = UUID(kept[name])
    kept["assignee_id"] = UUID(kept["assignee_id"]) if kept["assignee_id"] else None
    kept["updated_at"] = _moment(kept["updated_at"])
    return RecordSummary(**{**kept, "state": RecordState(kept["state"]), "head": head})


def _work(kept: dict[str, Any]) -> Work:
    kept["grade"] = Grade(**kept["grade"]) if kept["grade"] else None
    kept["entities"] = tuple(Subject(**one) for one in kept["entities"])
    kept["corroborating"] = tuple(map(UUID, kept["corroborating"]))
    return Work(**kept)


def _steps(kept: Iterable[dict[str, Any]]) -> Iterable[Step]:
    for one in kept:
        states = {name: RecordState(one[name]) for name in ("from_state", "to_state")}
        ids = {name: UUID(one[name]) for name in ("actor_id", "unit_id")}
        yield Step(**{**one, **states, **ids, "at": datetime.fromisoformat(one["at"])})
