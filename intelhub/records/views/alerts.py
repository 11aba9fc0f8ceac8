"""Alerts: what one's watched searches found anew, read again with the rights of this session wherever it is shown."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records import queries
from intelhub.records.service import watching
from intelhub.records.views import blueprint
from intelhub.records.views.reading import level_of


@blueprint.get("/alerts", access=needs("record.search"))
def list_alerts() -> ResponseReturnValue:
    """Which searches found how much that this session may show; unread ones stand out."""
    actor, session = current_actor(), current_session()
    alerts = watching.list_alerts(actor, session)
    shown = alerts[: queries.PAGE]
    return render_template(
        "records/alerts.html",
        page_level=max((one.view.level for one in shown), default=0),
        alerts=shown,
        more=len(alerts) - len(shown),
        is_full=watching.is_full(alerts),
        is_watching=bool(watching.list_watched(actor, session)),
        unread=[one.alert.id for one in shown if not one.alert.is_read],
        count_limit=queries.COUNT_LIMIT,
    )


@blueprint.get("/alerts/<uuid:record_alert_id>", access=needs("record.search"))
def show_alert(record_alert_id: UUID) -> ResponseReturnValue:
    """The records of one alert as lines, logged before they are shown."""
    shown, lines = watching.open_alert(current_actor(), current_session(), record_alert_id)
    return render_template(
        "records/alert.html",
        page_level=max(level_of(lines), shown.view.level),
        shown=shown,
        lines=lines,
        count_limit=queries.COUNT_LIMIT,
    )


@blueprint.post("/alerts/<uuid:record_alert_id>/read", access=needs("record.search"))
def mark_alert_read(record_alert_id: UUID) -> ResponseReturnValue:
    """Mark one alert as read."""
    watching.mark_read(current_actor(), current_session(), record_alert_id)
    return redirect(url_for(".list_alerts"), 303)


@blueprint.post("/alerts/read", access=needs("record.search"))
def mark_all_alerts_read() -> ResponseReturnValue:
    """Mark the alerts as read that the page showed."""
    shown = {one for one in map(queries.find_reference, request.form.getlist("alert")) if one}
    watching.mark_these_read(current_actor(), current_session(), shown)
    return redirect(url_for(".list_alerts"), 303)
