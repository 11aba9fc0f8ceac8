"""What an auditor asks of the log: read from a form with names in it, kept in an address that names nobody.

A form is sent by POST and answered with an address of ids, codes and short references: no name of a person who is
looked into stays in the history of a browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from flask_babel import gettext
from sqlalchemy.orm import Session

from intelhub.audit.actions import list_actions
from intelhub.audit.directory import Find, Named, directory
from intelhub.audit.entry import SYSTEM_ACTOR_ID, Decision
from intelhub.audit.queries import Criteria, list_objects
from intelhub.audit.reference import parse_reference
from intelhub.audit.views.words import locale
from intelhub.platform.actor import Actor
from intelhub.platform.clock import HANOI
from intelhub.platform.errors import NotFound
from intelhub.platform.web.look import fold

LONGEST_TYPED = 200
SYSTEM = "system"
_DECISIONS: dict[str, Decision] = {"allow": "allow", "deny": "deny"}
_MINUTE = "%Y-%m-%dT%H:%M"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked; what is None does not narrow. `reference` is the short one of an object."""

    person_id: UUID | None = None
    unit_id: UUID | None = None
    reference: str | None = None
    act: str | None = None
    decision: Decision | None = None
    rule: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    request_id: UUID | None = None

    def address(self) -> dict[str, Any]:
        """The question as the parameters of an address, also how it is sealed into the log."""
        every = {
            "person": SYSTEM if self.person_id == SYSTEM_ACTOR_ID else str(self.person_id or ""),
            "unit": str(self.unit_id or ""),
            "object": self.reference or "",
            "act": self.act or "",
            "decision": self.decision or "",
            "rule": self.rule or "",
            "since": written_minute(self.since),
            "until": written_minute(self.until),
            "request": str(self.request_id or ""),
        }
        return {name: value for name, value in every.items() if value}

    def criteria(self, actor: Actor, session: Session) -> Criteria:
        """The question as the log is asked it."""
        return Criteria(
            actor_id=self.person_id,
            unit_id=self.unit_id,
            object_ids=list_objects(actor, session, self.reference) if self.reference else None,
            action=self.act,
            decision=self.decision,
            rule=self.rule,
            request_id=self.request_id,
            since=self.since,
            until=self.until,
        )


def read_address(parameters: Mapping[str, str]) -> Question:
    """The question out of an address; raises `NotFound` for one that no page of ours has made."""
    try:
        person, reference = parameters.get("person", ""), parameters.get("object", "")
        decision = parameters.get("decision", "")
        return Question(
            person_id=SYSTEM_ACTOR_ID if person == SYSTEM else _id(person),
            unit_id=_id(parameters.get("unit", "")),
            reference=parse_reference(reference) if reference else None,
            act=_text(parameters.get("act", "")),
            decision=_DECISIONS[decision] if decision else None,
            rule=_text(parameters.get("rule", "")),
            since=_minute(parameters.get("since", "")),
            until=_minute(parameters.get("until", "")),
            request_id=_id(parameters.get("request", "")),
        )
    except (ValueError, KeyError, OverflowError):
        raise NotFound(rule="no_such_question") from None


def read_number(parameters: Mapping[str, str], name: Literal["before", "after"]) -> int | None:
    """The number of the entry at which a page begins; raises `NotFound`."""
    written = parameters.get(name, "")
    if not written:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", written):
        raise NotFound(rule="no_such_question")
    return int(written)


def read_form(actor: Actor, session: Session, form: Mapping[str, str]) -> tuple[Question, dict[str, str]]:
    """The question out of a form, and a sentence for every field that cannot be understood."""
    typed = {name: value.strip()[:LONGEST_TYPED] for name, value in form.items()}
    problems: dict[str, str] = {}
    person_id = _person(actor, session, typed.get("person", ""), problems)
    unit = _one(directory().find_units, actor, session, typed.get("unit", ""))
    if isinstance(unit, str):
        problems["unit"] = unit
    reference = None
    if typed.get("object"):
        try:
            reference = parse_reference(typed["object"])
        except ValueError:
            problems["object"] = gettext(
                "Type the short reference as a page of the log prints it, such as 3f2a9c01-be44, or a whole id."
            )
    act = typed.get("act") or None
    if act is not None and act not in list_actions():
        problems["act"] = gettext("Choose an act from the list.")
    since, until = _moment("since", typed, problems), _moment("until", typed, problems)
    if since and until and until <= since:
        problems["until"] = gettext("The end must lie after the beginning.")
    question = Question(
        person_id=person_id,
        unit_id=unit.id if isinstance(unit, Named) else None,
        reference=reference,
        act=act,
        decision=_DECISIONS.get(typed.get("decision", "")),
        rule=_text(typed.get("rule", "")),
        since=since,
        until=until,
    )
    return question, problems


def written_minute(moment: datetime | None) -> str:
    """A moment as a form's input writes it, in Vietnam's time; empty for none."""
    return moment.astimezone(HANOI).strftime(_MINUTE) if moment else ""


def _id(written: str) -> UUID | None:
    return UUID(written) if written else None


def _text(written: str) -> str | None:
    # PostgreSQL takes no NUL in a text, and no rule has one.
    return written.replace("\x00", "")[:LONGEST_TYPED] or None


def _minute(written: str) -> datetime | None:
    return datetime.strptime(written, _MINUTE).replace(tzinfo=HANOI) if written else None


def _moment(name: str, typed: Mapping[str, str], problems: dict[str, str]) -> datetime | None:
    written = typed.get(name, "")
    is_day = _DAY.fullmatch(written) is not None
    try:
        moment = _minute(f"{written}T00:00" if is_day else written)
        # A day as the end is meant as a whole.
        return moment + timedelta(days=1) if moment and is_day and name == "until" else moment
    except (ValueError, OverflowError):
        problems[name] = gettext("Choose the day and time, or type them as 2026-11-21T14:03.")
        return None


def _person(actor: Actor, session: Session, typed: str, problems: dict[str, str]) -> UUID | None:
    if typed and fold(typed) in {SYSTEM, "he thong"}:
        return SYSTEM_ACTOR_ID
    person = _one(directory().find_people, actor, session, typed)
    if isinstance(person, str):
        problems["person"] = person
        return None
    return person.id if person else None


def _one(find: Find, actor: Actor, session: Session, typed: str) -> Named | str | None:
    """The one that was meant, None when nothing was typed, or a sentence that says what to type."""
    if not typed:
        return None
    found: Sequence[Named] = find(actor, session, typed, locale())
    exact = [one for one in found if one.code.casefold() == typed.casefold()]
    named = [one for one in found if fold(one.name) == fold(typed)]
    for meant in (exact, named, found):
        if len(meant) == 1:
            return meant[0]
    if not found:
        return str(gettext("Nothing of this name is known. Type fewer words, or choose from the list."))
    codes = ", ".join(f"{one.code} ({one.name})" for one in found[:5])
    return str(gettext("Several fit: %(codes)s. Type the one you mean.", codes=codes))
