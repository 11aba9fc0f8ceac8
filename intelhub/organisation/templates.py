"""Reads the shipped organisations (`data/*.json`); whoever ships another administration adds a file there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from intelhub.organisation.domain import Directory, EventKind, Identity, Tier, UnitEvent, UnitKind, event_id, unit_id
from intelhub.platform.errors import RuleRefused
from intelhub.platform.messages import Message

DEFAULT_TEMPLATE = "VN-2006-2024"
_DATA = Path(__file__).parent / "data"


def template_names() -> tuple[str, ...]:
    """The organisations this installation can start from, by name."""
    return tuple(sorted(path.stem for path in _DATA.glob("*.json")))


@cache
def read_template(name: str) -> Directory:
    """The directory a shipped file describes; raises `RuleRefused` with the names there are."""
    if name not in template_names():
        there_are = ", ".join(template_names())
        raise RuleRefused(
            Message("There is no organisation %(name)s. Choose one of: %(names)s.", {"name": name, "names": there_are}),
            rule="no_such_template",
        )
    return parse_template(json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8")))


def parse_template(document: Mapping[str, Any]) -> Directory:
    """A directory out of a template document; raises `KeyError` or `ValueError` where the file is wrong."""
    template: str = document["template"]
    units = [_identity(template, row) for row in document["units"]]
    ids = {unit.code: unit.id for unit in units}
    if len(ids) != len(units):
        raise ValueError(f"{template}: a code stands twice")
    founded = [_founded(ids, row) for row in document["units"]]
    later = [_event(ids, row) for row in document["events"]]
    tiers = [Tier(tier=row["tier"], name=row["vi"], name_en=row["en"]) for row in document["tiers"]]
    return Directory(template=template, tiers=tiers, units=units, events=[*founded, *later])


def _identity(template: str, row: Mapping[str, Any]) -> Identity:
    return Identity(
        id=unit_id(template, row["code"]),
        code=row["code"],
        other_codes=tuple(row.get("other_codes", ())),
        tier=row["tier"],
        kind=UnitKind(row["kind"]),
        specialised=row.get("specialised", False),
        force=row.get("force", ""),
        area=row.get("area", ""),
        confirmed=row.get("confirmed", True),
    )


def _founded(ids: Mapping[str, Any], row: Mapping[str, Any]) -> UnitEvent:
    on = date.fromisoformat(row["from"]) if "from" in row else None
    unit = ids[row["code"]]
    return UnitEvent(
        id=event_id(unit, EventKind.FOUNDED, on),
        unit_id=unit,
        kind=EventKind.FOUNDED,
        on=on,
        name=row["vi"],
        name_en=row.get("en", ""),
        short_name=row.get("short", ""),
        parent_id=ids[row["parent"]] if "parent" in row else None,
        basis=row.get("basis", ""),
        confirmed=row.get("confirmed", True),
    )


def _event(ids: Mapping[str, Any], row: Mapping[str, Any]) -> UnitEvent:
    unit, kind, on = ids[row["unit"]], EventKind(row["kind"]), date.fromisoformat(row["on"])
    return UnitEvent(
        id=event_id(unit, kind, on),
        unit_id=unit,
        kind=kind,
        on=on,
        name=row.get("vi", ""),
        name_en=row.get("en", ""),
        short_name=row.get("short", ""),
        parent_id=ids[row["parent"]] if "parent" in row else None,
        successors=tuple(ids[code] for code in row.get("into", ())),
        basis=row.get("basis", ""),
        confirmed=row.get("confirmed", True),
    )
