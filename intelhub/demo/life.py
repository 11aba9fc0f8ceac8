"""What happens to a record after it is typed: who forwards, grades, links and shares it, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from types import MappingProxyType
from typing import Any

from intelhub.demo.composing import amendment
from intelhub.demo.content import DemoPerson, DemoStep
from intelhub.demo.world import load
from intelhub.demo.writing import Scene
from intelhub.platform.actor import Place

# How far records of an age have come, in percent: (days, {goal: weight}). The youngest wait in every inbox.
_GOALS: tuple[tuple[float, Mapping[str, int]], ...] = (
    (1, {"draft": 30, "submitted": 42, "received": 28}),
    (5, {"draft": 8, "returned": 6, "submitted": 24, "received": 38, "evaluated": 16, "collated": 8}),
    (25, {"draft": 4, "returned": 3, "submitted": 8, "received": 27, "evaluated": 25, "merged": 4, "collated": 22,
          "shared_up": 7}),
    (99_999, {"draft": 2, "returned": 1, "submitted": 2, "received": 7, "evaluated": 11, "merged": 5, "collated": 43,
              "shared_up": 29}),
)  # fmt: skip
BEFORE_DEPARTMENT = frozenset({"draft", "returned", "submitted"})
_RETURNED_ONCE, _RETURNED_AND_WAITING = 0.07, 0.3
_PROPOSED_LOWER = 0.6
_SHARED, _SHARED_FAR = 0.17, 0.4
_HOW_TAKEN_ON = (30, 20, 50)
# F and 6 say "cannot be judged": they are no worse than E and 5. A 1 takes an independent record.
_BETTER_SOURCE = MappingProxyType({"C": "B", "D": "C", "E": "D", "F": "C"})
_BETTER_INFO = MappingProxyType({"3": "2", "4": "3", "5": "4", "6": "3"})
_WORSE_INFO = MappingProxyType({"2": "3", "3": "4", "6": "4"})


@dataclass(frozen=True, slots=False, kw_only=True)
class Staff:
    """Who may do what where."""

    people: Sequence[DemoPerson]
    by_post: dict[tuple[str, str], list[DemoPerson]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for person in self.people:
            for post in person.posts:
                self.by_post.setdefault((post.function, post.unit_code), []).append(person)

    @cached_property
    def writing_units(self) -> list[str]:
        """The units in which somebody writes records."""
        return list(
            dict.fromkeys(unit for function, unit in self.by_post if function in {"group_officer", "contributor"})
        )

    def find(self, function: str, unit_code: str, level: int, *, besides: str = "") -> list[DemoPerson]:
        """Those with this function at this unit who may act at this level."""
        return [
            person
            for person in self.by_post.get((function, unit_code), [])
            if person.clearance >= level and person.username != besides and not (level and person.place is Place.REMOTE)
        ]

    def authors(self, unit_code: str) -> list[DemoPerson]:
        """Those who write records for this unit."""
        return self.find("group_officer", unit_code, 0) + self.find("contributor", unit_code, 0)

    def writing_ceiling(self, author: DemoPerson) -> int:
        """The highest level this author writes at: control officers up to Tối mật."""
        return min(author.clearance, 3 if "contributor" in author.functions else 2)

    def chain(self, unit_code: str, level: int, author: str) -> dict[str, list[DemoPerson]]:
        """The leaders, analysts and heads a record passes."""
        division = f"{unit_code[:2]}ZZ.CBL"
        return {
            "leader": self.find("group_leader", unit_code, level, besides=author),
            "analyst": self.find("analyst", division, level, besides=author),
            "head": self.find("unit_head", division, level, besides=author),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A record that was written and is about to go its way."""

    goal: str
    content: Mapping[str, Any]
    scene: Scene
    author: str
    unit_code: str
    created_at: datetime
    until: datetime
    target: int | None = None
    confirming: int | None = None


def choose_goal(rng: Random, age: timedelta) -> str:
    """How far a record of this age has come."""
    days = age / timedelta(days=1)
    weights = next(weights for limit, weights in _GOALS if days < limit)
    return rng.choices(list(weights), list(weights.values()))[0]


class _Walk:
    """Steps in order of time; the first that would lie in the future ends it."""

    def __init__(self, rng: Random, start: datetime, until: datetime) -> None:
        self.rng, self.at, self.until, self.steps, self.is_over = rng, start, until, list[DemoStep](), False

    def go(
        self, event: str, username: str, hours: tuple[float, float], details: Mapping[str, Any] | None = None
    ) -> None:
        at = self.at + timedelta(minutes=round(self.rng.uniform(*hours) * 60))
        if self.is_over or at > self.until:
            self.is_over = True
            return
        self.at = at
        self.steps.append(
            DemoStep(event=event, username=username, at=at, details=MappingProxyType(dict(details or {})))
        )


def live(rng: Random, plan: Plan, staff: Staff) -> tuple[DemoStep, ...]:
    """The steps of a record, from its first sending to where it stands today."""
    walk = _Walk(rng, plan.created_at, plan.until)
    if plan.goal == "draft":
        return ()
    chain = staff.chain(plan.unit_code, plan.content["level"], plan.author)
    leader = rng.choice(chain["leader"]).username
    walk.go("submit", plan.author, (0.1, 1.5))
    once = _RETURNED_AND_WAITING if plan.goal == "submitted" else _RETURNED_ONCE
    if plan.goal == "returned" or rng.random() < once:
        comment, added = amendment(rng, plan.scene)
        walk.go("return", leader, (0.5, 12), {"comment": comment})
        if plan.goal == "returned":
            return tuple(walk.steps)
        text = f"{plan.content['text']} {added}"
        lower = propose_lower(rng, plan)
        walk.go("submit", plan.author, (0.5, 20), {"changes": {"text": text, **lower}})
        if lower and plan.goal != "submitted":
            walk.go(
                "lower_level", leader, (0.3, 20), {"reason": rng.choice(load("phrases_common")["lowering"]["agreed"])}
            )
    if plan.goal in {"submitted", "returned"}:
        return tuple(walk.steps)
    walk.go("forward", leader, (0.3, 30))
    _department(rng, plan, walk, chain)
    return (*walk.steps, *_passing_on(plan, walk, chain, staff))


def propose_lower(rng: Random, plan: Plan) -> dict[str, Any]:
    """What an author changes who has come to think that a record is no secret; mostly nothing.

    Nothing either on a record that rests on another: that one may stand above the lower level.
    """
    if plan.content["level"] != 1 or (plan.target, plan.confirming) != (None, None):
        return {}
    if plan.goal != "submitted" and rng.random() > _PROPOSED_LOWER:
        return {}
    reason = rng.choice(load("phrases_common")["lowering"]["proposed"])
    return {"level": 0, "list_item": None, "level_reason": reason}


def _department(rng: Random, plan: Plan, walk: _Walk, chain: Mapping[str, Sequence[DemoPerson]]) -> None:
    words = load("phrases_common")
    analyst = rng.choice(chain["analyst"]).username
    if plan.goal == "received":
        _taken_on(rng, walk, analyst, chain)
        return
    if plan.goal == "merged":
        walk.go("mark_duplicate", analyst, (4, 60), {"target": plan.target, "reason": rng.choice(words["duplicate"])})
        return
    walk.go("evaluate", analyst, (3, 110), grade_again(rng, plan.content, plan.confirming))
    if plan.goal == "evaluated":
        return
    walk.go("collate", analyst, (0.5, 200), collation(rng, plan.content))
    if plan.goal == "shared_up":
        walk.go("share_up", rng.choice(chain["head"]).username, (2, 240), {"note": rng.choice(words["share_up"])})


def _passing_on(plan: Plan, walk: _Walk, chain: Mapping[str, Sequence[DemoPerson]], staff: Staff) -> Sequence[DemoStep]:
    """One collated record in six is shared with another gate: of the department, or beyond it from H2 on."""
    # A chance of its own: what else happens to any record stays as it was.
    rng = Random(f"{plan.created_at.isoformat()} {plan.author}")  # noqa: S311 - invented content
    code, department = plan.content["handling"], plan.unit_code[:2]
    if walk.is_over or plan.goal not in {"collated", "shared_up"} or code in {"H0", "HX"} or rng.random() > _SHARED:
        return ()
    is_far = rng.random() < _SHARED_FAR and code != "H1"
    gates = [
        unit
        for function, unit in staff.by_post
        if function == "group_leader"
        and unit != plan.unit_code
        and (unit[:2] != department) == is_far
        and staff.find(function, unit, plan.content["level"])
    ]
    if not gates:
        return ()
    onward = _Walk(rng, walk.at, walk.until)
    reason = rng.choice(load("phrases_common")["disseminate"])
    head = rng.choice(chain["head"]).username
    onward.go("disseminate", head, (1, 90), {"recipient": rng.choice(gates), "reason": reason})
    return onward.steps


def _taken_on(rng: Random, walk: _Walk, analyst: str, chain: Mapping[str, Sequence[DemoPerson]]) -> None:
    """Part of what the department received has its analyst: by taking it on, or because the head gave it to them."""
    way = rng.choices(("acknowledge", "assign", "wait"), _HOW_TAKEN_ON)[0]
    if way == "acknowledge":
        walk.go("acknowledge", analyst, (0.5, 12))
    if way == "assign":
        walk.go("assign", rng.choice(chain["head"]).username, (0.5, 12), {"assignee": analyst})


def grade_again(rng: Random, content: Mapping[str, Any], confirming: int | None = None) -> dict[str, Any]:
    """The analyst's own grade with its reason: sometimes better, sometimes worse, mostly the same.

    A 1 stands only where an independent record confirms it.
    """
    reasons = load("phrases_common")["evaluate"]
    if confirming is not None:
        reason = rng.choice(reasons["confirmed"])
        source = content["source_grade"]
        return {"source_grade": source, "info_grade": "1", "reason": reason, "corroborating": [confirming]}
    direction = rng.choices(("same", "up", "down"), (5, 3, 2))[0]
    source, info = content["source_grade"], content["info_grade"]
    if direction == "up":
        source, info = _BETTER_SOURCE.get(source, source), _BETTER_INFO.get(info, info)
    elif direction == "down":
        info = _WORSE_INFO.get(info, info)
    if (source, info) == (content["source_grade"], content["info_grade"]):
        direction = "same"
    return {"source_grade": source, "info_grade": info, "reason": rng.choice(reasons[direction])}


def collation(rng: Random, content: Mapping[str, Any]) -> dict[str, Any]:
    """The subjects the analyst linked, or why there were none to link."""
    named = [subject for subject in content["subjects"] if subject["kind"] != "goods"]
    if not named:
        return {"entities": [], "no_entity_reason": rng.choice(load("phrases_common")["no_entity"])}
    return {"entities": [dict(subject) for subject in content["subjects"]], "no_entity_reason": ""}
