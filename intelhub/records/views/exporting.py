"""Taking what a search found along in a file; above the first level another person agrees first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.platform.errors import Conflict, NotPermitted, Refused, RuleRefused
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, keep_work, needs, station
from intelhub.platform.web.errors import audit_refusal, refuse_and_keep
from intelhub.records import queries
from intelhub.records.domain import ExportFormat, ExportRequest, ExportState
from intelhub.records.service import asked, exporting, taking_along
from intelhub.records.views import blueprint
from intelhub.records.views.export_file import file_of, level_words
from intelhub.records.views.reading import names_of
from intelhub.records.views.searching import facet_title, facet_words
from intelhub.search import SearchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    """What was typed for a request or an answer that was refused, and why."""

    reason: str = ""
    approver: str = ""
    refused: Refused | None = None

    def errors(self, name: str) -> tuple[Message, ...]:
        """The sentences about one field."""
        return self.refused.fields.get(name, ()) if isinstance(self.refused, RuleRefused) else ()

    @property
    def above(self) -> tuple[Message, ...]:
        """The sentence that belongs to no field."""
        fields = self.refused.fields if isinstance(self.refused, RuleRefused) else {}
        return (self.refused.message,) if self.refused and not fields else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A request as a list of them says it."""

    request: ExportRequest
    is_mine: bool
    counts: str


_NOTHING_TYPED = _Typed()


def _question() -> SearchRequest | None:
    return asked.open_question(current_actor(), current_session(), request.args.get("asked", ""))


def _kind() -> ExportFormat:
    return ExportFormat.CSV if request.form.get("format") == ExportFormat.CSV else ExportFormat.XLSX


def _forgotten() -> ResponseReturnValue:
    flash(gettext("What was searched for is not known any more. Search again."), "warning")
    return redirect(url_for(".search"), 303)


@blueprint.post("/search/export", access=needs("record.export"))
def export_found() -> ResponseReturnValue:
    """The whole result as a file; above the first level, the form that asks another person first."""
    actor, session, question = current_actor(), current_session(), _question()
    if question is None:
        return _forgotten()
    try:
        selection = taking_along.select_lines(actor, session, question)
    except RuleRefused as refused:
        return refuse_and_keep(refused)
    if selection.level > taking_along.ONE_PERSON:
        return _asking_page(question, selection, _NOTHING_TYPED)
    return file_of(taking_along.take_alone(actor, session, question, selection), _kind())


def _asking_page(question: SearchRequest, selection: taking_along.Selection, typed: _Typed) -> str:
    actor, session = current_actor(), current_session()
    taking_along.log_looked_at(actor, session, question, selection)
    approvers = exporting.list_approvers(actor, session, selection.lines)
    return render_template(
        "records/export_asking.html",
        page_level=selection.level,
        selection=selection,
        counts=_counts_words(selection.counts),
        typed=typed,
        kind=_kind().value,
        approvers=[(str(one.id), one.display_name) for one in approvers],
        sealed=request.args.get("asked", ""),
        hours=_hours(exporting.LIVES),
        longest_reason=exporting.LONGEST_REASON,
    )


@blueprint.post("/exports", access=needs("record.export"))
def ask_for_export() -> ResponseReturnValue:
    """Ask somebody to agree to an export of what a search finds now."""
    actor, session, question = current_actor(), current_session(), _question()
    if question is None:
        return _forgotten()
    try:
        selection = taking_along.select_lines(actor, session, question)
    except RuleRefused as refused:
        return refuse_and_keep(refused)
    reason, approver = request.form.get("reason", ""), request.form.get("approver", "")
    try:
        export_id = exporting.ask_for_export(
            actor, session, question, selection,
            kind=_kind(), reason=reason, approver_id=queries.find_reference(approver),
        )  # fmt: skip
    except RuleRefused as refused:
        keep_work()  # nothing was asked; counting what was found, and an alarm on the way, stay logged
        typed = _Typed(reason=reason, approver=approver, refused=refused)
        return _asking_page(question, selection, typed), int(refused.status)
    flash(gettext("The request is sent."), "good")
    return redirect(url_for(".show_export", record_export_id=export_id), 303)


@blueprint.get("/exports", access=needs("record.export"))
def list_exports() -> ResponseReturnValue:
    """What I asked to take along, and what I am asked to agree to."""
    shown = _shown()
    return render_template(
        "records/exports.html",
        page_level=0,  # who asked whom, when, and how many: no word of a record or of a question
        shown=shown,
        names=names_of(one for each in shown for one in (each.request.user_id, each.request.approver_id)),
        state_of=_state_of,
    )


@station(blueprint, "record.export")
def show_station() -> str:
    """Exports in which something is to be done by this person."""
    shown = [one for one in _shown() if _waits(one)]
    names = names_of(one.request.user_id for one in shown)
    return render_template("records/_export_station.html", shown=shown, names=names, state_of=_state_of)


def _shown() -> list[_Shown]:
    actor, session = current_actor(), current_session()
    return [
        _Shown(request=one, is_mine=one.user_id == actor.user_id, counts=_counts_words(one.counts))
        for one in exporting.list_requests(actor, session)
    ]


def _waits(one: _Shown) -> bool:
    return one.request.state is (ExportState.APPROVED if one.is_mine else ExportState.ASKED)


@blueprint.get("/exports/<uuid:record_export_id>", access=needs("record.export"))
def show_export(record_export_id: UUID) -> ResponseReturnValue:
    """A request: who asks whom for what, where it stands, and what this person may do about it."""
    return _export_page(record_export_id, _NOTHING_TYPED)


def _export_page(export_id: UUID, typed: _Typed) -> str:
    actor, session = current_actor(), current_session()
    found = exporting.get_request(actor, session, export_id)
    is_mine = found.user_id == actor.user_id
    may_agree = found.state is ExportState.ASKED and exporting.is_for_me(actor, session, found)
    is_told = is_mine or may_agree
    shows_words = is_told and found.words_level <= actor.ceiling
    return render_template(
        "records/export.html",
        # The reason is told to whoever asked and to whoever reads all of it; the words of the question, and what a
        # search said of them, can have been copied from whatever the session that they were typed in could show.
        page_level=max(found.level if is_told else 0, found.words_level if shows_words else 0),
        export=found,
        is_mine=is_mine,
        may_agree=may_agree,
        is_told=is_told,
        shows_words=shows_words,
        counts=_counts_words(found.counts),
        question=_question_words(found.question) if shows_words else (),
        names=names_of((found.user_id, found.approver_id)),
        state_of=_state_of,
        typed=typed,
        ends_at=(found.decided_at or found.asked_at) + exporting.LIVES,
        longest_reason=exporting.LONGEST_REASON,
    )


@blueprint.post("/exports/<uuid:record_export_id>/approve", access=needs("record.approve_export"))
def approve_export(record_export_id: UUID) -> ResponseReturnValue:
    """Agree that somebody else takes it along."""
    actor, session = current_actor(), current_session()
    try:
        exporting.approve_export(actor, session, record_export_id)
    except (Conflict, NotPermitted) as refused:
        return _again(record_export_id, _Typed(refused=refused), refused)
    flash(gettext("You have agreed. The one who asked can fetch the file once."), "good")
    return redirect(url_for(".show_export", record_export_id=record_export_id), 303)


@blueprint.post("/exports/<uuid:record_export_id>/decline", access=needs("record.approve_export"))
def decline_export(record_export_id: UUID) -> ResponseReturnValue:
    """Decline it, with a reason."""
    actor, session = current_actor(), current_session()
    reason = request.form.get("reason", "")
    try:
        exporting.decline_export(actor, session, record_export_id, reason)
    except (Conflict, NotPermitted, RuleRefused) as refused:
        return _again(record_export_id, _Typed(reason=reason, refused=refused), refused)
    flash(gettext("You have declined."), "good")
    return redirect(url_for(".show_export", record_export_id=record_export_id), 303)


@blueprint.post("/exports/<uuid:record_export_id>/fetch", access=needs("record.export"))
def fetch_export(record_export_id: UUID) -> ResponseReturnValue:
    """The file that was agreed to, once."""
    actor, session = current_actor(), current_session()
    try:
        asked_for, export = exporting.fetch_export(actor, session, record_export_id)
    except (Conflict, RuleRefused) as refused:
        return _again(record_export_id, _Typed(refused=refused), refused)
    return file_of(export, asked_for.kind)


def _question_words(question: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was searched for, in the words of the search page."""
    told: list[tuple[str, str]] = [(gettext("Searched for"), question["query"] or gettext("everything"))]
    for name, values in question["facets"].items():
        told.append((facet_title(name), ", ".join(facet_words(name, value) for value in values)))
    for name, title in (("from", gettext("From")), ("to", gettext("To"))):
        told += [(title, f"{datetime.fromisoformat(question[name]):%d/%m/%Y}")] if question[name] else []
    return told


def _again(export_id: UUID, typed: _Typed, refused: Refused) -> ResponseReturnValue:
    # A refusal comes before anything is put; showing the request again, and an alarm on the way, stay logged.
    audit_refusal(refused, (taking_along.OF_EXPORTS, export_id))
    keep_work()
    return _export_page(export_id, typed), int(refused.status)


def _state_of(one: ExportRequest) -> tuple[str, str]:
    """A request's state in the reader's language, with its tone."""
    words: dict[ExportState, tuple[str, str]] = {
        ExportState.ASKED: (gettext("Waits for an answer"), "waiting"),
        ExportState.APPROVED: (gettext("Agreed to, not fetched"), "active"),
        ExportState.DECLINED: (gettext("Declined"), "closed"), ExportState.FETCHED: (gettext("Fetched"), "done"),
        ExportState.LAPSED: (gettext("Lapsed"), "closed"),
    }  # fmt: skip
    return words[one.state]


def _counts_words(counts: Mapping[int, int]) -> str:
    """How many of each level, the highest first."""
    return ", ".join(f"{counts[level]} {level_words(level)}" for level in sorted(counts, reverse=True))


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)
