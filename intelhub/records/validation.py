"""From what an officer typed to a `RecordContent`: the same checks for the form, the import and the submission.

Every complaint is a sentence that says what to type, kept beside its field; all of them are found in one pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from intelhub.platform import clock
from intelhub.platform.errors import RuleRefused
from intelhub.platform.messages import Message
from intelhub.records.catalogues import catalogue, entry
from intelhub.records.domain import ABSTRACT_MAXIMUM, TEXT_MAXIMUM, TEXT_MINIMUM, RecordContent, Subject
from intelhub.records.identifiers import IdentifierProblem, normalise

CONTENT_FIELDS = frozenset(RecordContent.__dataclass_fields__)
IDENTIFIED_KINDS = frozenset({"enterprise", "vehicle", "vessel", "container", "declaration", "goods", "seal"})
_NAME_MAXIMUM, _REASON_MAXIMUM, _SUBJECTS_MAXIMUM, _CLOCK_LEEWAY = 200, 500, 40, timedelta(minutes=5)
_PSEUDONYM = re.compile(r"CS-\d{4,6}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # category Cc without the new line and the tab
_TIME_FORMATS = ("%d/%m/%Y %H:%M", "%d/%m/%Y")


def parse_time(text: str) -> datetime | None:
    """A moment as ISO 8601 or `dd/MM/yyyy HH:mm`; without an offset it is Vietnam's time.

    None when unreadable, or in a year that no record can mean: beyond those, moments cannot be told in another zone.
    """
    cleaned = text.strip()
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        for form in _TIME_FORMATS:
            try:
                moment = datetime.strptime(cleaned, form)  # noqa: DTZ007 - the zone is put on below
            except ValueError:
                continue
            break
        else:
            return None
    if moment.year not in clock.YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.HANOI)


def abstract_of(text: str) -> str:
    """The first words of a text, cut at a word's end, as a proposal for the abstract (trích yếu)."""
    line = " ".join(text.split())
    if len(line) <= ABSTRACT_MAXIMUM:
        return line
    return line[: ABSTRACT_MAXIMUM - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


class _Checker:
    """Collects the complaints of one form."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields
        self.problems: dict[str, tuple[Message, ...]] = {}

    def complain(self, name: str, msgid: str, **parameters: object) -> None:
        self.problems[name] = (*self.problems.get(name, ()), Message(msgid, parameters))

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        cleaned = unicodedata.normalize("NFC", str(value)) if value is not None else ""
        return _CONTROLS.sub("", cleaned).strip()

    def choice(self, name: str, of: str, *, required: bool = True) -> str | None:
        value = self.text(name)
        if not value:
            if required:
                self.complain(name, "Choose one from the list.")
            return None
        if value not in {item.code for item in catalogue(of)}:
            self.complain(name, "“%(value)s” is not in the list. Choose one from the list.", value=value[:40])
            return None
        return value

    def time(self, name: str, *, required: bool = False) -> datetime | None:
        typed = self.text(name)
        if not typed:
            if required:
                self.complain(name, "Give the day and the time, such as 21/11/2026 14:03.")
            return None
        moment = parse_time(typed)
        if moment is None:
            self.complain(name, "“%(value)s” cannot be read as a time. Type it as 21/11/2026 14:03.", value=typed[:40])
        return moment


def _check_text(check: _Checker) -> tuple[str, str]:
    text = check.text("text")
    if len(text) < TEXT_MINIMUM:
        check.complain("text", "Tell what happened in at least %(count)d characters.", count=TEXT_MINIMUM)
    if len(text) > TEXT_MAXIMUM:
        check.complain("text", "The text is longer than %(count)d characters. Shorten it.", count=TEXT_MAXIMUM)
    abstract = " ".join(check.text("abstract").split()) or abstract_of(text)
    if len(abstract) > ABSTRACT_MAXIMUM:
        check.complain("abstract", "The abstract has at most %(count)d characters.", count=ABSTRACT_MAXIMUM)
    return text, abstract


def _check_times(check: _Checker, now: datetime) -> tuple[datetime | None, datetime | None, datetime | None]:
    learned = check.time("learned_at", required=True)
    since, until = check.time("happened_from"), check.time("happened_to")
    if learned and learned > now + _CLOCK_LEEWAY:
        check.complain("learned_at", "This time lies in the future. When did you learn it?")
    if since and until and until < since:
        check.complain("happened_to", "The end lies before the beginning.")
    if until and not since:
        check.complain("happened_from", "Give the beginning of the period too.")
    return learned, since, until


def _check_subjects(check: _Checker, name: str = "subjects") -> tuple[Subject, ...]:
    given = check.fields.get(name) or ()
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        check.complain(name, "Subjects are a list.")
        return ()
    rows = [
        row
        for row in given
        if isinstance(row, Mapping) and any(str(v or "").strip() for k, v in row.items() if k != "kind")
    ]
    if len(rows) > _SUBJECTS_MAXIMUM:
        check.complain(name, "At most %(count)d subjects belong into one record.", count=_SUBJECTS_MAXIMUM)
    return tuple(
        subject
        for number, row in enumerate(rows[:_SUBJECTS_MAXIMUM])
        if (subject := _check_subject(check, f"{name}-{number}", row)) is not None
    )


def _check_subject(check: _Checker, field: str, row: Mapping[str, Any]) -> Subject | None:
    inner = _Checker(row)
    kind, name, typed = inner.choice("kind", "subject_type"), inner.text("name"), inner.text("identifier")
    for problems in inner.problems.values():
        check.problems[field] = problems
    if kind is None:
        return None
    if len(name) > _NAME_MAXIMUM:
        check.complain(field, "A name has at most %(count)d characters.", count=_NAME_MAXIMUM)
    if len(typed) > _NAME_MAXIMUM:
        check.complain(field, "A number or code has at most %(count)d characters.", count=_NAME_MAXIMUM)
    identifier = typed
    if typed and kind in IDENTIFIED_KINDS:
        found = normalise(kind, typed)
        if isinstance(found, IdentifierProblem):
            check.problems[field] = (*check.problems.get(field, ()), found.message)
            return None
        identifier = found.value
    return Subject(kind=kind, name=name, identifier=identifier)


def check_entities(entities: Iterable[Subject]) -> tuple[Subject, ...]:
    """The subjects a department links, normalised and held to the rules of the form; raises `RuleRefused` by row."""
    check = _Checker({"entities": [asdict(entity) for entity in entities]})
    found = _check_subjects(check, "entities")
    if check.problems:
        raise RuleRefused(
            "Some subjects need another word.",
            rule="entities",
            fields={name: tuple(_of_row(name, said) for said in every) for name, every in check.problems.items()},
        )
    return found


def _of_row(field: str, said: Message) -> Message:
    """A sentence that says which row it is about, for a place where it does not stand beside it."""
    _, _, number = field.partition("-")
    if not number:
        return said
    return Message("Subject %(number)d: %(sentence)s", {"number": int(number) + 1, "sentence": said})


def _check_lowering(check: _Checker, level: int, standing_level: int) -> str:
    """Why the level should be lower than the one the record stands at; nothing where it should not."""
    reason = check.text("level_reason")
    if level >= standing_level or "level" in check.problems:
        return ""
    if not reason:
        check.complain("level_reason", "Say why the level should be lower.")
    if len(reason) > _REASON_MAXIMUM:
        check.complain("level_reason", "A reason has at most %(count)d characters.", count=_REASON_MAXIMUM)
    return reason


def _check_level(check: _Checker) -> tuple[int, str | None]:
    typed = check.text("level")
    if typed not in {"0", "1", "2", "3"}:
        check.complain("level", "Choose a level of secrecy, or “none”.")
        return 0, None
    level = int(typed)
    if level == 0:
        return 0, None
    item = check.choice("list_item", "list_item", required=False)
    if item is None and "list_item" not in check.problems:
        check.complain("list_item", "A secret must rest on an item of the list of state secrets. Choose the item.")
    elif item is not None and entry("list_item", item).level != level:
        check.complain("list_item", "This item of the list belongs to another level. Choose a fitting item or level.")
    return level, item


def _check_source(check: _Checker) -> tuple[str, str]:
    kind, source = check.text("source_kind") or "open", check.text("source")
    if kind not in {"open", "pseudonym"}:
        check.complain("source_kind", "Choose one from the list.")
    if kind == "pseudonym" and not _PSEUDONYM.fullmatch(source):
        check.complain("source", "A confidential source is written by its pseudonym, such as CS-0042, never by name.")
    if len(source) > _NAME_MAXIMUM:
        check.complain("source", "A name has at most %(count)d characters.", count=_NAME_MAXIMUM)
    return kind, source


def _check_plan(check: _Checker) -> tuple[str | None, str | None]:
    item, reason = check.choice("plan_item", "plan_item", required=False), check.text("outside_plan") or None
    if item is None and reason is None and "plan_item" not in check.problems:
        check.complain("outside_plan", "Choose the plan item this belongs to, or say why it stands outside the plan.")
    return item, None if item else reason


def _check_handling(check: _Checker) -> tuple[str, str]:
    code = check.choice("handling", "handling") or "H1"
    conditions = check.text("handling_conditions")
    if code in {"H4", "HX"} and not conditions:
        check.complain("handling_conditions", "This handling code needs its conditions in words.")
    return code, conditions[:500]


def _check_place(check: _Checker, unit_codes: frozenset[str]) -> tuple[str | None, str]:
    unit = check.text("place_unit") or None
    if unit is not None and unit not in unit_codes:
        check.complain("place_unit", "No unit has the code “%(value)s”. Choose one from the list.", value=unit[:20])
    return unit, check.text("place_text")[:_NAME_MAXIMUM]


def check_content(
    fields: Mapping[str, Any], *, now: datetime, unit_codes: frozenset[str], standing_level: int = 0
) -> RecordContent:
    """Check what was typed; raises `RuleRefused` with the sentences of every field that needs another word.

    `standing_level` is the level of what was sent before: proposing a lower one needs a reason.
    """
    check = _Checker(fields)
    for name in sorted(set(map(str, fields)) - CONTENT_FIELDS):
        check.complain(name, "There is no field of this name.")
    text, abstract = _check_text(check)
    learned, since, until = _check_times(check, now)
    level, list_item = _check_level(check)
    level_reason = _check_lowering(check, level, standing_level)
    source_kind, source = _check_source(check)
    plan_item, outside_plan = _check_plan(check)
    handling, conditions = _check_handling(check)
    place_unit, place_text = _check_place(check, unit_codes)
    chosen: dict[str, Any] = {
        "channel": check.choice("channel", "channel"),
        "topic": check.choice("topic", "topic"),
        "method": check.choice("method", "method", required=False),
        "urgency": check.choice("urgency", "urgency"),
        "source_grade": check.choice("source_grade", "source_grade"),
        "info_grade": check.choice("info_grade", "info_grade"),
        "subjects": _check_subjects(check),
    }
    chosen_ones = fields.get("compartments")
    if check.problems or learned is None:
        raise RuleRefused(
            "Some fields need another word before this record can go on.", rule="content", fields=check.problems
        )
    return RecordContent(
        text=text,
        abstract=abstract,
        learned_at=learned,
        happened_from=since,
        happened_to=until,
        place_unit=place_unit,
        place_text=place_text,
        source_kind=source_kind,
        source=source,
        level=level,
        list_item=list_item,
        level_reason=level_reason,
        handling=handling,
        handling_conditions=conditions,
        plan_item=plan_item,
        outside_plan=outside_plan,
        # Who may choose which is the service's to know; here they are ids or nothing.
        compartments=tuple(map(str, chosen_ones)) if isinstance(chosen_ones, list | tuple) else (),
        **chosen,
    )


def fields_of(content: RecordContent) -> dict[str, Any]:
    """The content as plain fields, as the form and the import file spell them."""
    fields = asdict(content)
    for name in ("learned_at", "happened_from", "happened_to"):
        fields[name] = fields[name].isoformat() if fields[name] else None
    fields["subjects"] = [asdict(subject) for subject in content.subjects]
    return fields
