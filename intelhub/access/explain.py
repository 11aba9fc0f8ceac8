"""Why a decision fell as it did: every question that was asked, in order, with its answer.

For security officers and the command line; it names levels and ceilings of the label and never anything of the
content. Whoever may not explain decisions must not be shown this: it tells that the object exists.
"""

from __future__ import annotations

from dataclasses import dataclass

from intelhub.access.decision import (
    CREATE,
    NO_LINE,
    READ,
    Check,
    Decision,
    common_checks,
    decide,
    held_lines,
    line_checks,
)
from intelhub.access.label import Label
from intelhub.access.policy import Policy, current_policy
from intelhub.platform.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The decision with all its checks, the shared ones first, then each policy line held for the act."""

    actor: Actor
    action: str
    label: Label
    decision: Decision
    checks: tuple[Check, ...]

    def as_text(self) -> str:
        """The explanation for a terminal, one check a line."""
        answer = "ALLOWED" if self.decision.allowed else "REFUSED"
        lines = [
            f"{answer}: {self.actor.username} {self.label.kind}.{self.action} {self.label.object_id}",
            f"  by {self.decision.rule}: {self.decision.reason}",
            f"  policy {self.decision.policy_version[:16]}",
        ]
        shown: object = None
        for check in self.checks:
            if check.line is not None and check.line is not shown:
                lines.append(f"  line {check.line.number}: {check.line}")
                shown = check.line
            indent = "    " if check.line else "  "
            lines.append(f"{indent}{'yes' if check.passed else 'NO '} {check.name}" + _why(check))
        return "\n".join(lines)


def explain(actor: Actor, action: str, label: Label, *, policy: Policy | None = None) -> Explanation:
    """Ask every question of a decision, also those after the first no."""
    rules = policy or current_policy()
    checks = list(common_checks(actor, label, rules))
    for one in (action,) if action in (READ, CREATE) else (READ, action):
        held = list(held_lines(actor, f"{label.kind}.{one}", rules))
        for post, line in held:
            checks += line_checks(actor, post, line, label)
        if not held:
            checks.append(NO_LINE)
    return Explanation(
        actor=actor,
        action=action,
        label=label,
        decision=decide(actor, action, label, policy=rules),
        checks=tuple(checks),
    )


def _why(check: Check) -> str:
    return "" if check.passed else f": {check.reason}"
