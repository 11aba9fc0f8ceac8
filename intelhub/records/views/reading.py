"""Reading records: the list with its filters, and the words that every page of records says values with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from flask import g
from flask_babel import get_locale, gettext

from intelhub.access import list_compartment_names, name_people, sort_key
from intelhub.organisation import load_directory, tier_name
from intelhub.platform.web import current_actor, current_session
from intelhub.records.domain import Grade, RecordState, RecordSummary
from intelhub.records.forms import NUMBERED_KINDS
from intelhub.records.views import blueprint
from intelhub.records.views.words import word

_LONGEST_VERSION = 9

TONES = {
    RecordState.DRAFT: "draft", RecordState.SUBMITTED: "waiting", RecordState.RECEIVED: "waiting",
    RecordState.EVALUATED: "active", RecordState.COLLATED: "active", RecordState.SHARED_UP: "done",
    RecordState.MERGED: "closed",
}  # fmt: skip


def read_version(typed: str) -> int | None:
    """A row version that a form or line names; `None` for what is no number that a record could have."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= _LONGEST_VERSION else None


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
    "disseminate": lambda: gettext("Shared with a unit"),
    "withdraw": lambda: gettext("Sharing with a unit ended"),
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

    def unit_code(unit_id: UUID) -> str:
        unit = load_directory(current_session()).ever.find(unit_id)
        return unit.code if unit else ""

    def compartment_names(ids: Iterable[UUID | str]) -> list[str]:
        held = dict(compartments_held()) if ids else {}
        return [name for identity, name in held.items() if identity in set(map(str, ids))]

    return {
        "state_words": state_words,
        "unit_name": unit_name,
        "unit_code": unit_code,
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
