"""Home (Việc của tôi): what waits for me, what I sent and where it stands, what changed near me."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from intelhub.access import may
from intelhub.platform.actor import Actor
from intelhub.platform.web import current_actor, current_session, signed_in
from intelhub.records.domain import RecordState, RecordSummary
from intelhub.records.queries import ListFilter
from intelhub.records.service import desks, reading
from intelhub.records.views import blueprint
from intelhub.records.views.desks import act_on, title_of
from intelhub.records.views.reading import level_of, names_of

_NEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One desk as the page shows it: each line with its next act."""

    desk: desks.Desk
    title: str
    lines: tuple[tuple[RecordSummary, str], ...]
    has_more: bool
    is_cut: bool


def _shown(actor: Actor, desk: desks.Desk) -> Shown:
    session = current_session()
    if desk.waits:
        found = desks.show_desk(actor, session, desk.wanted)
    else:
        page = reading.show_list(actor, session, desk.wanted, limit=_NEWEST)
        found = desks.Waiting(lines=page.lines, has_more=page.older is not None)
    takes_on = may(actor, "record.acknowledge")
    return Shown(
        desk=desk,
        title=title_of(desk.key),
        lines=tuple((line, act_on(desk.key, line, takes_on=takes_on)) for line in found.lines),
        has_more=found.has_more,
        is_cut=found.is_cut,
    )


@blueprint.get("/", access=signed_in("everybody has a desk; what lies on it is filtered by the row scope"))
def home() -> ResponseReturnValue:
    """The desk of whoever is signed in."""
    actor, session = current_actor(), current_session()
    shown = [_shown(actor, desk) for desk in desks.list_desks(actor, session)]
    sent: tuple[RecordSummary, ...] = ()
    if may(actor, "record.create"):
        states = tuple(state for state in RecordState if state is not RecordState.DRAFT)
        sent = reading.show_list(actor, session, ListFilter(author_id=actor.user_id, states=states), limit=10).lines
    graders = desks.list_graders(actor, session) if may(actor, "record.assign") else ()
    lines = [line for one in shown for line, _ in one.lines] + list(sent)
    return render_template(
        "records/home.html",
        page_level=level_of(lines),
        shown=shown,
        looked_through=desks.LOOKED_THROUGH,
        sent=sent,
        assignees=[(str(person.id), person.display_name) for person in graders],
        names=names_of(line.assignee_id for line in lines),
        may_write=may(actor, "record.create"),
        may_read=may(actor, "record.read"),
        is_auditor=may(actor, "audit.read"),
    )
