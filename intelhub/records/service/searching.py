"""Searching records: the index proposes, the row scope disposes, the log knows before anything is shown.

Counts and facets come from records that were read again for this actor, exact up to 100 and “100+” beyond, so that
no figure tells of a record the actor may not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import ActorScope
from intelhub.audit import record_act
from intelhub.crypto import open_blob, seal_blob, vault_of
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Tampered
from intelhub.platform.messages import Message
from intelhub.records import actions, queries
from intelhub.records.domain import RecordSummary
from intelhub.records.projection import index_of
from intelhub.records.service.reading import raise_alarm
from intelhub.records.validation import HANOI
from intelhub.search import Cursor, Hit, Order, SearchRequest

PAGE = 25
EXACT = 100
MOST_RANKED_PAGES = 200
FACETS = ("topic", "channel", "state", "grade", "level", "unit")
_CURSOR = b"intelhub/search/cursor/v1"
_MOST_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the next page begins: behind a hit by time, or with the rest of a ranking that was made once."""

    after: Cursor | None = None
    ranked: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """A hit that was read again: its line and where the words stand in it."""

    line: RecordSummary
    hit: Hit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A page of hits; `count` is exact up to 100, 101 means more. `months` counts by year and month."""

    found: tuple[FoundRecord, ...]
    count: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    months: tuple[tuple[str, int], ...]
    notices: tuple[Message, ...]
    next_cursor: str | None = None
    hints: tuple[str, ...] = ()


def search_records(actor: Actor, session: Session, request: SearchRequest, *, cursor: str = "") -> SearchResult:
    """Search what this actor may read; the query is sealed into the audit log before the page is shown."""
    onward = _open_place(session, cursor) if cursor else _Place()
    scope: ActorScope = session.info["scope"]
    is_first = onward == _Place()
    # One look deeper than the exact count, so that “100+” is known and the first page's facets are whole.
    wide = replace(
        request,
        limit=EXACT + 1 if is_first else PAGE + 1,
        after=onward.after,
        among=onward.ranked[:PAGE] if onward.ranked else None,
    )
    answer = index_of(session).search(session, scope.records, wide)
    hits = {hit.record_id: hit for hit in answer.hits}
    lines = queries.list_by_ids(actor, session, hits)
    shown = tuple(FoundRecord(line=line, hit=_fresh(line, hits[line.id])) for line in lines[:PAGE])
    raise_alarm(actor, session, lines)
    sound = [hits[line.id] for line in lines[:EXACT] if not line.is_damaged]
    record_act(
        actor,
        session,
        actions.SEARCHED,
        shown=[one.line.id for one in shown],
        level=max((one.line.level for one in shown), default=0),
        sensitive={"query": request.text[:2000], "facets": {k: list(v) for k, v in request.facets.items()}},
    )
    if answer.damaged:
        # A part of the index that does not fit its seal was left out whole: the reader is told, and so is the log.
        record_act(actor, session, actions.TAMPER_FOUND, decision="deny", rule="search_partition")
    if request.order is Order.RELEVANCE:
        ranked = onward.ranked[PAGE:] if onward.ranked else answer.ranking[PAGE:MOST_RANKED_PAGES]
        following = _Place(ranked=ranked)
    else:
        following = _Place(after=hits[shown[-1].line.id].cursor if len(lines) > PAGE else None)
    return SearchResult(
        found=shown,
        count=min(len(lines), EXACT + 1),
        facets=_count_facets(sound) if is_first else {},
        months=_count_months(sound) if is_first else (),
        notices=answer.notices,
        next_cursor=_seal_place(session, following) if following != _Place() else None,
    )


def explain_nothing(session: Session, request: SearchRequest) -> tuple[str, ...]:
    """Which single word or filter, left out, would bring hits that this actor may read: the way out of “0 results”."""
    scope: ActorScope = session.info["scope"]
    words = request.text.split()
    tries: list[tuple[str, SearchRequest]] = [
        (word, replace(request, text=" ".join(words[:place] + words[place + 1 :])))
        for place, word in enumerate(words)
        if len(words) > 1
    ]
    for name in request.facets:
        rest = {other: values for other, values in request.facets.items() if other != name}
        tries.append((f"{name}:", replace(request, facets=rest)))
    if request.not_before or request.not_after:
        tries.append(("from: to:", replace(request, not_before=None, not_after=None)))
    hints = []
    for what, attempt in tries[:_MOST_TRIES]:
        hits = index_of(session).search(session, scope.records, replace(attempt, limit=5, with_snippets=False)).hits
        if hits and queries.list_by_ids(scope.actor, session, [hit.record_id for hit in hits]):
            hints.append(what)
    return tuple(hints)


def _fresh(line: RecordSummary, hit: Hit) -> Hit | None:
    """The hit's words, unless the record has moved on since they were indexed or does not fit its seal."""
    return hit if hit.row_version == line.row_version and not line.is_damaged else None


def _count_facets(hits: list[Hit]) -> dict[str, tuple[tuple[str, int], ...]]:
    counted: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for hit in hits:
        for name, counter in counted.items():
            counter.update(value for value in hit.facets.get(name, ()) if not _is_id(value))
    return {name: tuple(counter.most_common(8)) for name, counter in counted.items() if counter}


def _is_id(value: str) -> bool:
    """Whether a facet's value is the id of a unit, which stands beside its code."""
    return len(value) == len(UUID(int=0).hex)


def _count_months(hits: list[Hit]) -> tuple[tuple[str, int], ...]:
    months = Counter(hit.occurred_at.astimezone(HANOI).strftime("%Y-%m") for hit in hits)
    return tuple(sorted(months.items()))


def _seal_place(session: Session, place: _Place) -> str:
    """The place where the next page begins, unreadable outside: it names records."""
    named = place.after.encode().encode() if place.after else b"".join(one.bytes for one in place.ranked)
    mark = b"N" if place.after else b"R"
    return seal_blob(vault_of(session).derive(_CURSOR), mark + named, context=_CURSOR).hex()


def _open_place(session: Session, sealed: str) -> _Place:
    """The place again; what was not sealed here begins at the first page. Every id is re-read like any other hit."""
    try:
        opened = open_blob(vault_of(session).derive(_CURSOR), bytes.fromhex(sealed), context=_CURSOR)
    except (Tampered, ValueError):
        return _Place()
    mark, named = opened[:1], opened[1:]
    if mark == b"N":
        return _Place(after=Cursor.decode(named.decode()))
    return _Place(ranked=tuple(UUID(bytes=named[start : start + 16]) for start in range(0, len(named), 16)))
