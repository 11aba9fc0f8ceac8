"""From the record form to fields and back: names, choices and how a stored time stands in its box.

The checks are `validation.check_content`'s; nothing is refused here, so that a draft keeps whatever was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from intelhub.platform.clock import HANOI
from intelhub.platform.messages import Message
from intelhub.records.domain import Subject
from intelhub.records.validation import parse_time

SIMPLE_FIELDS = (
    "text", "abstract", "learned_at", "happened_from", "happened_to", "place_unit", "place_text", "channel",
    "source_kind", "source", "topic", "method", "urgency", "level", "list_item", "level_reason", "handling",
    "handling_conditions", "source_grade", "info_grade", "plan_item", "outside_plan",
)  # fmt: skip
TIME_FIELDS = ("learned_at", "happened_from", "happened_to")
DEFAULTS = {"urgency": "normal", "handling": "H1", "source_grade": "F", "info_grade": "6", "source_kind": "open"}
NUMBERED_KINDS = ("enterprise", "vessel", "goods", "declaration")
"""Kinds of subject whose identifier is digits alone: a telephone shows its number pad for them."""
_MOST_SUBJECTS = 40


def subjects_from_form(form: MultiDict[str, str], prefix: str = "subjects") -> list[dict[str, str]]:
    """The rows `<prefix>-0-kind`, `-identifier`, `-name` and so on; rows in which nothing was typed are dropped."""
    rows = []
    for number in range(_MOST_SUBJECTS):
        row = {part: form.get(f"{prefix}-{number}-{part}", "").strip() for part in ("kind", "identifier", "name")}
        if row["identifier"] or row["name"]:
            rows.append(row)
    return rows


def fields_from_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, field by field, as the import file spells it."""
    fields: dict[str, Any] = {name: form.get(name, "").strip() or None for name in SIMPLE_FIELDS}
    fields["subjects"] = subjects_from_form(form)
    fields["compartments"] = sorted({one.strip() for one in form.getlist("compartments")} - {""})
    return fields


def entities_of(rows: list[dict[str, str]]) -> tuple[Subject, ...]:
    """The subjects an analyst links when collating, as typed."""
    return tuple(Subject(**row) for row in rows)


def time_for_input(value: object) -> str:
    """A stored time as `datetime-local` wants it, in Vietnam's time; what cannot be read stays as it was typed."""
    typed = str(value or "")
    moment = parse_time(typed) if typed else None
    return moment.astimezone(HANOI).strftime("%Y-%m-%dT%H:%M") if moment else typed


def values_for_form(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as the form shows them."""
    values: dict[str, Any] = {name: fields.get(name) for name in SIMPLE_FIELDS}
    values.update({name: time_for_input(fields.get(name)) for name in TIME_FIELDS})
    values.update({name: default for name, default in DEFAULTS.items() if not values.get(name)})
    values["subjects"] = list(fields.get("subjects") or [])
    values["compartments"] = list(fields.get("compartments") or [])
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class FormErrors:
    """The sentences of a refused form: by field for the boxes, in the form's order for the summary."""

    by_field: Mapping[str, tuple[Message, ...]]

    def of(self, name: str) -> tuple[Message, ...]:
        """The sentences of one field."""
        return self.by_field.get(name, ())

    def summary(self, labels: Mapping[str, str]) -> list[tuple[str, Message]]:
        """Every sentence with the field it is about, in the form's order; the label says which one is meant."""
        order = {name: place for place, name in enumerate(FORM_ORDER)}
        names = sorted(self.by_field, key=lambda name: (order.get(name.split("-")[0], 99), name))
        return [
            (name, Message("%(field)s: %(sentence)s", {"field": labels[plain], "sentence": sentence}))
            if (plain := name.split("-")[0]) in labels
            else (name, sentence)
            for name in names
            for sentence in self.by_field[name]
        ]


FORM_ORDER = (
    "text", "abstract", "topic", "method", "subjects", "place_unit", "place_text", "learned_at", "happened_from",
    "happened_to", "channel", "source_kind", "source", "source_grade", "info_grade", "level", "level_reason",
    "list_item", "compartments", "urgency", "handling", "handling_conditions", "plan_item", "outside_plan",
)  # fmt: skip
