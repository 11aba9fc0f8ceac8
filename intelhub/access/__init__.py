"""Who may do what: labels, the decision and its filter, people, posts, sign-in and sessions.

Everything outside this package imports from here. Casbin, Argon2, TOTP and the sign-in machinery never leave it.
"""

from intelhub.access.decision import Check, Decision, decide, may, require
from intelhub.access.explain import Explanation, explain
from intelhub.access.filter import Clause, PartitionFilter, ReadFilter, read_filter
from intelhub.access.label import HANDLING_CODES, HIGHEST_LEVEL, Exposure, Label
from intelhub.access.permissions import FUNCTIONS, PERMISSIONS
from intelhub.access.policy import Line, Policy, PolicyBroken, current_policy
from intelhub.access.reach import Reach
from intelhub.access.scope import NOBODY, ActorScope, scope_for

__all__ = [
    "FUNCTIONS",
    "HANDLING_CODES",
    "HIGHEST_LEVEL",
    "NOBODY",
    "PERMISSIONS",
    "ActorScope",
    "Check",
    "Clause",
    "Decision",
    "Explanation",
    "Exposure",
    "Label",
    "Line",
    "PartitionFilter",
    "Policy",
    "PolicyBroken",
    "Reach",
    "ReadFilter",
    "current_policy",
    "decide",
    "explain",
    "may",
    "read_filter",
    "require",
    "scope_for",
]
