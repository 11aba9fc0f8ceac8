"""Searching records: the index proposes, the row scope disposes, the log knows before anything is shown.

Counts and facets come from records that were read again for this actor, exact up to 100 and “100+” beyond, so that
no figure tells of a record the actor may not read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.audit import record_act
from intelhub.crypto import open_blob, seal_blob, vault_of
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Tampered
from intelhub.platform.messages import Message
from intelhub.records import actions, queries
from intelhub.records.domain import RecordSummary
from intelhub.records.index_reader import ask_index
from intelhub.records.service.over_time import OverTime, count_over_time, month_of
from intelhub.records.service.reading import raise_alarm, raise_index_alarm
from intelhub.search import MOST_RANKED, Cursor, Deadline, Hit, Order, SearchRequest

PAGE = 10  # lines with what was found in them: more would weigh over 40 kB, and pages are not compressed
EXACT = 100
FACETS = ("topic", "channel", "state", "grade", "level", "unit", "place")
_CURSOR = b"intelhub/search/cursor/v1"
_MOST_VALUES = 6
_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the first page counted and every further one repeats: `count` is exact up to 100, 101 means more.

    A field that something is chosen of is counted without that choice, so that another value can be chosen as well;
    `beyond` names the fields whose counting stopped before the last hit. Months and fields are those of the first 100
    hits, or over all time those of the first 100 of each month, as far back as was counted; 101 means more. Where not
    everything was looked through, `is_whole` is false, and there may be more than was counted.
    """

    count: int = 0
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    beyond: tuple[str, ...] = ()
    months: tuple[tuple[str, int], ...] = ()
    is_over_time: bool = False
    is_cut_off: bool = False
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the next page begins: behind a hit by time, or with the rest of a ranking that was made once."""

    counted: Counted
    after: Cursor | None = None
    ranked: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """A hit that was read again: its line and where the words stand in it."""

    line: RecordSummary
    hit: Hit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A page of hits, and what was counted over all of them; whether everything was looked through for this page.

    `otherwise` says how many of the hits that the first page counts have other diacritics than those typed.
    """

    found: tuple[FoundRecord, ...]
    counted: Counted
    is_whole: bool
    notices: tuple[Message, ...]
    next_cursor: str | None = None
    otherwise: int = 0


def limit_time(request: SearchRequest) -> SearchRequest:
    """The question with the end of its time, which everything asked on its account shares: counts and offers too."""
    return request if request.until else replace(request, until=Deadline.in_seconds(_SECONDS))


def search_records(
    actor: Actor, session: Session, request: SearchRequest, *, cursor: str = "", over_time: bool = False
) -> SearchResult:
    """Search what this actor may read; the query is sealed into the audit log before the page is shown.

    A cursor that this actor was not given, or not for this question, begins at the first page. With `over_time` the
    months of all hits are counted, and not of the first 100 alone.
    """
    request = limit_time(request)
    seal = _context_of(actor, request)
    onward = _open_place(session, cursor, seal) if cursor else None
    # One look deeper than the exact count, so that “100+” is known and the first page's facets are whole.
    wide = (
        replace(request, limit=PAGE + 1, after=onward.after, among=onward.ranked[:PAGE] or None)
        if onward
        else replace(request, limit=EXACT + 1)
    )
    answer = ask_index(session, wide)
    hits = {hit.record_id: hit for hit in answer.hits}
    lines = queries.list_by_ids(actor, session, hits)
    shown = tuple(FoundRecord(line=line, hit=fresh_hit(line, hits[line.id])) for line in lines[:PAGE])
    raise_alarm(actor, session, lines)
    sound = [hits[line.id] for line in lines[:EXACT] if not line.is_damaged]
    log_searched(actor, session, request, [one.line for one in shown])
    if answer.damaged:
        # A part of the index that does not fit its seal was left out whole: the reader is told, and so is the log.
        raise_index_alarm(actor, session)
    counted = (
        onward.counted
        if onward
        else _count(actor, session, request, sound, number=len(lines), is_whole=answer.is_whole)
    )
    if over_time and counted.count > EXACT:
        counted = _spread(counted, request, count_over_time(actor, session, request, exact=EXACT))
    if request.order is Order.RELEVANCE:
        ranked = onward.ranked[PAGE:] if onward else answer.ranking[PAGE:MOST_RANKED]
        following = _Place(counted=counted, ranked=ranked) if ranked else None
    else:
        last = hits[shown[-1].line.id].cursor if len(lines) > PAGE else None
        following = _Place(counted=counted, after=last) if last else None
    return SearchResult(
        found=shown,
        counted=counted,
        is_whole=answer.is_whole,
        notices=answer.notices,
        next_cursor=_seal_place(session, following, seal) if following else None,
        otherwise=0
        if onward
        else sum(not hit.spells() for line in lines[:EXACT] if (hit := fresh_hit(line, hits[line.id]))),
    )


def log_searched(actor: Actor, session: Session, request: SearchRequest, lines: Sequence[RecordSummary]) -> None:
    """Write down what was asked, sealed, and which records a page of the answer shows."""
    record_act(
        actor,
        session,
        actions.SEARCHED,
        shown=[line.id for line in lines],
        level=max((line.level for line in lines), default=0),
        sensitive=describe_question(request),
    )


def describe_question(request: SearchRequest) -> dict[str, object]:
    """The question as auditors unseal it."""
    return {
        "query": request.text[:2000],
        "facets": {name: list(values) for name, values in request.facets.items()},
        "from": request.not_before.isoformat() if request.not_before else "",
        "to": request.not_after.isoformat() if request.not_after else "",
    }


def fresh_hit(line: RecordSummary, hit: Hit) -> Hit | None:
    """The hit's words, unless the record has moved on since they were indexed or does not fit its seal."""
    return hit if hit.row_version == line.row_version and not line.is_damaged else None


def _count(
    actor: Actor, session: Session, request: SearchRequest, hits: list[Hit], *, number: int, is_whole: bool
) -> Counted:
    """The figures beside a result, all of them over records that were read again.

    Where nothing was found nothing is counted again: what to leave out is offered instead, and tried once.
    """
    facets = {name: _values(name, hits) for name in FACETS}
    beyond = set() if number <= EXACT and is_whole else set(FACETS)
    for name in request.facets if number else ():
        if request.is_time_spent:
            beyond.add(name)
            continue
        rest = {other: values for other, values in request.facets.items() if other != name}
        readable, reaches_on = _readable(actor, session, replace(request, facets=rest))
        facets[name] = _values(name, readable)
        beyond = beyond | {name} if reaches_on else beyond - {name}
    return Counted(
        count=min(number, EXACT + 1),
        facets={name: values for name, values in facets.items() if values},
        beyond=tuple(sorted(beyond)),
        months=_count_months(hits),
        is_whole=is_whole,
    )


def _spread(counted: Counted, request: SearchRequest, found: OverTime) -> Counted:
    """The same figures over all time; a field that something is chosen of was counted without that choice."""
    rest = [name for name in FACETS if name not in request.facets]
    facets = {**counted.facets, **{name: _values(name, found.hits) for name in rest}}
    beyond = {*counted.beyond}.difference(rest if found.is_exact(EXACT) else ())
    return replace(
        counted,
        facets={name: values for name, values in facets.items() if values},
        beyond=tuple(sorted(beyond)),
        months=found.months,
        is_over_time=True,
        is_cut_off=not found.is_whole,
    )


def _readable(actor: Actor, session: Session, request: SearchRequest) -> tuple[list[Hit], bool]:
    """The first hits of another question that this actor may read, and whether there are more, or may be."""
    wide = replace(request, limit=EXACT + 1, order=Order.NEWEST, with_snippets=False)
    answer = ask_index(session, wide)
    hits = {hit.record_id: hit for hit in answer.hits}
    lines = queries.list_by_ids(actor, session, hits)
    reaches_on = len(lines) > EXACT or not answer.is_whole
    return [hits[line.id] for line in lines[:EXACT] if not line.is_damaged], reaches_on


def _values(name: str, hits: Sequence[Hit]) -> tuple[tuple[str, int], ...]:
    counter = Counter(value for hit in hits for value in hit.facets.get(name, ()) if not _is_id(value))
    return tuple((value, min(count, EXACT + 1)) for value, count in counter.most_common(_MOST_VALUES))


def _is_id(value: str) -> bool:
    """Whether a facet's value is the id of a unit, which stands beside its code."""
    return len(value) == len(UUID(int=0).hex)


def _count_months(hits: list[Hit]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(month_of(hit.occurred_at) for hit in hits).items()))


def _context_of(actor: Actor, request: SearchRequest) -> bytes:
    """What a place is bound to: whose it is, with which rights, and the question it belongs to.

    Its figures are of the moment they were counted: whoever may read less since, or elsewhere, is told anew.
    """
    rights = (
        actor.ceiling,
        sorted(actor.compartments),
        sorted((post.function, str(post.unit_id)) for post in actor.posts),
    )
    asked = json.dumps(
        (rights, request.text, sorted(request.facets.items()), request.not_before, request.not_after, request.order),
        default=str,
    )
    return b"\0".join((_CURSOR, actor.user_id.bytes, hashlib.sha256(asked.encode()).digest()))


def _seal_place(session: Session, place: _Place, context: bytes) -> str:
    """The place where the next page begins, unreadable outside: it names records and counts them."""
    written = json.dumps(
        {
            "after": place.after.encode() if place.after else "",
            "ranked": [one.hex for one in place.ranked],
            **asdict(place.counted),
        },
        separators=(",", ":"),
    )
    sealed = seal_blob(vault_of(session).derive(_CURSOR), zlib.compress(written.encode()), context=context)
    return base64.urlsafe_b64encode(sealed).decode()


def _open_place(session: Session, sealed: str, context: bytes) -> _Place | None:
    """The place again, or `None` for what was not sealed here for this. Every id is re-read like any other hit."""
    try:
        opened = open_blob(vault_of(session).derive(_CURSOR), base64.b64decode(sealed, altchars=b"-_"), context=context)
    except (Tampered, ValueError):
        return None
    kept = json.loads(zlib.decompress(opened))
    return _Place(
        counted=Counted(
            count=kept["count"],
            facets={name: tuple(map(tuple, values)) for name, values in kept["facets"].items()},
            beyond=tuple(kept.get("beyond", ())),  # a place sealed by an earlier version has none
            months=tuple(map(tuple, kept["months"])),
            is_over_time=kept.get("is_over_time", False),
            is_cut_off=kept.get("is_cut_off", False),
            is_whole=kept.get("is_whole", True),
        ),
        after=Cursor.decode(kept["after"]) if kept["after"] else None,
        ranked=tuple(map(UUID, kept["ranked"])),
    )
