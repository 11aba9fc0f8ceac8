"""Sharing a record with a unit and ending it: two forms of its page."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.organisation import find_unit_meant
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records.models import RecordRow
from intelhub.records.service.disseminating import disseminate_record, withdraw_record
from intelhub.records.views import blueprint
from intelhub.records.views.moving import carry_out, version_named


@blueprint.post("/records/<uuid:record_id>/disseminate", access=needs("record.disseminate"))
def share_with_unit(record_id: UUID) -> ResponseReturnValue:
    """Let one more unit read it."""
    return _carry_out(record_id, "disseminate", gettext("The unit can read this record now."), disseminate_record)


@blueprint.post("/records/<uuid:record_id>/withdraw", access=needs("record.withdraw"))
def end_sharing(record_id: UUID) -> ResponseReturnValue:
    """Close it to a unit again."""
    return _carry_out(record_id, "withdraw", gettext("The unit cannot read this record any more."), withdraw_record)


def _carry_out(record_id: UUID, event: str, done: str, act: Callable[..., RecordRow]) -> ResponseReturnValue:
    actor, session = current_actor(), current_session()
    unit = find_unit_meant(session, request.form.get("recipient", ""))
    about = {"unit_id": unit.id if unit else None, "reason": request.form.get("reason", "")}
    return carry_out(record_id, event, done, lambda: act(actor, session, record_id, version_named(), **about))
