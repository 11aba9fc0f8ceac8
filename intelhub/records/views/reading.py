"""Reading records: the list with its filters, and a record with everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.access import decide, list_compartment_names, name_people, sort_key
from intelhub.organisation import load_directory
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records import lowering, queries
from intelhub.records.catalogues import entry, label
from intelhub.records.domain import Grade, RecordState, RecordSummary
from intelhub.records.forms import choices
from intelhub.records.lifecycle import TRANSITIONS
from intelhub.records.queries import ListFilter
from intelhub.records.service import desks, reading
from intelhub.records.views import blueprint
from intelhub.records.views.desks import title_of

TONES = {
    RecordState.DRAFT: "draft", RecordState.SUBMITTED: "waiting", RecordState.RECEIVED: "waiting",
    RecordState.EVALUATED: "active", RecordState.COLLATED: "active", RecordState.SHARED_UP: "done",
    RecordState.MERGED: "closed",
}  # fmt: skip


def state_words(state: RecordState) -> tuple[str, str]:
    """A state in the reader's language, with its tone."""
    return entry("state", state.value).label(str(get_locale())), TONES[state]


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The display names of people, for a page."""
    wanted = {one for one in ids if one is not None}
    return name_people(current_actor(), current_session(), wanted)


def event_words(event: str) -> str:
    """What a step says in the reader's language."""
    words: dict[str, str] = {
        "submit": gettext("Submitted"), "return": gettext("Returned to the author"),
        "forward": gettext("Forwarded to the department"), "assign": gettext("Assigned"),
        "acknowledge": gettext("Taken on"), "evaluate": gettext("Graded"),
        "mark_duplicate": gettext("Merged into another record"), "collate": gettext("Collated"),
        "share_up": gettext("Shared with headquarters"), "lower_level": gettext("Brought down to a lower level"),
    }  # fmt: skip
    return words[event]


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

    def compartment_names(ids: Iterable[UUID | str]) -> list[str]:
        held = dict(compartments_held()) if ids else {}
        return [name for identity, name in held.items() if identity in set(map(str, ids))]

    def word(catalogue: str, code: str | None) -> str:
        return label(catalogue, code, locale) if code else ""

    return {
        "state_words": state_words,
        "unit_name": unit_name,
        "compartment_names": compartment_names,
        "word": word,
        "grade_pair": grade_pair,
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
        chips=_chips(kept, locale),
        desks=[(one.key, title_of(one.key)) for one in offered],
        states=[(state.value, state_words(state)[0]) for state in RecordState],
        levels=[(code, words) for code, words in choices("level", locale) if int(code) <= actor.ceiling],
        units=[(one.code, one.short_label(locale)) for one in load_directory(session).ever.units],
        older_url=url_for(".list_records", older_than=page.older, **kept) if page.older else None,
        newer_url=url_for(".list_records", newer_than=page.newer, **kept) if page.newer else None,
    )


def _chips(kept: dict[str, Any], locale: str) -> list[tuple[str, str]]:
    """Each active filter in words, with the address without it."""
    chips = []
    for name, values in kept.items():
        for value in values:
            rest: dict[str, Any] = {
                other: [v for v in given if (other, v) != (name, value)] for other, given in kept.items()
            }
            chips.append((_filter_words(name, value, locale), url_for(".list_records", **rest)))
    return chips


def _filter_words(name: str, value: str, locale: str) -> str:
    match name:
        case "desk":
            return title_of(value)
        case "mine":
            return str(gettext("Only what I wrote"))
        case "state" | "level":
            return next((words for code, words in choices(name, locale) if code == value), value)
    return value


@blueprint.get("/records/<uuid:record_id>", access=needs("record.read"))
def show_record(record_id: UUID) -> ResponseReturnValue:
    """A record: its words, its facts, what happened to it, and what this person may do with it now."""
    actor, session = current_actor(), current_session()
    opened = reading.open_record(actor, session, record_id)
    record, facts, timeline = opened.record, opened.label, opened.timeline
    state = record.summary.state
    acts = {
        event for event, step in TRANSITIONS.items() if state in step.starts and decide(actor, event, facts).allowed
    }
    proposal = lowering.proposal_of(record.fields)
    if proposal is None:
        acts.discard("lower_level")
    if state is RecordState.DRAFT and decide(actor, "edit", facts).allowed:
        acts.add("edit")
    is_grading = bool(acts & {"evaluate", "mark_duplicate", "collate"})
    related = reading.list_related(actor, session, record) if is_grading else ()
    people = {step.actor_id for step in timeline} | {record.summary.author_id}
    people |= {record.summary.assignee_id} if record.summary.assignee_id else set()
    resubmitted = _resubmitted(opened)
    return render_template(
        "records/record.html",
        resubmitted=resubmitted,
        page_level=max(
            record.summary.level,
            level_of(list(related)),
            resubmitted.level if resubmitted else 0,
            *(step.level for step in timeline),
        ),
        record=record,
        acts=acts,
        proposal=proposal,
        timeline=timeline,
        is_grading=is_grading,
        related=related,
        related_choices=[(str(line.id), f"{line.head.number} · {line.head.abstract}") for line in related],
        versions=opened.versions,
        names=names_of(people),
        source_grades=choices("source_grade", str(get_locale())),
        info_grades=choices("info_grade", str(get_locale())),
        subject_types=choices("subject_type", str(get_locale())),
    )


def _resubmitted(opened: reading.OpenedRecord) -> reading.Version | None:
    """The version a resubmitted record is compared with; coming down to a lower level changed no word of it."""
    if opened.record.summary.state is not RecordState.SUBMITTED:
        return None
    is_lowered = bool(opened.timeline) and opened.timeline[0].event == "lower_level"
    return next(iter(opened.versions[1 if is_lowered else 0 :]), None)


@blueprint.get("/records/<uuid:record_id>/versions", access=needs("record.read"))
def show_versions(record_id: UUID) -> ResponseReturnValue:
    """What changed from version to version, in words."""
    actor, session = current_actor(), current_session()
    opened = reading.open_record(actor, session, record_id)
    record = opened.record
    newest = reading.Version(
        number=record.summary.content_version,
        level=record.summary.level,
        head=record.summary.head,
        fields=record.fields,
    )
    every = (newest, *opened.versions)
    return render_template(
        "records/versions.html",
        page_level=max(version.level for version in every),
        record=record,
        pairs=list(pairwise(every)),
        was_lowered=any(step.event == "lower_level" for step in opened.timeline),
    )
