"""Two windows on one draft: what this one sends is shown beside what the other stored, and neither is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from intelhub.platform.errors import Conflict, Refused, StaleVersion
from intelhub.platform.web import current_actor, current_session, keep_work
from intelhub.platform.web.errors import audit_refusal
from intelhub.platform.web.look import say
from intelhub.records import lowering
from intelhub.records.forms import values_for_form
from intelhub.records.service import drafting, reading
from intelhub.records.views.comparing import differences


def both_versions(record_id: UUID, mine: dict[str, Any], stale: StaleVersion) -> ResponseReturnValue:
    """Another window saved the draft: both versions are shown, and either can be kept."""
    theirs = drafting.open_draft(current_actor(), current_session(), record_id)
    keep_work()  # reading the other version is an act of its own
    if request.form.get("do") == "autosave":
        return {"stale": True, "message": say(stale.message)}, 412
    # What the record cannot leave is not among what the form sends.
    chosen = {*mine["compartments"], *map(str, theirs.kept_compartments)}
    mine = {**mine, "compartments": sorted(chosen)}
    level = max(drafting.draft_level(current_actor(), theirs.fields), theirs.standing_level)
    return _compared(record_id, mine, theirs.fields, stale, level=level, row_version=theirs.row_version), 412


def sent_meanwhile(record_id: UUID, mine: dict[str, Any], sent: Conflict) -> ResponseReturnValue:
    """Another window sent the draft: what was typed here is shown beside it, to be taken along from there."""
    current_session().rollback()
    audit_refusal(sent)
    if request.form.get("do") == "autosave":
        return {"message": say(sent.message)}, 409
    record = reading.read_record(current_actor(), current_session(), record_id)
    keep_work()  # that reading stays logged
    return _compared(record_id, mine, lowering.as_typed(record.fields), sent, level=record.summary.level), 409


def _compared(
    record_id: UUID,
    mine: Mapping[str, Any],
    stored: Mapping[str, Any],
    refused: Refused,
    *,
    level: int,
    row_version: int | None = None,
) -> str:
    """What was typed and what is stored, with every field that differs; without a version nothing can be kept."""
    typed, theirs = values_for_form(mine), values_for_form(stored)
    return render_template(
        "records/stale.html",
        page_level=max(drafting.draft_level(current_actor(), mine), level),
        record_id=record_id,
        mine=typed,
        theirs=theirs,
        changes=differences(theirs, typed),
        may_keep=row_version is not None,
        row_version=row_version,
        message=refused.message,
    )
