"""Every permission the policy may speak of, each with its sentence; a policy line about anything else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "record.create": "Write an information record.",
        "record.read": "Read an information record.",
        "record.edit": "Change one's own draft.",
        "record.submit": "Submit one's own draft to the leader of the unit.",
        "record.return": "Return a submitted record to its author with a comment.",
        "record.forward": "Forward a submitted record to the tier above.",
        "record.lower_level": "Lower the level of a submitted record as its author proposes.",
        "record.acknowledge": "Acknowledge a received record.",
        "record.assign": "Assign received records to somebody.",
        "record.evaluate": "Grade the source and the information.",
        "record.mark_duplicate": "Mark a record as a duplicate of another.",
        "record.collate": "Bring a graded record together with its subjects.",
        "record.share_up": "Share a collated record with the highest tier.",
        "record.disseminate": "Share a graded record with a unit below its own unit of tier 2.",
        "record.disseminate_outside": "Share a graded record with a unit below another unit of tier 2.",
        "record.withdraw": "End the sharing of a record with a unit.",
        "record.search": "Search information records.",
        "record.export": "Export lines of records to a file.",
        "record.approve_export": "Agree that somebody exports lines of records above the first level.",
        "decision.explain": "Have a decision about access explained.",
        "audit.read_refusals": "See which acts were refused, and why.",
        "audit.read": "Read the audit log.",
        "audit.export": "Export the audit log for verification elsewhere.",
        "chain.read": "See the state of the audit chain.",
        "user.read": "Find people by name and see the posts they hold.",
        "user.read_grants": "See which duty functions and clearances end soon.",
        "user.manage": "Create accounts, grant posts and clearances, reset factors.",
        "system.health": "See how the system is doing.",
        "unit.read": "Browse the tree of units.",
        "session.manage_own": "See and end one's own sessions.",
    }
)

FUNCTIONS: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "contributor": frozenset({2, 3}),
        "group_officer": frozenset({3}),
        "group_leader": frozenset({3}),
        "analyst": frozenset({1, 2}),
        "unit_head": frozenset({2}),
        "department_leader": frozenset({2}),
        "security_officer": frozenset({2}),
        "division_head": frozenset({1}),
        "leader": frozenset({1}),
        "auditor": frozenset({1, 2, 3}),
        "operator": frozenset({1, 2, 3}),
    }
)
"""Every duty function with the tiers at which it may be held."""
