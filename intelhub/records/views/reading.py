"""Reading records: the list with its filters, and the words that every page of records says values with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.access import list_compartment_names, name_people, sort_key
from intelhub.organisation import load_directory, tier_name
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records import queries
from intelhub.records.domain import Grade, RecordState, RecordSummary
from intelhub.records.forms import NUMBERED_KINDS
from intelhub.records.queries import ListFilter
from intelhub.records.service import desks, reading
from intelhub.records.views import blueprint
from intelhub.records.views.desks import title_of
from intelhub.records.views.words import choices, word

TONES = {
    RecordState.DRAFT: "draft", RecordState.SUBMITTED: "waiting", RecordState.RECEIVED: "waiting",
    RecordState.EVALUATED: "active", RecordState.COLLATED: "active", RecordState.SHARED_UP: "done",
    RecordState.MERGED: "closed",
}  # fmt: skip


def state_words(state: RecordState) -> tuple[str, str]:
    """A state in the reader's language, with its tone."""
    return word("state", state.value), TONES[state]


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The display names of people, for a page."""
    wanted = {one for one in ids if one is not None}
    return name_people(current_actor(), current_session(), wanted)


# A page says a handful of them: the others are not looked up.
_EVENTS: Mapping[str, Callable[[], str]] = {
    "submit": lambda: gettext("Submitted"),
    "return": lambda: gettext("Returned to the author"),
    "forward": lambda: gettext("Forwarded to the %(tier)s", tier=tier_name(2)),
    "assign": lambda: gettext("Assigned"),
    "acknowledge": lambda: gettext("Taken on"),
    "evaluate": lambda: gettext("Graded"),
    "mark_duplicate": lambda: gettext("Merged into another record"),
    "collate": lambda: gettext("Collated"),
    "share_up": lambda: gettext("Shared with the %(tier)s", tier=tier_name(1)),
    "lower_level": lambda: gettext("Brought down to a lower level"),
}


def event_words(event: str) -> str:
    """What a step says in the reader's language."""
    return _EVENTS[event]()


def compartments_held() -> list[tuple[str, str]]:
    """The compartments this person is in, with their names; whoever reads a record is in all of its own."""
    if "compartments_held" not in g:
        names = list_compartment_names(current_actor(), current_session())
        g.compartments_held = sorted(((str(one), name) for one, name in names.items()), key=_by_name)
    held: list[tuple[str, str]] = g.compartments_held
    return held


def _by_name(one: tuple[str, str]) -> list[str]:
    return [sort_key(word) for word in one[1].split()]


def level_of(lines: tuple[RecordSummary, ...] | list[RecordSummary]) -> int:
    """The level of a page that shows these lines."""
    return max((line.level for line in lines), default=0)


@blueprint.context_processor
def words_of_records() -> dict[str, object]:
    """What the templates of records say values with."""
    locale = str(get_locale())

    def unit_name(unit_id: UUID) -> str:
        unit = load_directory(current_session()).ever.find(unit_id)
        return unit.short_label(locale) if unit else ""

    def place_name(code: str | None) -> str:
        unit = load_directory(current_session()).ever.find(code) if code else None
        return unit.short_label(locale) if unit else code or ""

    def compartment_names(ids: Iterable[UUID | str]) -> list[str]:
        held = dict(compartments_held()) if ids else {}
        return [name for identity, name in held.items() if identity in set(map(str, ids))]

    return {
        "state_words": state_words,
        "unit_name": unit_name,
        "place_name": place_name,
        "compartment_names": compartment_names,
        "word": word,
        "grade_pair": grade_pair,
        "numbered_kinds": " ".join(NUMBERED_KINDS),
        "event_words": event_words,
    }


def grade_pair(grade: Grade | None) -> tuple[str, str] | None:
    """A grade as the badge wants it."""
    return (grade.source, grade.info) if grade else None


def _integers(name: str) -> tuple[int, ...]:
    return tuple(int(value) for value in request.args.getlist(name) if value.isdigit())


def _cursor(name: str) -> UUID | None:
    return queries.find_reference(request.args.get(name))


@blueprint.get("/records", access=needs("record.read"))
def list_records() -> ResponseReturnValue:
    """Every record this person may read, newest first, with filters that the address keeps."""
    actor, session = current_actor(), current_session()
    known = {state.value for state in RecordState}
    states = tuple(RecordState(value) for value in request.args.getlist("state") if value in known)
    levels = _integers("level")
    unit = load_directory(session).ever.find(request.args.get("unit", ""))
    offered = desks.list_desks(actor, session)
    desk = next((one for one in offered if one.key == request.args.get("desk")), None)
    wanted = ListFilter(
        states=states,
        levels=levels,
        unit_id=unit.id if unit else None,
        author_id=actor.user_id if request.args.get("mine") else None,
        within=desk.wanted if desk else None,
    )
    page = reading.show_list(actor, session, wanted, older_than=_cursor("older_than"), newer_than=_cursor("newer_than"))
    kept: dict[str, Any] = {
        name: request.args.getlist(name) for name in ("state", "level", "unit", "mine") if request.args.get(name)
    }
    kept |= {"desk": [desk.key]} if desk else {}
    locale = str(get_locale())
    return render_template(
        "records/list.html",
        page_level=level_of(page.lines),
        page=page,
        count=queries.count_records(actor, session, wanted),
        count_limit=queries.COUNT_LIMIT,
        kept=kept,
        chips=_chips(kept),
        desks=[(one.key, title_of(one.key)) for one in offered],
        states=[(state.value, state_words(state)[0]) for state in RecordState],
        levels=[(code, words) for code, words in choices("level") if int(code) <= actor.ceiling],
        units=[(one.code, one.short_label(locale)) for one in load_directory(session).ever.units],
        older_url=url_for(".list_records", older_than=page.older, **kept) if page.older else None,
        newer_url=url_for(".list_records", newer_than=page.newer, **kept) if page.newer else None,
    )


def _chips(kept: dict[str, Any]) -> list[tuple[str, str]]:
    """Each active filter in words, with the address without it."""
    chips = []
    for name, values in kept.items():
        for value in values:
            rest: dict[str, Any] = {
                other: [v for v in given if (other, v) != (name, value)] for other, given in kept.items()
            }
            chips.append((_filter_words(name, value), url_for(".list_records", **rest)))
    return chips


def _filter_words(name: str, value: str) -> str:
    match name:
        case "desk":
            return title_of(value)
        case "mine":
            return str(gettext("Only what I wrote"))
        case "state" | "level":
            return word(name, value)
    return value
