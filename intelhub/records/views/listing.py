"""The list of records: filters and order that the address keeps, and lines that can be chosen together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.access import may
from intelhub.organisation import find_unit_meant, load_directory
from intelhub.platform.errors import IntelhubError
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records import queries
from intelhub.records.domain import ListOrder, RecordState, RecordSummary
from intelhub.records.queries import ListFilter, Page
from intelhub.records.service import choosing, desks, reading, saved_views
from intelhub.records.views import blueprint
from intelhub.records.views.desks import title_of
from intelhub.records.views.reading import level_of, names_of, state_words
from intelhub.records.views.words import choices, word

_LINES = 20  # more would weigh over 40 kB, and pages are not compressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address of the list asks for; `kept` is that address again, in what is known here alone."""

    kept: Mapping[str, list[str]]
    wanted: ListFilter
    desk: desks.Desk | None
    order: ListOrder
    after: UUID | None
    before: UUID | None

    @property
    def address(self) -> dict[str, Any]:
        """The arguments of the address that shows this page again."""
        place = {"after": self.after, "before": self.before}
        return {**self.sorted, **{name: str(value) for name, value in place.items() if value}}

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Filters and order, as a view keeps them."""
        return tuple((name, value) for name, values in self.sorted.items() for value in values)

    @property
    def sorted(self) -> dict[str, Any]:
        """The arguments of the first page in this order."""
        return {**self.kept, **({"sort": [self.order.value]} if self.order is not ListOrder.NEWEST else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An act on chosen lines, some or all of which it refused: they stay chosen, at the versions they were shown at.

    `done` says what was done to the others, on this page alone: a sentence for the next page would outlive it where
    this one fails and takes the act back.
    """

    chosen: Mapping[UUID, int] = field(default_factory=dict)
    assignee: UUID | None = None
    refused: Mapping[UUID, IntelhubError] = field(default_factory=dict)
    errors: tuple[Message, ...] = ()
    done: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """A name for a view that was refused, as it was typed; or that of a removed view, which it cannot have again."""

    name: str = ""
    errors: tuple[Message, ...] = ()
    removed: UUID | None = None


_NO_NAMING = Naming()
NOT_TRIED = Attempt()


def read_address(offered: tuple[desks.Desk, ...]) -> Asked:
    """What the address of this request asks for; what it names that is not there is left out."""
    actor, given = current_actor(), request.args
    unit = find_unit_meant(current_session(), given.get("unit", ""))
    desk = next((one for one in offered if one.key == given.get("desk")), None)
    orders = list_orders(desk)
    kept: dict[str, list[str]] = {
        "desk": [desk.key] if desk else [],
        "state": [state.value for state in RecordState if state.value in given.getlist("state")],
        "level": [code for code, _ in choices("level") if code in given.getlist("level")],
        "unit": [unit.code] if unit else [],
        "mine": ["y"] if given.get("mine") else [],
    }
    return Asked(
        kept={name: values for name, values in kept.items() if values},
        wanted=ListFilter(
            states=tuple(RecordState(value) for value in kept["state"]),
            levels=tuple(int(code) for code in kept["level"]),
            unit_id=unit.id if unit else None,
            author_id=actor.user_id if kept["mine"] else None,
            within=desk.wanted if desk else None,
        ),
        desk=desk,
        order=next((one for one in orders if one.value == given.get("sort")), ListOrder.NEWEST),
        after=queries.find_reference(given.get("after")),
        before=queries.find_reference(given.get("before")),
    )


def list_orders(desk: desks.Desk | None) -> tuple[ListOrder, ...]:
    """The orders that are offered: by urgency where somebody's work waits, which is never very much."""
    by_urgency = (ListOrder.URGENT,) if desk is not None and desk.waits else ()
    return (*by_urgency, ListOrder.NEWEST, ListOrder.OLDEST, ListOrder.CHANGED)


def order_words(order: ListOrder) -> str:
    """An order in the reader's language."""
    words: dict[ListOrder, str] = {
        ListOrder.NEWEST: gettext("Newest first"), ListOrder.OLDEST: gettext("Oldest first"),
        ListOrder.CHANGED: gettext("Last changed first"), ListOrder.URGENT: gettext("Most urgent first"),
    }  # fmt: skip
    return words[order]


def _page(asked: Asked, *, after: UUID | None, before: UUID | None) -> Page:
    actor, session = current_actor(), current_session()
    if asked.order is ListOrder.URGENT:
        return desks.show_by_urgency(actor, session, asked.wanted, after=after, before=before, limit=_LINES)
    return reading.show_list(actor, session, asked.wanted, order=asked.order, after=after, before=before, limit=_LINES)


@blueprint.get("/records", access=needs("record.read"))
def list_records() -> ResponseReturnValue:
    """Every record this person may read, with filters and an order that the address keeps."""
    return list_page(Attempt())


def list_page(attempt: Attempt, naming: Naming = _NO_NAMING) -> str:
    """The list that the address of this request asks for; what was chosen or typed for a refused act is there still."""
    actor, session = current_actor(), current_session()
    offered = desks.list_desks(actor, session)
    asked = read_address(offered)
    page = _page(asked, after=asked.after, before=asked.before)
    if not page.lines and (asked.after or asked.before):
        page = _page(asked, after=None, before=None)  # the last page was emptied by what was done on it
    return render_template(
        "records/list.html",
        **acts_on(page.lines, attempt),
        page=page,
        count=queries.count_records(actor, session, asked.wanted),
        count_limit=queries.COUNT_LIMIT,
        looked_through=desks.LOOKED_THROUGH,
        kept=asked.kept,
        address=asked.address,
        naming=naming,
        **_saved(asked, naming.removed),
        order=asked.order.value,
        orders=[(one.value, order_words(one), _sorted_url(asked, one)) for one in list_orders(asked.desk)],
        chips=_chips(asked),
        desks=[(one.key, title_of(one.key)) for one in offered],
        states=[(state.value, state_words(state)[0]) for state in RecordState],
        levels=[(code, words) for code, words in choices("level") if int(code) <= actor.ceiling],
        is_unit_unknown=bool(request.args.get("unit", "").strip()) and asked.wanted.unit_id is None,
        next_url=url_for(".list_records", after=page.last, **asked.sorted) if page.last else None,
        previous_url=url_for(".list_records", before=page.first, **asked.sorted) if page.first else None,
    )


def acts_on(lines: Sequence[RecordSummary], attempt: Attempt, *, is_offered: bool = True) -> dict[str, Any]:
    """What a page of lines says of acts on many: which lines can be chosen, for what, and what was refused before."""
    actor, session = current_actor(), current_session()
    choosable = choosing.find_choosable(actor, session, lines) if is_offered else frozenset()
    refused = choosing.list_refused(actor, session, attempt.refused, attempt.chosen) if attempt.refused else ()
    assigns = bool(choosable) and may(actor, "record.assign")
    steps = [step for one in refused for step in one.steps]
    return {
        "page_level": max(level_of([*lines, *(one.line for one in refused)]), *(step.level for step in steps), 0),
        "choosable": choosable,
        "attempt": attempt,
        "refused": refused,
        "hidden": len(attempt.refused) - len(refused),
        "assignees": [(str(one.id), one.display_name) for one in desks.list_graders(actor, session)] if assigns else [],
        "takes_on": may(actor, "record.acknowledge"),
        "names": names_of([*(line.assignee_id for line in lines), *(step.actor_id for step in steps)]),
    }


def _saved(asked: Asked, removed: UUID | None) -> dict[str, Any]:
    """One's saved views with their addresses, which of them this page is, the one just removed, and damaged ones."""
    views = saved_views.list_views(current_actor(), current_session())
    removed = removed or queries.find_reference(request.args.get("removed"))
    kept = [view for view in views if not view.is_removed and not view.is_damaged]
    return {
        "saved": [(view, url_for(".list_records", **_arguments(view.asked))) for view in kept],
        "current": next((view for view in kept if sorted(view.asked) == sorted(asked.pairs)), None),
        "removed": next((view for view in views if view.is_removed and view.id == removed), None),
        "damaged": [view for view in views if view.is_damaged],
        "longest_name": saved_views.LONGEST_NAME,
    }


def _arguments(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, value in pairs:
        arguments.setdefault(name, []).append(value)
    return arguments


def _sorted_url(asked: Asked, order: ListOrder) -> str:
    return url_for(".list_records", **replace(asked, order=order).sorted)


def _chips(asked: Asked) -> list[tuple[str, str]]:
    """Each active filter in words, with the address without it."""
    chips = []
    for name, values in asked.kept.items():
        for value in values:
            rest: dict[str, Any] = {
                other: [one for one in given if (other, one) != (name, value)] for other, given in asked.sorted.items()
            }
            chips.append((_filter_words(name, value), url_for(".list_records", **rest)))
    return chips


def _filter_words(name: str, value: str) -> str:
    match name:
        case "desk":
            return title_of(value)
        case "mine":
            return str(gettext("Only what I wrote"))
        case "unit":
            unit = load_directory(current_session()).ever.find(value)
            return unit.short_label(str(get_locale())) if unit else value
    return word(name, value)
