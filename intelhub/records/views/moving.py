"""Moving a record on: each button of a record's page is one POST that names the version it rests on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.platform.errors import RuleRefused, StaleVersion, VersionMissing
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.platform.web.look import say
from intelhub.records import queries
from intelhub.records.domain import Grade
from intelhub.records.forms import entities_of, subjects_from_form
from intelhub.records.service import desks, lowering, moving
from intelhub.records.views import blueprint


def _version() -> int:
    typed = request.form.get("row_version", "")
    if not typed.isdigit():
        raise VersionMissing("This page does not say which version it rests on. Open the record again.")
    return int(typed)


def _identity(text: str) -> UUID | None:
    """A record named by its address or its id."""
    try:
        return UUID(text.strip().rstrip("/").rsplit("/", 1)[-1])
    except ValueError:
        return None


def _move(record_id: UUID, done: str, act: Callable[[], object]) -> ResponseReturnValue:
    """Carry an act out and come back to the record; a rule's refusal comes back as a notice with nothing lost."""
    try:
        act()
    except (RuleRefused, StaleVersion) as refused:
        current_session().rollback()
        sentences = [sentence for found in getattr(refused, "fields", {}).values() for sentence in found]
        for sentence in sentences or [refused.message]:
            flash(say(sentence), "bad")
        return redirect(url_for(".show_record", record_id=record_id), 303)
    flash(done, "good")
    return redirect(_onward(record_id), 303)


def _onward(record_id: UUID) -> str:
    """What comes first on the desk the form names, so that nobody need go back to the list; home when nothing does."""
    desk = request.form.get("then", "")
    if not desk:
        return url_for(".show_record", record_id=record_id)
    following = desks.find_next(current_actor(), current_session(), desk, besides=record_id)
    return url_for(".show_record", record_id=following) if following else url_for(".home")


@blueprint.post("/records/<uuid:record_id>/return", access=needs("record.return"))
def return_record(record_id: UUID) -> ResponseReturnValue:
    """Give it back to the author with a comment."""
    actor, session = current_actor(), current_session()
    return _move(
        record_id,
        gettext("The record went back to its author."),
        lambda: moving.return_record(actor, session, record_id, _version(), comment=request.form.get("reason", "")),
    )


@blueprint.post("/records/<uuid:record_id>/forward", access=needs("record.forward"))
def forward_record(record_id: UUID) -> ResponseReturnValue:
    """Send it up to the department."""
    actor, session = current_actor(), current_session()
    return _move(
        record_id,
        gettext("The record is with the department now."),
        lambda: moving.forward_record(actor, session, record_id, _version(), note=request.form.get("reason", "")),
    )


@blueprint.post("/records/<uuid:record_id>/lower-level", access=needs("record.lower_level"))
def lower_level(record_id: UUID) -> ResponseReturnValue:
    """Bring it down to the level its author proposed: which one that is stands in the record, never in the form."""
    actor, session = current_actor(), current_session()
    return _move(
        record_id,
        gettext("The record stands at the lower level now. What was written before stays at its own."),
        lambda: lowering.lower_level(actor, session, record_id, _version(), reason=request.form.get("reason", "")),
    )


@blueprint.post("/records/<uuid:record_id>/acknowledge", access=needs("record.acknowledge"))
def acknowledge_record(record_id: UUID) -> ResponseReturnValue:
    """Take it on."""
    actor, session = current_actor(), current_session()
    return _move(
        record_id,
        gettext("You have taken this record on."),
        lambda: moving.acknowledge_record(actor, session, record_id, _version()),
    )


@blueprint.post("/records/<uuid:record_id>/evaluate", access=needs("record.evaluate"))
def evaluate_record(record_id: UUID) -> ResponseReturnValue:
    """Grade it."""
    actor, session = current_actor(), current_session()
    grade = Grade(source=request.form.get("source_grade", ""), info=request.form.get("info_grade", ""))
    links = [identity for text in request.form.getlist("corroborating") if (identity := _identity(text))]
    return _move(
        record_id,
        gettext("The record is graded %(grade)s.", grade=str(grade)),
        lambda: moving.evaluate_record(
            actor,
            session,
            record_id,
            _version(),
            grade=grade,
            reason=request.form.get("reason", ""),
            corroborating=links,
        ),
    )


@blueprint.post("/records/<uuid:record_id>/duplicate", access=needs("record.mark_duplicate"))
def mark_duplicate(record_id: UUID) -> ResponseReturnValue:
    """Merge it into another record."""
    actor, session = current_actor(), current_session()
    target = _identity(request.form.get("target", "")) or UUID(int=0)
    return _move(
        record_id,
        gettext("The record is merged into the other one."),
        lambda: moving.mark_duplicate(
            actor, session, record_id, _version(), target_id=target, reason=request.form.get("reason", "")
        ),
    )


@blueprint.post("/records/<uuid:record_id>/collate", access=needs("record.collate"))
def collate_record(record_id: UUID) -> ResponseReturnValue:
    """Bring it together with its subjects."""
    actor, session = current_actor(), current_session()
    return _move(
        record_id,
        gettext("The record is collated."),
        lambda: moving.collate_record(
            actor,
            session,
            record_id,
            _version(),
            entities=entities_of(subjects_from_form(request.form, "entities")),
            no_entity_reason=request.form.get("reason", ""),
        ),
    )


@blueprint.post("/records/<uuid:record_id>/share-up", access=needs("record.share_up"))
def share_up_record(record_id: UUID) -> ResponseReturnValue:
    """Let headquarters read it."""
    actor, session = current_actor(), current_session()
    return _move(
        record_id,
        gettext("Headquarters can read this record now."),
        lambda: moving.share_up_record(actor, session, record_id, _version(), note=request.form.get("reason", "")),
    )


@blueprint.post("/records/assign", access=needs("record.assign"))
def assign_records() -> ResponseReturnValue:
    """Give the chosen records to one person."""
    actor, session = current_actor(), current_session()
    assignee = _identity(request.form.get("assignee", ""))
    chosen = [_chosen(value) for value in request.form.getlist("chosen")][: queries.PAGE]
    if assignee is None or not chosen:
        flash(gettext("Choose at least one record and a person."), "bad")
        return redirect(url_for(".home"), 303)
    try:
        count = moving.assign_records(actor, session, [pair for pair in chosen if pair], assignee)
    except (RuleRefused, StaleVersion) as refused:
        session.rollback()
        flash(say(refused.message), "bad")
        return redirect(url_for(".home"), 303)
    flash(gettext("%(count)s records assigned.", count=count), "good")
    return redirect(url_for(".home"), 303)


def _chosen(value: str) -> tuple[UUID, int] | None:
    """A chosen line: its id and the version it was shown at."""
    identity, _, version = value.partition(":")
    found = _identity(identity)
    return (found, int(version)) if found and version.isdigit() else None
