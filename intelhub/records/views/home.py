"""Home (Việc của tôi): what waits for me, what I sent and where it stands, what changed near me."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.access import may
from intelhub.platform.actor import Actor
from intelhub.platform.web import current_actor, current_session, show_stations, signed_in
from intelhub.records.domain import RecordState, RecordSummary
from intelhub.records.queries import ListFilter, count_records
from intelhub.records.service import choosing, desks, lateness, reading
from intelhub.records.views import blueprint
from intelhub.records.views.desks import act_on, limit_words, title_of
from intelhub.records.views.listing import Attempt
from intelhub.records.views.reading import event_words, level_of, names_of

_NEWEST = 20
_NEAR = 5
_ON_DESKS = 20  # more would weigh over 40 kB, and pages are not compressed; the list shows the rest
_FEWEST, _MOST = 5, 10
_LATEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A record on the page: its next act, and what is said beside it."""

    record: RecordSummary
    act: str | None = None
    note: str | None = None
    status: tuple[str, str] | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One desk as the page shows it."""

    desk: desks.Desk
    title: str
    lines: tuple[Line, ...]
    count: int
    is_cut: bool = False
    late: tuple[lateness.Late, ...] = ()
    is_late_cut: bool = False


def _share_of(number: int) -> int:
    """How many lines each of so many desks shows."""
    return min(max(_ON_DESKS // max(number, 1), _FEWEST), _MOST)


def _shown(actor: Actor, desk: desks.Desk, share: int) -> Shown:
    session = current_session()
    if desk.key == "late":
        late = lateness.list_late(actor, session, desk.wanted)
        count = sum(one.count for one in late)
        shown = late[:_LATEST]
        return Shown(desk=desk, title=title_of(desk.key), lines=(), count=count, late=shown, is_late_cut=late != shown)
    if not desk.has_lines:
        count = count_records(actor, session, desk.wanted)
        return Shown(desk=desk, title=title_of(desk.key), lines=(), count=count)
    if not desk.waits:
        changes = desks.show_changes(actor, session, desk.wanted, limit=_NEWEST + 1)
        lines = _changed(changes[:_NEWEST], act=act_on(desk.key, None, takes_on=False))
        return Shown(desk=desk, title=title_of(desk.key), lines=lines, count=len(changes))
    found = desks.show_desk(actor, session, desk.wanted, limit=share)
    comments = desks.list_return_comments(actor, session, found.lines)
    names = names_of(line.assignee_id for line in found.lines) if desk.key == "colleagues" else {}
    takes_on = may(actor, "record.acknowledge")
    lines = tuple(
        Line(
            record=line,
            act=act_on(desk.key, line, takes_on=takes_on),
            note=comments.get(line.id) or names.get(line.assignee_id or line.id),
            status=(gettext("Returned"), "waiting") if line.id in comments else None,
        )
        for line in found.lines
    )
    return Shown(desk=desk, title=title_of(desk.key), lines=lines, count=found.count, is_cut=found.is_cut)


def _changed(changes: Sequence[desks.Change], *, act: str | None = None) -> tuple[Line, ...]:
    """Records with who did what to them last, and when."""
    names = names_of(change.step.actor_id for change in changes if change.step)
    lines = []
    for change in changes:
        line = Line(record=change.line, act=act)
        if change.step:
            name = names.get(change.step.actor_id, gettext("somebody"))
            said = gettext("%(event)s: %(name)s", event=event_words(change.step.event), name=name)
            line = replace(line, note=said, at=change.step.at)
        lines.append(line)
    return tuple(lines)


@blueprint.get("/", access=signed_in("everybody has a desk; what lies on it is filtered by the row scope"))
def home() -> ResponseReturnValue:
    """The desk of whoever is signed in."""
    return home_page(Attempt())


def home_page(attempt: Attempt) -> str:
    """The desk as it is now; what was chosen for an assignment that refused it is chosen still."""
    actor, session = current_actor(), current_session()
    offered = desks.list_desks(actor, session)
    share = _share_of(sum(desk.waits for desk in offered))
    shown = [one for desk in offered if (one := _shown(actor, desk, share)).count or not desk.hides_empty]
    sent: tuple[RecordSummary, ...] = ()
    moved = tuple(state for state in RecordState if state is not RecordState.DRAFT)
    if may(actor, "record.create"):
        sent = reading.show_list(actor, session, ListFilter(author_id=actor.user_id, states=moved), limit=10).lines
    near: tuple[Line, ...] | None = None
    if desks.reads_of_others(actor, session):
        near = _changed(desks.show_changes(actor, session, ListFilter(states=moved), limit=_NEAR, by_others=True))
    graders = desks.list_graders(actor, session) if may(actor, "record.assign") else ()
    refused = choosing.list_refused(actor, session, attempt.refused, attempt.chosen) if attempt.refused else ()
    steps = [step for one in refused for step in one.steps]
    lines = [line.record for one in shown for line in one.lines] + [line.record for line in near or ()]
    lines += [*sent, *(one.line for one in refused)]
    return render_template(
        "records/home.html",
        page_level=max(level_of(lines), *(step.level for step in steps), 0),
        attempt=attempt,
        refused=refused,
        hidden=len(attempt.refused) - len(refused),
        limit_words=limit_words,
        shown=shown,
        looked_through=desks.LOOKED_THROUGH,
        sent=sent,
        near=near,
        stations=show_stations(),
        assignees=[(str(person.id), person.display_name) for person in graders],
        names=names_of([*(line.assignee_id for line in lines), *(step.actor_id for step in steps)]),
        may_write=may(actor, "record.create"),
    )
