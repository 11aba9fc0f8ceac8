"""Whether the installation works: two addresses for machines, one page for operators, and never a word of content."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from intelhub.audit import get_chain_status, record_act, register_action
from intelhub.platform.web import FeatureBlueprint, current_actor, current_session, needs, open_to_all

HEALTH_SHOWN = register_action(
    "system:health-shown", en="The health of the installation was shown", vi="Đã xem tình trạng hệ thống"
)
blueprint = FeatureBlueprint("health", __name__)


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
    """What an operator looks at first."""
    session = current_session()
    record_act(current_actor(), session, HEALTH_SHOWN.name)
    return render_template(
        "health.html",
        page_level=0,
        chain=get_chain_status(session),
        database=session.scalar(
            text("SHOW server_version"), execution_options={"unscoped": "asks nothing of any table"}
        ),
    )
