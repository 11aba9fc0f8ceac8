"""The decision case by case: each condition alone can refuse, and the reason is the one that helps."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given

from intelhub.access import Label, decide, explain, may, require
from intelhub.access.policy import current_policy
from intelhub.platform.actor import Actor, Place, Post
from intelhub.platform.errors import NotFound, NotPermitted
from tests.factories.access_rights import COMPARTMENTS, DEPARTMENTS, UNITS, actors, labels

DEPARTMENT, ELSEWHERE = DEPARTMENTS
GATE = UNITS[DEPARTMENT][0]
OFFICER, LEADER, ANALYST, HEAD, HEADQUARTERS = (UUID(int=n) for n in range(1, 6))


def someone(user_id: UUID, function: str, tier: int, unit: UUID = GATE, department: UUID = DEPARTMENT) -> Actor:
    post = Post(function=function, tier=tier, unit_id=unit, unit_ids=frozenset({unit}), department_id=department)
    return Actor(user_id=user_id, username=function, posts=(post,), clearance=3, ceiling=3)


def record(**changes: object) -> Label:
    label = Label(
        kind="record",
        object_id=UUID(int=99),
        level=1,
        owning_unit_id=GATE,
        origin_department_id=DEPARTMENT,
        author_id=OFFICER,
        exposure=1,
        state="submitted",
    )
    return replace(label, **changes)


leader = someone(LEADER, "group_leader", 3)
analyst = someone(ANALYST, "analyst", 2, DEPARTMENT)
head = someone(HEAD, "unit_head", 2, DEPARTMENT)
headquarters = someone(HEADQUARTERS, "analyst", 1, UUID(int=100), UUID(int=100))


def test_the_way_up_the_tree():
    assert decide(leader, "read", record()).allowed
    assert decide(leader, "forward", record()).allowed
    assert not decide(analyst, "read", record()).allowed
    received = record(exposure=2, state="RECEIVED")
    assert decide(analyst, "read", received).allowed
    assert decide(analyst, "evaluate", received).allowed
    assert not decide(headquarters, "read", received).allowed
    collated = record(exposure=2, state="COLLATED", handling="H2")
    assert not decide(analyst, "share_up", collated).allowed
    assert decide(head, "share_up", collated).allowed
    assert decide(headquarters, "read", record(exposure=3)).allowed


def test_a_neighbouring_department_reads_nothing():
    neighbour = someone(ANALYST, "analyst", 2, ELSEWHERE, ELSEWHERE)
    for exposure in range(4):
        assert decide(neighbour, "read", record(exposure=exposure)).rule == "reach"


@pytest.mark.parametrize(
    ("changes", "label", "rule"),
    [
        ({"clearance": 0, "ceiling": 0}, record(), "clearance"),
        ({"ceiling": 0}, record(), "session_ceiling"),
        ({"place": Place.REMOTE}, record(), "place_ceiling"),
        ({}, record(compartments=frozenset(COMPARTMENTS)), "compartments"),
        ({"posts": ()}, record(), "no_line"),
        ({}, record(exposure=0), "exposure"),
        ({}, record(owning_unit_id=UNITS[DEPARTMENT][1]), "reach"),
    ],
)
def test_each_condition_refuses_alone(changes, label, rule):
    assert decide(leader, "read", record()).allowed
    decision = decide(replace(leader, **changes), "read", label)
    assert (decision.allowed, decision.rule) == (False, rule)


def test_the_ceiling_of_a_line_refuses():
    officer = someone(OFFICER, "group_officer", 3)
    assert decide(officer, "read", record(level=2)).allowed
    assert decide(officer, "read", record(level=3)).rule == "line_ceiling"


def test_nobody_forwards_what_they_wrote():
    decision = decide(leader, "forward", record(author_id=LEADER))
    assert decision.rule == "not_author"
    assert decide(leader, "lower_level", record(author_id=LEADER)).rule == "not_author"


def test_a_record_without_another_leader_is_forwarded_from_above():
    handed_past = record(author_id=LEADER, exposure=2, state="submitted")
    assert decide(head, "forward", handed_past).allowed
    assert decide(head, "lower_level", handed_past).allowed
    assert not decide(head, "lower_level", replace(handed_past, author_id=HEAD)).allowed
    assert not decide(head, "lower_level", replace(handed_past, author_id=OFFICER, state="received")).allowed
    assert not decide(head, "forward", record(author_id=LEADER)).allowed
    assert not decide(head, "forward", replace(handed_past, state="RECEIVED")).allowed
    assert not decide(head, "forward", replace(handed_past, author_id=HEAD)).allowed
    assert not decide(analyst, "forward", handed_past).allowed


@pytest.mark.parametrize(("handling", "forwarded", "shared"), [
    ("H0", False, False), ("H1", True, False), ("H2", True, True), ("H4", True, True), ("HX", True, False),
])  # fmt: skip
def test_handling_codes_bound_the_purpose(handling, forwarded, shared):
    assert decide(leader, "forward", record(handling=handling)).allowed is forwarded
    assert decide(head, "share_up", record(handling=handling, exposure=2)).allowed is shared


def test_hx_is_passed_on_by_its_own_unit_alone():
    decision = decide(head, "share_up", record(handling="HX", exposure=2))
    assert decision.rule == "handling"
    assert "owning unit" in str(decision.reason)
    assert decide(head, "share_up", record(handling="HX", exposure=2, owning_unit_id=DEPARTMENT)).allowed


def test_a_record_is_created_only_where_the_post_is_held():
    officer = someone(OFFICER, "contributor", 3)
    draft = record(exposure=0, state="DRAFT")
    assert decide(officer, "create", draft).allowed
    assert decide(officer, "create", replace(draft, owning_unit_id=UNITS[DEPARTMENT][1])).rule == "own_unit"
    assert decide(officer, "create", replace(draft, origin_department_id=ELSEWHERE)).rule == "own_unit"
    assert decide(officer, "create", replace(draft, author_id=LEADER)).rule == "reach"


@pytest.mark.parametrize(
    ("function", "tier"), [("auditor", 1), ("auditor", 3), ("operator", 1), ("security_officer", 2)]
)
def test_watchers_never_see_content(function, tier):
    watcher = someone(OFFICER, function, tier)
    assert not decide(watcher, "read", record(exposure=3, level=0)).allowed
    assert not may(watcher, "record.read")


def test_an_act_on_what_may_not_be_read_is_as_if_it_were_not_there():
    with pytest.raises(NotFound):
        require(analyst, "read", record())
    with pytest.raises(NotFound):
        require(analyst, "evaluate", record())
    with pytest.raises(NotPermitted) as refused:
        require(analyst, "share_up", record(exposure=2))
    assert refused.value.rule == "no_line"
    assert require(analyst, "evaluate", record(exposure=2)).rule.startswith("analyst, 2, record, evaluate")


def test_may_knows_no_unknown_permission():
    assert may(analyst, "record.evaluate")
    assert not may(analyst, "record.no_such_thing")
    with pytest.raises(ValueError, match="never decided"):
        may(analyst, "record")


@given(actor=actors(), label=labels())
def test_the_explanation_agrees_with_the_decision(actor, label):
    for action in ("read", "forward", "create"):
        explanation = explain(actor, action, label)
        assert explanation.decision == decide(actor, action, label)
        text = explanation.as_text()
        assert text.startswith("ALLOWED" if explanation.decision.allowed else "REFUSED")
        if not explanation.decision.allowed:
            assert any(check.name == explanation.decision.rule and not check.passed for check in explanation.checks)


@given(actor=actors(), label=labels())
def test_taking_away_never_allows_more(actor, label):
    """Monotone: less clearance, fewer posts, fewer compartments or a worse place cannot turn a no into a yes."""
    if decide(actor, "read", label).allowed:
        return
    for less in (
        replace(actor, clearance=0, ceiling=0),
        replace(actor, posts=actor.posts[1:]),
        replace(actor, compartments=frozenset()),
        replace(actor, place=Place.REMOTE),
    ):
        assert not decide(less, "read", label).allowed


@pytest.mark.parametrize("wrong", [{"level": 4}, {"level": -1}, {"exposure": 4}, {"handling": "H9"}, {"kind": ""}])
def test_an_unknown_label_is_never_decided_upon(wrong):
    with pytest.raises(ValueError, match=r"label|there is no"):
        record(**wrong)


def test_no_line_lets_an_author_agree_to_a_lower_level():
    """The two persons of a lowering are two by this guard alone."""
    lines = [line for line in current_policy().lines if line.permission == "record.lower_level"]
    assert {line.function for line in lines} == {"group_leader", "unit_head", "department_leader"}
    assert all("not_author" in line.guards for line in lines)
