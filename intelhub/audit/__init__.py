"""The audit log: acts written down beside themselves, a tree that cannot be rewritten unseen, and its verification."""

from intelhub.audit.actions import AuditAction, get_action, list_actions, register_action
from intelhub.audit.entry import SYSTEM_ACTOR_ID, Decision, Entry, EntryTooLarge, ObjectRef
from intelhub.audit.log import record_act

__all__ = [
    "SYSTEM_ACTOR_ID",
    "AuditAction",
    "Decision",
    "Entry",
    "EntryTooLarge",
    "ObjectRef",
    "get_action",
    "list_actions",
    "record_act",
    "register_action",
]
