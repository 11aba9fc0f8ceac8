"""The audit log: acts written down beside themselves, a tree that cannot be rewritten unseen, and its verification."""

from intelhub.audit.actions import AuditAction, get_action, list_actions, register_action
from intelhub.audit.entry import SYSTEM_ACTOR_ID, Decision, Entry, EntryTooLarge, ObjectRef, parse_entry
from intelhub.audit.export import Exported, export_log
from intelhub.audit.log import record_act
from intelhub.audit.note import Checkpoint, NoteKey
from intelhub.audit.queries import (
    ChainStatus,
    Criteria,
    EntryPage,
    LoggedDigest,
    LoggedEntry,
    get_chain_status,
    get_entry,
    newest_digest,
    search_entries,
)
from intelhub.audit.sequencer import LogDamaged, run_sequencer, sequence_once
from intelhub.audit.unsealing import unseal
from intelhub.audit.verify import Finding, Verification, verify_log

__all__ = [
    "SYSTEM_ACTOR_ID",
    "AuditAction",
    "ChainStatus",
    "Checkpoint",
    "Criteria",
    "Decision",
    "Entry",
    "EntryPage",
    "EntryTooLarge",
    "Exported",
    "Finding",
    "LogDamaged",
    "LoggedDigest",
    "LoggedEntry",
    "NoteKey",
    "ObjectRef",
    "Verification",
    "export_log",
    "get_action",
    "get_chain_status",
    "get_entry",
    "list_actions",
    "newest_digest",
    "parse_entry",
    "record_act",
    "register_action",
    "run_sequencer",
    "search_entries",
    "sequence_once",
    "unseal",
    "verify_log",
]
