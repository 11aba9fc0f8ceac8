"""Taking in a record that was written elsewhere: one line of an import file, held to every rule of the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from intelhub.organisation import load_tree
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import RuleRefused
from intelhub.platform.messages import Message
from intelhub.records.domain import RecordContent, RecordID
from intelhub.records.service.compartments import compartments_named
from intelhub.records.service.drafting import create_draft, submit_record, writing_ceiling
from intelhub.records.validation import check_content, fields_of

_LISTS = frozenset({"subjects", "compartments"})
_SUBJECT_FIELDS = frozenset({"kind", "name", "identifier"})


def check_import(actor: Actor, session: Session, fields: Mapping[str, Any]) -> RecordContent:
    """What a line says, after the checks of the form and those only a file needs; raises `RuleRefused` with fields.

    A level above what the author may write is refused for drafts too: sealed lower, it would be read by too many.
    """
    _check_shape(fields)
    fields = {**fields, "compartments": compartments_named(actor, session, fields.get("compartments"))}
    content = check_content(fields, now=clock.now(), unit_codes=load_tree(actor, session).codes)
    ceiling = writing_ceiling(actor)
    if content.level > ceiling:
        said = Message("From here you may write up to level %(ceiling)d only.", {"ceiling": ceiling})
        raise RuleRefused(said, rule="above_ceiling", fields={"level": (said,)})
    return content


def import_record(actor: Actor, session: Session, fields: Mapping[str, Any], *, submit: bool) -> RecordID:
    """Write a checked line down as a draft of the actor's, and submit it if asked; raises `RuleRefused` with fields."""
    content = fields_of(check_import(actor, session, fields))
    row = create_draft(actor, session, content)
    if submit:
        submit_record(actor, session, row.id, row.row_version, content)
    return RecordID(row.id)


def _check_shape(fields: Mapping[str, Any]) -> None:
    """A form can only send words; a file can hold anything, and `str()` would make a text of it."""
    problems: dict[str, tuple[Message, ...]] = {}
    for name, value in fields.items():
        is_level = name == "level" and isinstance(value, int) and not isinstance(value, bool)
        if name not in _LISTS and value is not None and not isinstance(value, str) and not is_level:
            problems[name] = (Message("Write this as a text in quotation marks."),)
    problems |= _subject_problems(fields.get("subjects"))
    if problems:
        raise RuleRefused("Some fields are not what the format asks for.", rule="import_shape", fields=problems)


def _subject_problems(subjects: object) -> dict[str, tuple[Message, ...]]:
    if subjects is None:
        return {}
    if not isinstance(subjects, list):
        return {"subjects": (Message("Subjects are a list."),)}
    problems: dict[str, tuple[Message, ...]] = {}
    for number, subject in enumerate(subjects):
        if not isinstance(subject, Mapping):
            problems[f"subjects-{number}"] = (Message("A subject is an object with kind, name and identifier."),)
        elif unknown := sorted(set(subject) - _SUBJECT_FIELDS):
            said = Message("A subject has no field “%(name)s”.", {"name": unknown[0][:40]})
            problems[f"subjects-{number}"] = (said,)
        elif not all(isinstance(value, str | None) for value in subject.values()):
            problems[f"subjects-{number}"] = (Message("Write this as a text in quotation marks."),)
    return problems
