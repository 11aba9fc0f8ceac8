"""Sharing a record with a unit and ending it: two forms of its page."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.organisation import find_unit_meant
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records.service import disseminating
from intelhub.records.views import blueprint
from intelhub.records.views.moving import carry_out, version_named


@blueprint.post("/records/<uuid:record_id>/disseminate", access=needs("record.disseminate"))
def disseminate_record(record_id: UUID) -> ResponseReturnValue:
    """Let one more unit read it."""
    actor, session = current_actor(), current_session()
    unit = find_unit_meant(session, request.form.get("recipient", ""))
    return carry_out(
        record_id,
        "disseminate",
        gettext("The unit can read this record now."),
        lambda: disseminating.disseminate_record(
            actor,
            session,
            record_id,
            version_named(),
            unit_id=unit.id if unit else None,
            reason=request.form.get("reason", ""),
        ),
    )


@blueprint.post("/records/<uuid:record_id>/withdraw", access=needs("record.withdraw"))
def withdraw_record(record_id: UUID) -> ResponseReturnValue:
    """Close it to a unit again."""
    actor, session = current_actor(), current_session()
    unit = find_unit_meant(session, request.form.get("recipient", ""))
    return carry_out(
        record_id,
        "withdraw",
        gettext("The unit cannot read this record any more."),
        lambda: disseminating.withdraw_record(
            actor,
            session,
            record_id,
            version_named(),
            unit_id=unit.id if unit else None,
            reason=request.form.get("reason", ""),
        ),
    )
