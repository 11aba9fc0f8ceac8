"""Records like one that is read: its most telling words as a question like any other, asked with its reader's rights.

The index is never asked for “more like this”: what stands in records above the reader would then weigh in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import Exposure
from intelhub.platform.actor import Actor
from intelhub.platform.messages import Message
from intelhub.records import queries
from intelhub.records.domain import Record
from intelhub.records.index_reader import ask_index
from intelhub.records.projection import MERGED_INTO
from intelhub.records.service.reading import raise_alarm, raise_index_alarm, read_record
from intelhub.records.service.searching import FoundRecord, fresh_hit, limit_time, log_searched
from intelhub.search import (
    MORE_MAY_ANSWER,
    MOST_TELLING,
    Hit,
    Order,
    SearchAnswer,
    SearchRequest,
    choose_telling,
    fold,
    list_candidates,
    list_numbers,
    question_of,
)

MOST = 10
_LOOKED_AT = 60
_FEWEST_SHARED = 3
_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A record and those like it, the closest first; `asked` is the question of these words that found them.

    Not `is_whole` where not everything was looked through, for the words or for the records.
    """

    record: Record
    words: tuple[str, ...] = ()
    asked: SearchRequest | None = None
    found: tuple[FoundRecord, ...] = ()
    notices: tuple[Message, ...] = ()
    is_whole: bool = True


@dataclass(slots=True)
class _Looks:
    """The questions that one list takes: what is missing from one answer is missing from the list."""

    session: Session
    notices: list[Message] = field(default_factory=list)
    is_whole: bool = True
    is_damaged: bool = False

    def ask(self, request: SearchRequest) -> SearchAnswer:
        """Ask the index one of them."""
        answer = ask_index(self.session, request)
        # Those that share the most words are among the thousand that are weighed, and no more than sixty are looked at.
        missing = [one for one in answer.notices if one != MORE_MAY_ANSWER]
        if not answer.is_whole and (missing or answer.damaged):
            self.notices += (one for one in missing if one not in self.notices)
            self.is_whole = False
        self.is_damaged = self.is_damaged or bool(answer.damaged)
        return answer


def find_similar(actor: Actor, session: Session, record_id: UUID) -> Similar:
    """Other records that share the words which tell this one apart; raises as `read_record` does.

    Without the record itself and those that were merged with it. Logged as the reading and the search that it is.
    """
    record = read_record(actor, session, record_id)
    shared = limit_time(SearchRequest(order=Order.RELEVANCE, limit=_LOOKED_AT, words_level=record.summary.level))
    numbers = list_numbers(filter(None, (subject["identifier"] for subject in _subjects_of(record))))
    looks = _Looks(session)
    weights = _telling_words(looks, record, shared, MOST_TELLING - len(numbers))
    words = (*numbers, *weights)
    asked = replace(shared, text=question_of(words))
    if not words:
        _raise_alarm_of(looks, actor)
        return Similar(record=record, notices=tuple(looks.notices), is_whole=looks.is_whole)
    answer = looks.ask(asked)
    by_number = looks.ask(replace(shared, text=question_of(numbers))).hits if numbers else ()
    linked = {hit.record_id for hit in by_number}
    same = _same_matter(record)
    close = {
        hit.record_id: hit
        for hit in answer.hits
        if not same & {hit.record_id.hex, *hit.facets.get(MERGED_INTO, ())}
        and (hit.record_id in linked or _shares_enough(hit, weights))
    }
    lines = queries.list_by_ids(actor, session, close)[:MOST]
    raise_alarm(actor, session, lines)
    log_searched(actor, session, asked, lines)
    _raise_alarm_of(looks, actor)
    found = tuple(FoundRecord(line=line, hit=fresh_hit(line, close[line.id])) for line in lines)
    return Similar(
        record=record,
        words=words,
        asked=asked,
        found=found,
        notices=tuple(looks.notices),
        is_whole=looks.is_whole,
    )


def _raise_alarm_of(looks: _Looks, actor: Actor) -> None:
    if looks.is_damaged:
        raise_index_alarm(actor, looks.session)


def _telling_words(looks: _Looks, record: Record, shared: SearchRequest, most: int) -> dict[str, float]:
    """The words that tell the record apart, with their weights, in the order in which they stand in it."""
    candidates = list_candidates(record.summary.head.abstract, _texts_of(record))
    if not candidates:
        return {}
    counting = replace(shared, text=question_of(one.spelt for one in candidates), limit=0)
    # A draft is not indexed: a word that stands in one document leads from it to another.
    at_least = 2 if record.summary.exposure > Exposure.AUTHOR else 1
    chosen = choose_telling(candidates, looks.ask(counting).counts, most=most, at_least=at_least)
    return {one.spelt: weight for one, weight in chosen.items()}


def _texts_of(record: Record) -> tuple[str, ...]:
    """What the record says of the matter: half a gate's records share a place, and a source is nobody's likeness."""
    return (record.fields.get("text") or "", *(subject["name"] for subject in _subjects_of(record)))


def _subjects_of(record: Record) -> Iterator[dict[str, str]]:
    for subject in record.fields.get("subjects") or ():
        yield {name: subject.get(name) or "" for name in ("name", "identifier")}
    for entity in record.work.entities:
        yield {"name": entity.name, "identifier": entity.identifier}


def _same_matter(record: Record) -> set[str]:
    """The record, the one it was merged into, and what was merged into either."""
    return {record.id.hex, *((record.work.duplicate_of.hex,) if record.work.duplicate_of else ())}


def _shares_enough(hit: Hit, weights: Mapping[str, float]) -> bool:
    """Whether a hit has enough of what tells the record apart in its title and near each other."""
    shared = {word for piece in (*hit.title, *hit.snippet) if piece.is_hit for word in fold(piece.text).split()}
    common = [weight for word, weight in weights.items() if fold(word) in shared]
    return len(common) >= min(_FEWEST_SHARED, len(weights)) and sum(common) >= _SHARE * sum(weights.values())
