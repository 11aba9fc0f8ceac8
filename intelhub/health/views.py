"""Two addresses for machines; for operators a page, a station on their home, and the runbook."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import text

from intelhub.audit import get_chain_status, record_act, register_action
from intelhub.health.parts import State, look_at_state
from intelhub.health.runbook import ENTRIES
from intelhub.platform.messages import Message
from intelhub.platform.web import FeatureBlueprint, current_actor, current_session, needs, open_to_all, station
from intelhub.platform.web.look import format_age, format_moment, format_number, say
from intelhub.settings import Settings

HEALTH_SHOWN = register_action(
    "system:health-shown", en="The health of the installation was shown", vi="Đã xem tình trạng hệ thống"
)
blueprint = FeatureBlueprint("health", __name__, template_folder="templates")


@blueprint.get(
    "/healthz",
    access=open_to_all("a supervisor asks whether the process answers; it says nothing else", asks_who=False),
)
def is_alive() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}


@blueprint.get(
    "/readyz",
    access=open_to_all("a load balancer asks whether to send work here; it says nothing else", asks_who=False),
)
def is_ready() -> ResponseReturnValue:
    """The database answers, and audit entries do not wait longer than they may."""
    session = current_session()
    session.execute(text("SELECT 1"), execution_options={"unscoped": "asks nothing of any table"})
    late = get_chain_status(session).is_late
    return {"status": "audit entries wait" if late else "ok"}, 503 if late else 200


@blueprint.get("/health", access=needs("system.health"))
def show_health() -> ResponseReturnValue:
    """Every part with its facts, and the jobs by kind."""
    return render_template("health/health.html", page_level=0, state=_look(), fact_words=fact_words)


@blueprint.get("/health/runbook", access=needs("system.health"))
def show_runbook() -> ResponseReturnValue:
    """What to do about each part."""
    return render_template("health/runbook.html", page_level=0, entries=ENTRIES)


@station(blueprint, "system.health")
def show_station() -> str:
    """Every part in a line."""
    return render_template("health/_station.html", state=_look())


def fact_words(value: object) -> str:
    """A fact as a page says it."""
    if value is None:
        return str(gettext("none known"))
    if isinstance(value, datetime):
        age, moment = format_age(value), format_moment(value)
        # The moment itself stays readable where a pointer cannot hover, and on paper; an old one is told as its day.
        return moment if moment.startswith(age) else str(gettext("%(age)s (%(moment)s)", age=age, moment=moment))
    if isinstance(value, Message):
        return say(value)
    return format_number(value) if isinstance(value, int | float) else str(value)


def _look() -> State:
    actor, session = current_actor(), current_session()
    record_act(actor, session, HEALTH_SHOWN.name)
    settings = cast("Settings", current_app.extensions["intelhub.house"].settings)
    return look_at_state(session, settings)
