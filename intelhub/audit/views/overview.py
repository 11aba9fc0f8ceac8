"""What an auditor looks at first: the chain, and what is worth a look; figures that open what they count."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from intelhub.audit.actions import AUDIT_SEARCHED
from intelhub.audit.log import record_act
from intelhub.audit.patterns import list_reads_across_units, list_refusals_by_reason, list_refused_sign_ins
from intelhub.audit.standing import look_at_chain
from intelhub.audit.views import blueprint
from intelhub.audit.views.asking import written_minute
from intelhub.audit.views.words import names_for
from intelhub.platform import clock
from intelhub.platform.web import current_actor, current_session, needs

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@blueprint.get("/audit/overview", access=needs("audit.read"))
def home() -> ResponseReturnValue:
    """The state of the chain in a line, and the patterns of the last day and week."""
    actor, session = current_actor(), current_session()
    # To the minute, as the links say it, so that a figure opens exactly what it counts.
    now = clock.now().replace(second=0, microsecond=0)
    status, standing = look_at_chain(actor, session)
    refusals = list_refusals_by_reason(actor, session, now - _DAY)
    sign_ins = list_refused_sign_ins(actor, session, now - _DAY)
    reads = list_reads_across_units(actor, session, now - _WEEK)
    record_act(actor, session, AUDIT_SEARCHED.name, rule="patterns")
    day, week = written_minute(now - _DAY), written_minute(now - _WEEK)
    return render_template(
        "audit/overview.html",
        page_level=0,
        status=status,
        standing=standing,
        refusals=refusals,
        sign_ins=sign_ins,
        reads=reads,
        names=names_for([], people=[one.user_id for one in sign_ins if one.user_id]),
        day_url=lambda **asked: url_for(".search_entries", since=day, **asked),
        week_url=lambda **asked: url_for(".search_entries", since=week, **asked),
    )
