"""The two earlier records that the acceptance journey finds again: one invented firm, auto parts, a false origin.

They are collated in Lạng Sơn and were not shared up, so that only that department can connect them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from intelhub.demo.content import DemoRecord, DemoStep
from intelhub.demo.world import load

STORY_COMPANY_NAME = "Công ty TNHH Phụ tùng ô tô Bách Sơn Lam"
STORY_TAX_CODE = "9900187068"
STORY_UNIT = "15BB"
_AUTHOR = "15bb.officer2"
_NAMES = MappingProxyType(
    {
        "company": STORY_COMPANY_NAME,
        "tax_code": STORY_TAX_CODE,
        "agent": "Mẫn Thục Trinh",
        "driver": "Khổng Duy Thạch",
        "truck": "44C-207.18",
        "container": "QXVU 318206-1",
        "declaration": "199004417253",
        "shipper": "Tavrisun Trading Co., Ltd",
    }
)


def _subject(kind: str, name: str = "", identifier: str = "") -> dict[str, str]:
    return {"kind": kind, "name": name, "identifier": identifier}


_FIRM = _subject("enterprise", STORY_COMPANY_NAME, STORY_TAX_CODE)
_GOODS = _subject("goods", "phụ tùng ô tô", "8708.99")


def _content(**fields: Any) -> Mapping[str, Any]:
    shared: dict[str, Any] = {
        "happened_to": None,
        "place_unit": STORY_UNIT,
        "source_kind": "open",
        "topic": "false_origin",
        "method": "false_origin",
        "urgency": "normal",
        "handling": "H1",
        "level_reason": "",
        "handling_conditions": "",
        "plan_item": "KH-2026-01",
        "outside_plan": None,
    }
    return MappingProxyType(shared | fields)


def _steps(author: str, start: datetime, content: Mapping[str, Any]) -> tuple[DemoStep, ...]:
    grade = {
        "source_grade": content["source_grade"],
        "info_grade": content["info_grade"],
        "reason": load("stories")["grade_reason"],
    }
    links = {"entities": [dict(subject) for subject in content["subjects"]], "no_entity_reason": ""}
    return (
        DemoStep(event="submit", username=author, at=start + timedelta(minutes=40)),
        DemoStep(event="forward", username="15bb.leader1", at=start + timedelta(hours=3)),
        DemoStep(
            event="evaluate",
            username="15cbl.analyst1",
            at=start + timedelta(days=1, hours=2),
            details=MappingProxyType(grade),
        ),
        DemoStep(
            event="collate",
            username="15cbl.analyst1",
            at=start + timedelta(days=2, hours=1),
            details=MappingProxyType(links),
        ),
    )


def _record(content: Mapping[str, Any], created_at: datetime) -> DemoRecord:
    return DemoRecord(
        content=content,
        author=_AUTHOR,
        unit_code=STORY_UNIT,
        created_at=created_at,
        steps=_steps(_AUTHOR, created_at, content),
        is_story=True,
    )


def _found_at_the_gate(learned_at: datetime) -> DemoRecord:
    words = load("stories")["first"]
    content = _content(
        text=words["text"].format(day=f"{learned_at:%d/%m/%Y}", **_NAMES),
        abstract=words["abstract"],
        learned_at=learned_at.isoformat(),
        happened_from=(learned_at - timedelta(hours=1)).isoformat(),
        place_text="bãi kiểm hóa",
        channel="control_result",
        source="DEMO: Biên bản kiểm tra số 118",
        subjects=[
            _FIRM,
            _GOODS,
            _subject("declaration", identifier=_NAMES["declaration"]),
            _subject("organisation", _NAMES["shipper"]),
        ],
        level=0,
        list_item=None,
        source_grade="B",
        info_grade="2",
    )
    return _record(content, learned_at + timedelta(minutes=30))


def _told_by_an_agent(learned_at: datetime) -> DemoRecord:
    words, seen_at = load("stories")["second"], learned_at - timedelta(hours=11)
    content = _content(
        text=words["text"].format(day=f"{seen_at:%d/%m/%Y}", time=f"{seen_at.hour} giờ", **_NAMES),
        abstract=words["abstract"],
        learned_at=learned_at.isoformat(),
        happened_from=seen_at.isoformat(),
        place_text="kho gần cửa khẩu",
        channel="business",
        source="DEMO: Phản ánh của doanh nghiệp số 42",
        subjects=[
            _FIRM,
            _GOODS,
            _subject("person", _NAMES["agent"]),
            _subject("person", _NAMES["driver"]),
            _subject("vehicle", "xe tải", _NAMES["truck"]),
            _subject("container", identifier=_NAMES["container"]),
        ],
        level=1,
        list_item="VD-M-02",
        source_grade="C",
        info_grade="3",
    )
    return _record(content, learned_at + timedelta(minutes=50))


def story_records(today: datetime) -> list[DemoRecord]:
    """The two records, five months and six weeks before today, oldest first."""
    return [
        _found_at_the_gate(today - timedelta(days=151, hours=9)),
        _told_by_an_agent(today - timedelta(days=43, hours=7)),
    ]
