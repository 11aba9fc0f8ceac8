"""Information records (phiếu tin): written at a gate, sealed, found, graded and shared up the tree."""

from intelhub.records import explain as _explain
from intelhub.records import scope as _scope
from intelhub.records.actions import CHECKED, TAMPER_FOUND
from intelhub.records.domain import Grade, Record, RecordID, RecordState, RecordSummary, Step, Subject, Work
from intelhub.records.queries import ListFilter, Page, count_records, find_reference, list_by_ids
from intelhub.records.saved_view_queries import list_watchers
from intelhub.records.service.checking import (
    LOG_STAGES,
    Batch,
    Damage,
    Fault,
    LogStage,
    conclude_check,
    count_entries_to_check,
    count_records_to_check,
    examine_record,
    look_at_log,
    look_at_parts,
    look_at_rows,
)
from intelhub.records.service.desks import count_waiting
from intelhub.records.service.disseminating import disseminate_record, withdraw_record
from intelhub.records.service.drafting import create_draft, discard_draft, open_draft, save_draft, submit_record
from intelhub.records.service.importing import check_import, import_record
from intelhub.records.service.lateness import SETTING as STAGE_LIMITS
from intelhub.records.service.lowering import lower_level
from intelhub.records.service.moving import (
    acknowledge_record,
    assign_record,
    collate_record,
    evaluate_record,
    forward_record,
    mark_duplicate,
    return_record,
    share_up_record,
)
from intelhub.records.service.reading import list_published, list_timeline, raise_index_alarm, read_record, show_list
from intelhub.records.service.searching import FoundRecord, SearchResult, search_records
from intelhub.records.service.upkeep import (
    count_older_wraps,
    find_labels,
    list_rebuilds,
    rebuild_partition,
    rewrap_records,
)
from intelhub.records.service.watching import count_alerts, list_watched_ids, look_again
from intelhub.records.views import blueprint

_scope.register()
_explain.register()

__all__ = [
    "CHECKED",
    "LOG_STAGES",
    "STAGE_LIMITS",
    "TAMPER_FOUND",
    "Batch",
    "Damage",
    "Fault",
    "FoundRecord",
    "Grade",
    "ListFilter",
    "LogStage",
    "Page",
    "Record",
    "RecordID",
    "RecordState",
    "RecordSummary",
    "SearchResult",
    "Step",
    "Subject",
    "Work",
    "acknowledge_record",
    "assign_record",
    "blueprint",
    "check_import",
    "collate_record",
    "conclude_check",
    "count_alerts",
    "count_entries_to_check",
    "count_older_wraps",
    "count_records",
    "count_records_to_check",
    "count_waiting",
    "create_draft",
    "discard_draft",
    "disseminate_record",
    "evaluate_record",
    "examine_record",
    "find_labels",
    "find_reference",
    "forward_record",
    "import_record",
    "list_by_ids",
    "list_published",
    "list_rebuilds",
    "list_timeline",
    "list_watched_ids",
    "list_watchers",
    "look_again",
    "look_at_log",
    "look_at_parts",
    "look_at_rows",
    "lower_level",
    "mark_duplicate",
    "open_draft",
    "raise_index_alarm",
    "read_record",
    "rebuild_partition",
    "return_record",
    "rewrap_records",
    "save_draft",
    "search_records",
    "share_up_record",
    "show_list",
    "submit_record",
    "withdraw_record",
]
