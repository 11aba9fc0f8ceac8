"""The work of `intelhub records check`: a first look in batches, a second one at what it doubts, and the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from intelhub.cli.opening import CONSOLE, Acting, system_work
from intelhub.cli.output import print_json, progress, say
from intelhub.records import (
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

_RESTORE = "Put its rows back from a backup made before that."
# What is wrong, and what to do: a sentence each.
_SENTENCES: Mapping[Fault, tuple[str, str]] = MappingProxyType(
    {
        Fault.LABEL: ("Its level, unit, people, state or counters do not fit their seal.", _RESTORE),
        Fault.STATE: ("The audit log knows another state as its newest.", _RESTORE),
        Fault.CONTENT: (
            "Its content does not open under its seal.",
            f"{_RESTORE} If its key is gone, restore the table of keys.",
        ),
        Fault.STEPS: ("Steps of it are missing, or there are some that the log does not know.", _RESTORE),
        Fault.STEP_CONTENT: ("A step of it does not open under its seal.", _RESTORE),
        Fault.VERSIONS: ("Earlier versions are missing, or there are some that the log does not know.", _RESTORE),
        Fault.VERSION_CONTENT: ("An earlier version does not open under its seal.", _RESTORE),
        Fault.UNPUBLISHED: (
            "Beside it lies unpublished work that its author cannot have put there.",
            "Keep a copy as evidence, then remove the row of record_versions.",
        ),
        Fault.GONE: (
            "The audit log knows it, its row is gone, and nobody discarded it in the product.",
            _RESTORE,
        ),
        Fault.UNKNOWN: (
            "No entry of the audit log speaks of it.",
            "Let “intelhub audit verify” say whether the log is whole; if it is, keep a copy and remove the rows.",
        ),
        Fault.DISCARDED: (
            "Its author discarded it, and it is there again.",
            "Keep a copy as evidence, then remove the row.",
        ),
        Fault.RECIPIENTS: (
            "The units it is shared with are not those whose lists it stands in.",
            "Nobody reads it who should not. Remove what is too much of record_recipients; end and renew what lacks.",
        ),
        Fault.LOOSE_PARTS: (
            "There are steps or versions of it, and no record.",
            "If the log does not know it, keep a copy and remove them; else restore the record's rows.",
        ),
    }
)


@dataclass(slots=True, kw_only=True)
class RecordCheck:
    """One check of all records, from the first row to the report."""

    as_json: bool = False
    records: int = 0
    entries: int = 0
    damaged: dict[UUID, Damage] = field(default_factory=dict)

    def run(self, var: Path) -> bool:
        """Look at everything there is in an installation and report; whether nothing was found."""
        with system_work(var, role="worker") as acting:
            self.look_at_everything(acting)
        self._report()
        return not self.damaged

    def look_at_everything(self, acting: Acting) -> None:
        """Look at rows, loose parts and the log, each batch and each doubt in a transaction of its own."""
        self._check_rows(acting)
        self._check_parts(acting)
        self._check_log(acting)
        with acting.begin() as session:
            conclude_check(CONSOLE, session, records=self.records, damaged=len(self.damaged))

    def _check_rows(self, acting: Acting) -> None:
        with acting.begin() as session:
            total = count_records_to_check(session)
        with progress("looking at records", total) as advance:
            after: UUID | None = None
            while True:
                with acting.begin() as session:
                    batch = look_at_rows(session, after=after)
                if batch.next_after is None:
                    return
                self.records += batch.looked_at
                self._examine(acting, batch)
                advance(batch.looked_at)
                after = batch.next_after

    def _check_parts(self, acting: Acting) -> None:
        after: UUID | None = None
        while True:
            with acting.begin() as session:
                batch = look_at_parts(session, after=after)
            if batch.next_after is None:
                return
            self._examine(acting, batch)
            after = batch.next_after

    def _check_log(self, acting: Acting) -> None:
        with acting.begin() as session:
            total = count_entries_to_check(session)
        with progress("asking the audit log", total) as advance:
            for stage in LOG_STAGES:
                following: LogStage | None = stage
                while following is not None:
                    with acting.begin() as session:
                        batch, following = look_at_log(session, following)
                    self.entries += batch.looked_at
                    self._examine(acting, batch)
                    advance(batch.looked_at)

    def _examine(self, acting: Acting, batch: Batch) -> None:
        for record_id in batch.doubtful:
            if record_id in self.damaged:
                continue
            with acting.begin() as session:
                damage = examine_record(CONSOLE, session, record_id)
            if damage is not None:
                self.damaged[record_id] = damage
                if not self.as_json:
                    say(f"DAMAGED: record {record_id}")
                    for what, do in _said(damage.faults):
                        say(f"  {what} {do}")

    def _report(self) -> None:
        if self.as_json:
            print_json(
                {
                    "records": self.records,
                    "entries": self.entries,
                    "damaged": [_as_fields(damage) for damage in self.damaged.values()],
                }
            )
            return
        looked = f"{self.records} records and {self.entries} entries that began one were looked at"
        if not self.damaged:
            say(f"{looked}: every record is what its seals and the audit log say.")
            return
        say(
            f"{looked}: {len(self.damaged)} records are damaged. Each stands in the audit log now, and nobody is shown"
            " what does not fit. Tell the security officer before anything is put back."
        )


def _said(faults: Iterable[Fault]) -> list[tuple[str, str]]:
    return [_SENTENCES[fault] for fault in faults]


def _as_fields(damage: Damage) -> dict[str, object]:
    return {
        "record": str(damage.record_id),
        "faults": [
            {"fault": str(fault), "what": what, "do": do}
            for fault, (what, do) in zip(damage.faults, _said(damage.faults), strict=True)
        ],
    }
