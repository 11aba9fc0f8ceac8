"""A record with everything that happened to it; when an act is refused, the page comes back with all that was typed.

What was typed goes back to the browser that sent it and nowhere else: it is neither kept nor logged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from werkzeug.datastructures import MultiDict

from intelhub.access import Label, Reach, decide, function_words, list_audiences, may
from intelhub.organisation import Directory, load_directory, today
from intelhub.platform.errors import Refused, RuleRefused
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records import lowering
from intelhub.records.domain import Record, RecordState, Step
from intelhub.records.forms import subjects_from_form
from intelhub.records.lifecycle import TRANSITIONS
from intelhub.records.service import linking, reading
from intelhub.records.views import blueprint
from intelhub.records.views.comparing import differences
from intelhub.records.views.marking import marks_in
from intelhub.records.views.reading import level_of, names_of
from intelhub.records.views.words import choices

# The fields that a refusal may speak of and that the form of its act shows; every other sentence stands above the form.
_SHOWN = {
    "evaluate": {"reason", "grade", "corroborating"},
    "mark_duplicate": {"reason", "target"},
    "collate": {"no_entity_reason"},
    "disseminate": {"reason", "recipient"},
}
_SHOWN_ALWAYS = {"reason"}
# Of a published version the pair of grades stands in its head, and a proposed level in a notice with its reason.
_SAID_APART = frozenset({"source_grade", "info_grade", "level_reason"})
_ANY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An act that was refused: what was typed for it, and why it was not done. Without an event there was none."""

    event: str = ""
    form: MultiDict[str, str] = field(default_factory=MultiDict)
    refused: Refused | None = None
    rests_on: int = 0

    def typed(self, event: str, name: str, default: str | None = "") -> str | None:
        """What was typed into a field of this act."""
        return self.form.get(name, default) if event == self.event else default

    def chosen(self, event: str, name: str) -> list[str]:
        """What was chosen among several answers."""
        return self.form.getlist(name) if event == self.event else []

    def subjects(self, otherwise: list[dict[str, str]]) -> list[dict[str, str]]:
        """The rows of subjects as typed for the collation, otherwise those of the record."""
        return subjects_from_form(self.form, "entities") if self.event == "collate" else otherwise

    def errors(self, event: str, name: str) -> tuple[Message, ...]:
        """The sentences about one field."""
        return self._by_field().get(name, ()) if event == self.event else ()

    def focus(self, event: str, name: str) -> dict[str, bool]:
        """The attribute that leads to the first field a sentence is about."""
        wrong = [one for one in self._by_field() if one in self._shown()]
        return {"autofocus": True} if event == self.event and wrong[:1] == [name] else {}

    def above(self, event: str) -> tuple[Message, ...]:
        """The sentences that belong to no field of the form."""
        if event != self.event or self.refused is None:
            return ()
        by_field = self._by_field()
        if not by_field:
            return (self.refused.message,)
        return tuple(said for name, found in by_field.items() if name not in self._shown() for said in found)

    def meanwhile(self, timeline: tuple[Step, ...]) -> list[Step]:
        """What happened since the version the act rested on, newest first."""
        return [step for step in timeline if step.row_version > self.rests_on] if self.is_overtaken else []

    @property
    def is_overtaken(self) -> bool:
        """Whether the record moved on before the act came."""
        return self.refused is not None and not isinstance(self.refused, RuleRefused)

    def _by_field(self) -> dict[str, tuple[Message, ...]]:
        return dict(self.refused.fields) if isinstance(self.refused, RuleRefused) else {}

    def _shown(self) -> set[str]:
        return _SHOWN.get(self.event, _SHOWN_ALWAYS)


@blueprint.get("/records/<uuid:record_id>", access=needs("record.read"))
def show_record(record_id: UUID) -> ResponseReturnValue:
    """A record: its words, its facts, what happened to it, and what this person may do with it now."""
    return record_page(record_id, Attempt(), found=request.args.get("found", ""))


def record_page(record_id: UUID, attempt: Attempt, *, found: str = "") -> str:
    """The page of a record as it is now, decided and logged anew, with what was typed for a refused act still in it."""
    actor, session = current_actor(), current_session()
    opened = reading.open_record(actor, session, record_id)
    record, timeline = opened.record, opened.timeline
    acts = _acts(record, opened.label)
    is_compared = bool(acts & {"evaluate", "mark_duplicate", "collate"})
    related = reading.list_related(actor, session, record) if is_compared else reading.Related()
    people = {step.actor_id for step in timeline} | {record.summary.author_id}
    people |= {record.summary.assignee_id} if record.summary.assignee_id else set()
    resubmitted = _resubmitted(opened)
    linked = linking.list_linked(actor, session, record)
    return render_template(
        "records/record.html",
        attempt=attempt,
        resubmitted=resubmitted,
        newest=opened.newest,
        changes=_changes(resubmitted, opened.newest) if resubmitted else (),
        page_level=max(
            record.summary.level,
            level_of((*related.lines, *linked.lines)),
            resubmitted.level if resubmitted else 0,
            *(step.level for step in timeline),
        ),
        record=record,
        marks=marks_in(record, found),
        acts=acts,
        held_back=_held_back(record, opened.label),
        proposal=lowering.proposal_of(record.fields),
        timeline=timeline,
        is_grading=bool(acts & {"evaluate", "mark_duplicate", "collate"}),
        related=related.lines,
        is_related_whole=related.is_whole,
        linked=linked,
        may_have_merged=linking.may_have_merged(record),
        finds_similar=may(actor, "record.search"),
        audiences=_audiences(opened.label),
        is_received=is_received(opened.label),
        related_choices=[(str(line.id), f"{line.head.number} · {line.head.abstract}") for line in related.lines],
        versions=opened.versions,
        names=names_of(people),
        source_grades=choices("source_grade"),
        info_grades=choices("info_grade"),
        subject_types=choices("subject_type"),
    )


def _acts(record: Record, label: Label) -> set[str]:
    """What this person may do with the record now."""
    actor, state = current_actor(), record.summary.state
    acts = {
        event for event, step in TRANSITIONS.items() if state in step.starts and decide(actor, event, label).allowed
    }
    if not label.recipient_unit_ids:
        acts.discard("withdraw")
    if lowering.proposal_of(record.fields) is None:
        acts.discard("lower_level")
    if state is RecordState.DRAFT and decide(actor, "edit", label).allowed:
        acts.add("edit")
    return acts


def is_received(label: Label) -> bool:
    """Whether this person reads a record for no other reason than that it was shared with their unit."""
    return not decide(current_actor(), "read", replace(label, recipient_unit_ids=frozenset())).allowed


def _held_back(record: Record, label: Label) -> Message | None:
    """Why a record does not go up although it is this person who would hand it on: what its handling code says."""
    actor, state = current_actor(), record.summary.state
    for event in ("forward", "share_up"):
        if state in TRANSITIONS[event].starts and may(actor, f"record.{event}"):
            decision = decide(actor, event, label)
            if not decision.allowed and decision.rule == "handling":
                return decision.reason
    return None


def _changes(older: reading.Version, newer: reading.Version) -> list[tuple[str, str, str]]:
    return differences(older.fields, newer.fields, without=_SAID_APART)


def _audiences(label: Label) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Where those sit who may read a record, and in which duty functions; its author stands there without any."""
    # Which record it is and who wrote it changes nothing: the records of a unit share a handful of answers.
    anybody_s = replace(label, object_id=_ANY, author_id=_ANY)
    return _told(anybody_s, load_directory(current_session()), today(), str(get_locale()))


@lru_cache(maxsize=512)
def _told(label: Label, directory: Directory, day: date, locale: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The same for the reader's language, which is that of `locale`."""
    told = []
    for one in list_audiences(label, directory, day):
        where = " · ".join(unit.short_label(locale) for unit in one.units)
        place = gettext("Whoever wrote it") if one.reach is Reach.AUTHOR else where or gettext("Any unit")
        told.append((place, tuple(function_words(function) for function in one.functions)))
    return tuple(told)


def _resubmitted(opened: reading.OpenedRecord) -> reading.Version | None:
    """The version a resubmitted record is compared with; coming down to a lower level changed no word of it."""
    if opened.record.summary.state is not RecordState.SUBMITTED:
        return None
    is_lowered = bool(opened.timeline) and opened.timeline[0].event == "lower_level"
    return next(iter(opened.versions[1 if is_lowered else 0 :]), None)


@blueprint.get("/records/<uuid:record_id>/versions", access=needs("record.read"))
def show_versions(record_id: UUID) -> ResponseReturnValue:
    """What changed from version to version, in words."""
    actor, session = current_actor(), current_session()
    opened = reading.open_record(actor, session, record_id)
    record = opened.record
    every = (opened.newest, *opened.versions)
    return render_template(
        "records/versions.html",
        page_level=max(version.level for version in every),
        record=record,
        pairs=[(newer, older, _changes(older, newer)) for newer, older in pairwise(every)],
        was_lowered=any(step.event == "lower_level" for step in opened.timeline),
    )


@blueprint.get("/records/<uuid:record_id>/merged", access=needs("record.read"))
def show_merged(record_id: UUID) -> ResponseReturnValue:
    """The records that were merged into this one."""
    merged = linking.list_merged(current_actor(), current_session(), record_id)
    return render_template(
        "records/merged.html",
        page_level=max(merged.record.summary.level, level_of(merged.lines)),
        record=merged.record,
        merged=merged,
    )
