"""Whether this actor may do this to an object with this label: a pure conjunction, so a missing row can only deny.

Nothing here may read the database, the clock or an object's content, and nothing may be allowed for being the actor
who asks: the author's right to read stands in a policy line like every other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from intelhub.access.label import REFER_TO_ORIGINATOR, Label, handling_allows
from intelhub.access.policy import Line, Policy, current_policy
from intelhub.access.reach import Reach, is_exposed_to, is_placed_within
from intelhub.platform.actor import Actor, Place, Post
from intelhub.platform.errors import NotFound, NotPermitted
from intelhub.platform.messages import Message

READ = "read"
CREATE = "create"
SUBMITTED = "submitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer and why: on yes the policy line, on no the check that refused; both go into the audit log."""

    allowed: bool
    rule: str
    reason: Message
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question of a decision with its answer; `line` is the policy line it was asked of, if of one."""

    name: str
    passed: bool
    reason: Message
    line: Line | None = None


def decide(actor: Actor, action: str, label: Label, *, policy: Policy | None = None) -> Decision:
    """Decide one act, such as `forward`, on one object; every act but `create` needs the right to read as well."""
    rules = policy or current_policy()
    if action not in (READ, CREATE):
        reading = _decide_alone(actor, READ, label, rules)
        if not reading.allowed:
            return reading
    return _decide_alone(actor, action, label, rules)


def require(actor: Actor, action: str, label: Label) -> Decision:
    """The decision, if it is yes; else `NotFound`, or `NotPermitted` where the object may be known and the act not."""
    decision = decide(actor, action, label)
    if decision.allowed:
        return decision
    if action == CREATE or (action != READ and decide(actor, READ, label).allowed):
        raise NotPermitted(decision.reason, rule=decision.rule)
    raise NotFound(rule=decision.rule)


def may(actor: Actor, permission: str) -> bool:
    """Whether any post of the actor has a line for this permission: for menus and routes, never for an object."""
    policy = current_policy()
    return any(policy.lines_for(post.function, post.tier, permission) for post in actor.posts)


def common_checks(actor: Actor, label: Label, policy: Policy) -> Iterator[Check]:
    """What every line shares: clearance, session, place and compartments."""
    level = label.level
    yield Check(
        name="clearance",
        passed=actor.clearance >= level,
        reason=Message(
            "The clearance held today is %(clearance)d, the object's level is %(level)d.",
            {"clearance": actor.clearance, "level": level},
        ),
    )
    yield Check(
        name="session_ceiling",
        passed=actor.ceiling >= level,
        reason=Message(
            "This session may show level %(ceiling)d at most, the object's level is %(level)d.",
            {"ceiling": actor.ceiling, "level": level},
        ),
    )
    place_ceiling = policy.place_ceiling(actor.place)
    yield Check(
        name="place_ceiling",
        passed=place_ceiling >= level,
        reason=Message(
            "At this place (%(place)s) level %(ceiling)d is the highest, the object's level is %(level)d.",
            {"place": _PLACE_WORDS[actor.place], "ceiling": place_ceiling, "level": level},
        ),
    )
    missing = label.compartments - actor.compartments
    yield Check(
        name="compartments",
        passed=not missing,
        reason=Message(
            "Of the object's %(count)d compartments, %(missing)d are not held.",
            {"count": len(label.compartments), "missing": len(missing)},
        ),
    )


def held_lines(actor: Actor, permission: str, policy: Policy) -> Iterator[tuple[Post, Line]]:
    """Every policy line for this permission that a post of the actor brings."""
    for post in actor.posts:
        for line in policy.lines_for(post.function, post.tier, permission):
            yield post, line


def line_checks(actor: Actor, post: Post, line: Line, label: Label) -> Iterator[Check]:
    """What one policy line asks of one object."""
    yield Check(
        name="reach",
        passed=is_placed_within(line.reach, post, actor.user_id, label),
        reason=Message(
            "The object lies outside the reach of this line (%(reach)s).", {"reach": _REACH_WORDS[line.reach]}
        ),
        line=line,
    )
    yield Check(
        name="exposure",
        passed=is_exposed_to(line.reach, label),
        reason=Message(
            "The object has come up as far as %(exposure)d; this reach meets objects from %(minimum)d on.",
            {"exposure": int(label.exposure), "minimum": int(line.reach.minimum_exposure)},
        ),
        line=line,
    )
    yield Check(
        name="line_ceiling",
        passed=line.ceiling >= label.level,
        reason=Message(
            "This line reaches up to level %(ceiling)d, the object's level is %(level)d.",
            {"ceiling": line.ceiling, "level": label.level},
        ),
        line=line,
    )
    is_originator = label.owning_unit_id in post.unit_ids
    yield Check(
        name="handling",
        passed=handling_allows(label.handling, line.handling, is_originator=is_originator),
        reason=_handling_reason(label, line),
        line=line,
    )
    for guard in sorted(line.guards):
        yield Check(name=guard, passed=is_guard_met(guard, actor, post, label), reason=_GUARD_REASONS[guard], line=line)


def is_guard_met(guard: str, actor: Actor, post: Post, label: Label) -> bool:
    """Whether one guard of a policy line lets this post act on this object."""
    match guard:
        case "not_author":
            return label.author_id != actor.user_id
        case "own_unit":
            return label.owning_unit_id in post.unit_ids and label.origin_department_id == post.department_id
        case "leaderless":
            # A submitted record stands before the department only when its unit had no other leader to forward it.
            return label.state == SUBMITTED and label.exposure >= Reach.DEPARTMENT.minimum_exposure
    raise ValueError(f"there is no guard {guard}")


def _decide_alone(actor: Actor, action: str, label: Label, policy: Policy) -> Decision:
    for check in common_checks(actor, label, policy):
        if not check.passed:
            return _refusal(check, policy)
    furthest = NO_LINE
    most_passed = -1
    for post, line in held_lines(actor, f"{label.kind}.{action}", policy):
        passed = 0
        for check in line_checks(actor, post, line, label):
            if not check.passed:
                break
            passed += 1
        else:
            return Decision(
                allowed=True, rule=str(line), reason=Message("Allowed by a policy line."), policy_version=policy.version
            )
        # Of several lines that refuse, the one that came furthest gives the reason a person can use.
        if passed > most_passed:
            furthest, most_passed = check, passed
    return _refusal(furthest, policy)


def _refusal(check: Check, policy: Policy) -> Decision:
    return Decision(allowed=False, rule=check.name, reason=check.reason, policy_version=policy.version)


def _handling_reason(label: Label, line: Line) -> Message:
    if label.handling == REFER_TO_ORIGINATOR:
        return Message("Handling code HX: only somebody of the owning unit may pass this on. Ask them first.")
    return Message(
        "Handling code %(handling)s does not allow this; it needs %(least)s or wider.",
        {"handling": label.handling, "least": line.handling},
    )


NO_LINE = Check(name="no_line", passed=False, reason=Message("No post held today brings a policy line for this act."))

_PLACE_WORDS = {
    Place.ONSITE: Message("On site"),
    Place.DUTY_ROOM: Message("Duty room"),
    Place.REMOTE: Message("Remote"),
}
_REACH_WORDS = {
    Reach.AUTHOR: Message("one's own"),
    Reach.UNIT: Message("one's own unit"),
    Reach.DEPARTMENT: Message("one's own unit of tier 2"),
    Reach.ALL: Message("the whole service"),
    Reach.DISSEMINATION: Message("what was shared with one's own unit"),
}
_GUARD_REASONS = {
    "not_author": Message("Nobody does this to what they wrote themselves."),
    "own_unit": Message("This is done only in the unit where the post is held."),
    "leaderless": Message("The unit has a leader of its own who does this."),
}
