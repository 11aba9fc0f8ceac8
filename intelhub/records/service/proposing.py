"""Words offered while somebody types, and in place of one that stands nowhere.

What the index proposes may stand in records that this actor may not read. A word is shown when a record that holds it
was read again for them, spelt as it is spelt there, and the log knows before it is shown.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from intelhub.audit import record_act
from intelhub.platform.actor import Actor
from intelhub.records import actions, queries
from intelhub.records.domain import RecordID, RecordSummary
from intelhub.records.index_reader import propose_words
from intelhub.search import IDENTIFIER_FIELDS, Deadline, Facet, Fuzzy, Prefix, Proposal, field_named, identifier_token

MOST_LOOKED_AT = 64
MOST_COMPLETED = 8
MOST_MEANT = 3
_SECONDS = 0.15
_SHORTEST, _LONGEST = 2, 64
_LAST = re.compile(r"(?P<head>(?:.*[\s(])?(?:(?P<field>[^\s():\"]+):)?)(?P<beginning>[^\s():\"*~]+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """A word, how a record that this actor may read spells it, and the line of that record."""

    word: str
    spelt: str
    line: RecordSummary


def complete_words(actor: Actor, session: Session, typed: str) -> tuple[tuple[str, str], ...]:
    """What was typed with its last word completed, as it is spelt and as it is indexed, in several ways.

    Empty where the end of what was typed is no beginning of a word.
    """
    parts = _LAST.fullmatch(typed)
    if parts is None or typed.count('"') % 2:
        return ()
    field = field_named(parts["field"]) if parts["field"] else ""
    beginning = identifier_token(parts["beginning"])
    if field not in IDENTIFIER_FIELDS | {""} or not _SHORTEST <= len(beginning) <= _LONGEST:
        return ()
    asked = Facet(field, beginning, is_beginning=True) if field else Prefix(beginning)
    proposed = _proposed(session, asked, Deadline.in_seconds(_SECONDS))
    found = _confirmed(actor, session, (one for one in proposed if one.word != beginning), MOST_COMPLETED)
    _note(actor, session, parts["beginning"], found)
    return tuple((parts["head"] + one.spelt, parts["head"] + one.word) for one in found)


def list_meant(actor: Actor, session: Session, word: str, *, until: Deadline | None) -> tuple[str, ...]:
    """Words that may be meant by one that stands in no record this actor may read, the nearest first."""
    found = _confirmed(actor, session, _proposed(session, Fuzzy(identifier_token(word)), until), MOST_MEANT)
    _note(actor, session, word, found)
    return tuple(dict.fromkeys(one.spelt for one in found))


def _proposed(session: Session, asked: Prefix | Fuzzy | Facet, until: Deadline | None) -> list[Proposal]:
    return propose_words(session, asked, most=MOST_LOOKED_AT, until=until)


def _confirmed(actor: Actor, session: Session, proposed: Iterable[Proposal], most: int) -> list[_Confirmed]:
    """The first of some words that stand in records read again for this actor, as they stood when indexed."""
    found: list[_Confirmed] = []
    waiting = iter(proposed)
    while len(found) < most and (some := list(itertools.islice(waiting, most))):
        ids = [record.record_id for one in some for record in one.records]
        lines = {line.id: line for line in queries.list_by_ids(actor, session, ids) if not line.is_damaged}
        for one in some:
            for record in one.records:
                line = lines.get(RecordID(record.record_id))
                if line is not None and line.row_version == record.row_version:
                    found.append(_Confirmed(one.word, _spelling(one.word, record.spell()), line))
                    break
    return found[:most]


def _spelling(word: str, spelt: str) -> str:
    """A word in small letters, a number as it is written; an identifier that stands in no text, in capitals."""
    is_number = any(map(str.isdigit, word))
    if not spelt:
        return word.upper() if is_number else word
    return spelt if is_number else spelt.lower()


def _note(actor: Actor, session: Session, typed: str, found: Iterable[_Confirmed]) -> None:
    """Log what was typed, the words offered for it and the records they were taken from."""
    lines = {one.line.id: one.line for one in found}
    record_act(
        actor,
        session,
        actions.WORDS_OFFERED,
        shown=list(lines),
        level=max((line.level for line in lines.values()), default=0),
        sensitive={"typed": typed[:_LONGEST], "words": [one.spelt for one in found]},
    )
