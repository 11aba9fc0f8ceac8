"""Moving a record on: each button of a record's page is one POST that names the version it rests on."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.organisation import tier_name
from intelhub.platform.errors import Conflict, RuleRefused, StaleVersion, VersionMissing
from intelhub.platform.web import current_actor, current_session, keep_work, needs
from intelhub.platform.web.errors import audit_refusal
from intelhub.records.domain import Grade
from intelhub.records.forms import entities_of, subjects_from_form
from intelhub.records.service import desks, lowering, moving
from intelhub.records.views import blueprint
from intelhub.records.views.reading import read_version
from intelhub.records.views.record_page import Attempt, record_page


def version_named() -> int:
    """The row version that the form of this request rests on; raises `VersionMissing`."""
    version = read_version(request.form.get("row_version", ""))
    if version is None:
        raise VersionMissing("This page does not say which version it rests on. Open the record again.")
    return version


def carry_out(record_id: UUID, event: str, done: str, act: Callable[[], object]) -> ResponseReturnValue:
    """Carry an act out and come back to the record; refused, the record is shown again with all that was typed."""
    try:
        act()
    except (RuleRefused, StaleVersion, Conflict) as refused:
        current_session().rollback()
        if isinstance(refused, Conflict):
            audit_refusal(refused)
        keep_work()  # showing the record again is a reading that stays logged
        attempt = Attempt(event=event, form=request.form, refused=refused, rests_on=version_named())
        return record_page(record_id, attempt), int(refused.status)
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
    return carry_out(
        record_id,
        "return",
        gettext("The record went back to its author."),
        lambda: moving.return_record(
            actor, session, record_id, version_named(), comment=request.form.get("reason", "")
        ),
    )


@blueprint.post("/records/<uuid:record_id>/forward", access=needs("record.forward"))
def forward_record(record_id: UUID) -> ResponseReturnValue:
    """Send it up to tier 2."""
    actor, session = current_actor(), current_session()
    return carry_out(
        record_id,
        "forward",
        gettext("The record is with the %(tier)s now.", tier=tier_name(2)),
        lambda: moving.forward_record(actor, session, record_id, version_named(), note=request.form.get("reason", "")),
    )


@blueprint.post("/records/<uuid:record_id>/lower-level", access=needs("record.lower_level"))
def lower_level(record_id: UUID) -> ResponseReturnValue:
    """Bring it down to the level its author proposed: which one that is stands in the record, never in the form."""
    actor, session = current_actor(), current_session()
    return carry_out(
        record_id,
        "lower_level",
        gettext("The record stands at the lower level now. What was written before stays at its own."),
        lambda: lowering.lower_level(actor, session, record_id, version_named(), reason=request.form.get("reason", "")),
    )


@blueprint.post("/records/<uuid:record_id>/acknowledge", access=needs("record.acknowledge"))
def acknowledge_record(record_id: UUID) -> ResponseReturnValue:
    """Take it on."""
    actor, session = current_actor(), current_session()
    return carry_out(
        record_id,
        "acknowledge",
        gettext("You have taken this record on."),
        lambda: moving.acknowledge_record(actor, session, record_id, version_named()),
    )


@blueprint.post("/records/<uuid:record_id>/evaluate", access=needs("record.evaluate"))
def evaluate_record(record_id: UUID) -> ResponseReturnValue:
    """Grade it."""
    actor, session = current_actor(), current_session()
    grade = Grade(source=request.form.get("source_grade", ""), info=request.form.get("info_grade", ""))
    named = [*request.form.getlist("corroborating"), *re.split(r"[,;\s]+", request.form.get("corroborating_named", ""))]
    return carry_out(
        record_id,
        "evaluate",
        gettext("The record is graded %(grade)s.", grade=str(grade)),
        lambda: moving.evaluate_record(
            actor,
            session,
            record_id,
            version_named(),
            grade=grade,
            reason=request.form.get("reason", ""),
            corroborating=[one for one in named if one],
        ),
    )


@blueprint.post("/records/<uuid:record_id>/duplicate", access=needs("record.mark_duplicate"))
def mark_duplicate(record_id: UUID) -> ResponseReturnValue:
    """Merge it into another record."""
    actor, session = current_actor(), current_session()
    named = request.form.get("target_named", "").strip() or request.form.get("target", "")
    return carry_out(
        record_id,
        "mark_duplicate",
        gettext("The record is merged into the other one."),
        lambda: moving.mark_duplicate(
            actor,
            session,
            record_id,
            version_named(),
            target=named,
            reason=request.form.get("reason", ""),
        ),
    )


@blueprint.post("/records/<uuid:record_id>/collate", access=needs("record.collate"))
def collate_record(record_id: UUID) -> ResponseReturnValue:
    """Bring it together with its subjects."""
    actor, session = current_actor(), current_session()
    return carry_out(
        record_id,
        "collate",
        gettext("The record is collated."),
        lambda: moving.collate_record(
            actor,
            session,
            record_id,
            version_named(),
            entities=entities_of(subjects_from_form(request.form, "entities")),
            no_entity_reason=request.form.get("reason", ""),
        ),
    )


@blueprint.post("/records/<uuid:record_id>/share-up", access=needs("record.share_up"))
def share_up_record(record_id: UUID) -> ResponseReturnValue:
    """Let tier 1 read it."""
    actor, session = current_actor(), current_session()
    return carry_out(
        record_id,
        "share_up",
        gettext("The %(tier)s can read this record now.", tier=tier_name(1)),
        lambda: moving.share_up_record(actor, session, record_id, version_named(), note=request.form.get("reason", "")),
    )
