"""The audit log: acts written down beside themselves, a tree that cannot be rewritten unseen, and its verification."""

from intelhub.audit.actions import AUDIT_EXPORTED, CHAIN_SHOWN, AuditAction, get_action, list_actions, register_action
from intelhub.audit.directory import Directory, Named, forget_directory, register_directory
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
    list_objects,
    newest_digest,
    search_entries,
)
from intelhub.audit.reference import reference_of
from intelhub.audit.refusals import find_refused, list_refused
from intelhub.audit.sequencer import LogDamaged, run_sequencer, sequence_once
from intelhub.audit.states import (
    KnownObjects,
    LoggedAct,
    LoggedState,
    count_acts,
    last_done_at,
    list_acts_on,
    list_known_objects,
    list_states,
    list_states_of,
    newest_digests,
)
from intelhub.audit.unsealing import unseal
from intelhub.audit.verify import Finding, Verification, verify_log
from intelhub.audit.views import blueprint

__all__ = [
    "AUDIT_EXPORTED",
    "CHAIN_SHOWN",
    "SYSTEM_ACTOR_ID",
    "AuditAction",
    "ChainStatus",
    "Checkpoint",
    "Criteria",
    "Decision",
    "Directory",
    "Entry",
    "EntryPage",
    "EntryTooLarge",
    "Exported",
    "Finding",
    "KnownObjects",
    "LogDamaged",
    "LoggedAct",
    "LoggedDigest",
    "LoggedEntry",
    "LoggedState",
    "Named",
    "NoteKey",
    "ObjectRef",
    "Verification",
    "blueprint",
    "count_acts",
    "export_log",
    "find_refused",
    "forget_directory",
    "get_action",
    "get_chain_status",
    "get_entry",
    "last_done_at",
    "list_actions",
    "list_acts_on",
    "list_known_objects",
    "list_objects",
    "list_refused",
    "list_states",
    "list_states_of",
    "newest_digest",
    "newest_digests",
    "parse_entry",
    "record_act",
    "reference_of",
    "register_action",
    "register_directory",
    "run_sequencer",
    "search_entries",
    "sequence_once",
    "unseal",
    "verify_log",
]
