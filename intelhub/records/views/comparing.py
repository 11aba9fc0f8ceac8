"""What differs between two versions of a record, field by field, in the words that its pages use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import get_locale, gettext

from intelhub.organisation import load_directory
from intelhub.platform.web import current_session
from intelhub.platform.web.look import format_moment
from intelhub.records.catalogues import label
from intelhub.records.forms import TIME_FIELDS
from intelhub.records.validation import parse_time
from intelhub.records.views.reading import compartments_held

_CATALOGUED = frozenset(
    {"topic", "method", "channel", "source_kind", "source_grade", "info_grade", "urgency", "handling", "level",
     "list_item", "proposed_list_item", "plan_item"}
)  # fmt: skip


def differences(
    older: Mapping[str, Any], newer: Mapping[str, Any], *, without: Iterable[str] = ()
) -> list[tuple[str, str, str]]:
    """The fields that differ but for the text: what each is called, what it said and what it says."""
    said = [
        (title, _say(name, older.get(name)), _say(name, newer.get(name)))
        for name, title in _titles().items()
        if name not in set(without)
    ]
    return [(title, before, after) for title, before, after in said if before != after]


def _titles() -> dict[str, str]:
    return {
        "abstract": gettext("Abstract"), "topic": gettext("Topic"), "method": gettext("Method"),
        "subjects": gettext("Who and what"), "place_unit": gettext("Unit of the place"), "place_text": gettext("Place"),
        "learned_at": gettext("Learned"), "happened_from": gettext("It happened from"),
        "happened_to": gettext("It happened until"), "channel": gettext("Channel"),
        "source_kind": gettext("Kind of source"), "source": gettext("Source"),
        "source_grade": gettext("Reliability of the source"), "info_grade": gettext("Credibility of the information"),
        "level": gettext("Level"), "level_reason": gettext("Reason for a lower level"),
        "list_item": gettext("Item of the list"),
        "proposed_list_item": gettext("Item of the list at the lower level"), "compartments": gettext("Compartments"),
        "urgency": gettext("Urgency"), "handling": gettext("Handling code"),
        "handling_conditions": gettext("Conditions in words"), "plan_item": gettext("Plan item"),
        "outside_plan": gettext("Reason, if outside the plan"),
    }  # fmt: skip


def _say(name: str, value: Any) -> str:
    """A field's value in the reader's language; what no list knows, as it was typed."""
    if value is None or value in ("", [], ()):
        return ""
    locale = str(get_locale())
    if name == "subjects":
        return "; ".join(_say_subject(subject, locale) for subject in value)
    if name == "compartments":
        held = dict(compartments_held())
        return " · ".join(sorted(held[str(one)] for one in value if str(one) in held))
    text = str(value)
    if name in TIME_FIELDS:
        moment = parse_time(text)
        return format_moment(moment) if moment else text
    if name == "place_unit":
        unit = load_directory(current_session()).ever.find(text)
        return unit.short_label(locale) if unit else text
    return label(name.removeprefix("proposed_"), text, locale) if name in _CATALOGUED else text


def _say_subject(subject: Mapping[str, str], locale: str) -> str:
    kind = label("subject_type", subject.get("kind") or "", locale)
    return " · ".join(one for one in (kind, subject.get("identifier"), subject.get("name")) if one)
