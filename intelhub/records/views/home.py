"""Home (Việc của tôi): what waits for me, what I sent and where it stands, what changed near me."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.access import list_people, may
from intelhub.organisation import load_tree
from intelhub.platform.actor import Actor
from intelhub.platform.web import current_actor, current_session, signed_in
from intelhub.records.domain import RecordState, RecordSummary
from intelhub.records.queries import ListFilter
from intelhub.records.service import reading
from intelhub.records.views import blueprint
from intelhub.records.views.reading import level_of, names_of

S = RecordState
_DESK = 200
_URGENCY = {"express": 0, "very_urgent": 1, "urgent": 2, "normal": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One heap on somebody's desk: its title, its lines, and whether they can be assigned together."""

    key: str
    title: str
    lines: tuple[RecordSummary, ...]
    act: str
    is_assignable: bool = False


def _wanted(actor: Actor) -> list[tuple[str, str, str, ListFilter, bool]]:
    """Which heaps this person's duties bring, in the order of the day: key, title, next act, filter, assignable."""
    heaps: list[tuple[str, str, str, ListFilter, bool]] = []
    me = actor.user_id
    if may(actor, "record.create"):
        mine = ListFilter(author_id=me, states=(S.DRAFT,))
        heaps.append(("drafts", gettext("Drafts and returned records"), gettext("Go on writing"), mine, False))
    if any(post.function == "group_leader" for post in actor.posts):
        review = ListFilter(states=(S.SUBMITTED,), not_author_id=me)
        heaps.append(("review", gettext("To review"), gettext("Review"), review, False))
    if may(actor, "record.evaluate"):
        heaps.append(
            ("mine", gettext("Assigned to me"), gettext("Grade"),
             ListFilter(states=(S.RECEIVED, S.EVALUATED), assignee_id=me), False)
        )  # fmt: skip
        triage = ListFilter(states=(S.RECEIVED,), is_unassigned=True)
        heaps.append(("triage", gettext("Received, not yet assigned"), gettext("Take on"), triage, True))
    if may(actor, "record.share_up"):
        approve = ListFilter(states=(S.COLLATED,))
        heaps.append(("approve", gettext("To share with headquarters"), gettext("Decide"), approve, False))
    if any(post.tier == 1 for post in actor.posts) and may(actor, "record.read"):
        shared = ListFilter(states=(S.SHARED_UP,))
        heaps.append(("shared", gettext("Shared up"), gettext("Read"), shared, False))
    return heaps


def _urgent_first(lines: tuple[RecordSummary, ...]) -> tuple[RecordSummary, ...]:
    return tuple(sorted(lines, key=lambda line: (_URGENCY.get(line.head.urgency, 3), line.cursor)))


def _assignees(actor: Actor) -> list[tuple[str, str]]:
    """The analysts of the departments in which this actor assigns."""
    tree = load_tree(actor, current_session())
    units = {one for post in actor.posts for one in tree.descendants(post.department_id)}
    analysts = list_people(actor, current_session(), unit_ids=units, function="analyst")
    return [(str(person.id), person.display_name) for person in analysts]


@blueprint.get("/", access=signed_in("everybody has a desk; what lies on it is filtered by the row scope"))
def home() -> ResponseReturnValue:
    """The desk of whoever is signed in."""
    actor, session = current_actor(), current_session()
    desks = [
        Desk(key=key, title=title, act=act, is_assignable=assignable,
             lines=_urgent_first(reading.show_list(actor, session, wanted, limit=_DESK).lines))
        for key, title, act, wanted, assignable in _wanted(actor)
    ]  # fmt: skip
    sent: tuple[RecordSummary, ...] = ()
    if may(actor, "record.create"):
        states = tuple(state for state in RecordState if state is not S.DRAFT)
        sent = reading.show_list(actor, session, ListFilter(author_id=actor.user_id, states=states), limit=10).lines
    assignees = _assignees(actor) if may(actor, "record.assign") else []
    shown = [line for desk in desks for line in desk.lines] + list(sent)
    return render_template(
        "records/home.html",
        page_level=level_of(shown),
        desks=desks,
        sent=sent,
        assignees=assignees,
        names=names_of(line.assignee_id for line in shown),
        may_write=may(actor, "record.create"),
        may_read=may(actor, "record.read"),
        is_auditor=may(actor, "audit.read"),
    )
