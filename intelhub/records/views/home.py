"""Home (Việc của tôi): what waits for me, what I sent and where it stands, what changed near me."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.access import list_people, may
from intelhub.organisation import load_tree, tier_name
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Refused, RuleRefused
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, signed_in
from intelhub.records.domain import RecordState, RecordSummary
from intelhub.records.queries import ListFilter
from intelhub.records.service import reading
from intelhub.records.views import blueprint
from intelhub.records.views.reading import level_of, names_of

S = RecordState
_NEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """A kind of work that somebody's duties bring; what only lies there to be read (not `waits`) comes newest first."""

    key: str
    title: str
    act: str
    wanted: ListFilter
    is_assignable: bool = False
    waits: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One heap with the lines of it that are shown, and whether there are more."""

    heap: Heap
    lines: tuple[RecordSummary, ...]
    has_more: bool


def _heaps(actor: Actor) -> list[Heap]:
    """The heaps of this person, in the order of the day."""
    heaps: list[Heap] = []
    me = actor.user_id
    if may(actor, "record.create"):
        mine = ListFilter(author_id=me, states=(S.DRAFT,))
        heaps.append(
            Heap(key="drafts", title=gettext("Drafts and returned records"), act=gettext("Go on writing"), wanted=mine)
        )
    if any(post.function == "group_leader" for post in actor.posts):
        review = ListFilter(states=(S.SUBMITTED,), not_author_id=me)
        heaps.append(Heap(key="review", title=gettext("To review"), act=gettext("Review"), wanted=review))
    if may(actor, "record.evaluate"):
        assigned = ListFilter(states=(S.RECEIVED, S.EVALUATED), assignee_id=me)
        heaps.append(Heap(key="mine", title=gettext("Assigned to me"), act=gettext("Grade"), wanted=assigned))
        triage = ListFilter(states=(S.RECEIVED,), is_unassigned=True)
        title = gettext("Received, not yet assigned")
        heaps.append(Heap(key="triage", title=title, act=gettext("Take on"), wanted=triage, is_assignable=True))
    if may(actor, "record.share_up"):
        approve = ListFilter(states=(S.COLLATED,))
        title = gettext("To share with the %(tier)s", tier=tier_name(1))
        heaps.append(Heap(key="approve", title=title, act=gettext("Decide"), wanted=approve))
    if any(post.tier == 1 for post in actor.posts) and may(actor, "record.read"):
        shared = ListFilter(states=(S.SHARED_UP,))
        heaps.append(Heap(key="shared", title=gettext("Shared up"), act=gettext("Read"), wanted=shared, waits=False))
    return heaps


def _desk(actor: Actor, heap: Heap) -> Desk:
    if heap.waits:
        lines, has_more = reading.show_desk(actor, current_session(), heap.wanted)
        return Desk(heap=heap, lines=lines, has_more=has_more)
    page = reading.show_list(actor, current_session(), heap.wanted, limit=_NEWEST)
    return Desk(heap=heap, lines=page.lines, has_more=page.older is not None)


def _assignees(actor: Actor) -> list[tuple[str, str]]:
    """The analysts of the departments in which this actor assigns."""
    tree = load_tree(actor, current_session())
    units = {one for post in actor.posts for one in tree.descendants(post.department_id)}
    analysts = list_people(actor, current_session(), unit_ids=units, function="analyst")
    return [(str(person.id), person.display_name) for person in analysts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigning:
    """An assignment that was refused: the chosen records, at the versions they were shown at, and for whom."""

    chosen: Mapping[UUID, int] = field(default_factory=dict)
    assignee: UUID | None = None
    refused: Refused | None = None

    @property
    def errors(self) -> tuple[Message, ...]:
        """The sentences about the choice of a person."""
        return tuple(self.refused.fields.get("assignee", ())) if isinstance(self.refused, RuleRefused) else ()


@blueprint.get("/", access=signed_in("everybody has a desk; what lies on it is filtered by the row scope"))
def home() -> ResponseReturnValue:
    """The desk of whoever is signed in."""
    return home_page(Assigning())


def home_page(assigning: Assigning) -> str:
    """The desk as it is now; what was chosen for an assignment that was refused is chosen still."""
    actor, session = current_actor(), current_session()
    desks = [_desk(actor, heap) for heap in _heaps(actor)]
    sent: tuple[RecordSummary, ...] = ()
    if may(actor, "record.create"):
        states = tuple(state for state in RecordState if state is not S.DRAFT)
        sent = reading.show_list(actor, session, ListFilter(author_id=actor.user_id, states=states), limit=10).lines
    assignees = _assignees(actor) if may(actor, "record.assign") else []
    is_overtaken = assigning.refused is not None and not assigning.errors
    overtaken = reading.list_overtaken(actor, session, assigning.chosen) if is_overtaken else ()
    steps = [step for _, meanwhile in overtaken for step in meanwhile]
    shown = [line for desk in desks for line in desk.lines] + list(sent) + [line for line, _ in overtaken]
    return render_template(
        "records/home.html",
        page_level=max(level_of(shown), *(step.level for step in steps), 0),
        assigning=assigning,
        overtaken=overtaken,
        desks=desks,
        sent=sent,
        assignees=assignees,
        names=names_of([*(line.assignee_id for line in shown), *(step.actor_id for step in steps)]),
        may_write=may(actor, "record.create"),
        may_read=may(actor, "record.read"),
        is_auditor=may(actor, "audit.read"),
    )
