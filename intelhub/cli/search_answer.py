"""The work of `intelhub search`: the entry is committed before a word is shown, as in the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from intelhub.access import may
from intelhub.cli.opening import Acting, acting_as
from intelhub.cli.output import LEVEL_NAMES, print_json, print_table, printable, say, warn
from intelhub.organisation import Tree, load_directory
from intelhub.platform.errors import NotPermitted
from intelhub.records import FoundRecord, SearchResult, search_records
from intelhub.search import Order, Piece, SearchRequest

_EXACT = 100


def search_as(var: Path, username: str, query: str, *, as_json: bool, limit: int, by_relevance: bool) -> None:
    """Search in somebody's name and print what they may read; raises `NotPermitted`."""
    order = Order.RELEVANCE if by_relevance else Order.NEWEST
    with acting_as(var, username, "search") as acting:
        if not may(acting.actor, "record.search"):
            raise NotPermitted("None of this person's duties includes searching records.")
        pages = list(_pages(acting, SearchRequest(text=query, order=order), limit))
        with acting.begin() as session:
            ever = load_directory(session).ever
    found = [one for page in pages for one in page.found][:limit]
    for notice in dict.fromkeys(str(notice) for page in pages for notice in page.notices):
        warn(notice)
    if as_json:
        count = pages[0].counted.count
        print_json(
            {
                "query": query,
                "count": min(count, _EXACT),
                "more_than_count": count > _EXACT,
                "is_whole": all(page.is_whole for page in pages),
                "highest_level": max((one.line.level for one in found), default=0),
                "records": [_described(one, ever) for one in found],
            }
        )
    else:
        _print_lines(found, pages[0], ever)


def _pages(acting: Acting, request: SearchRequest, limit: int) -> Iterator[SearchResult]:
    """Pages until there are enough records: each is one entry of the log, committed before the page is looked at."""
    count, cursor = 0, ""
    while True:
        with acting.begin() as session:
            page = search_records(acting.actor, session, request, cursor=cursor)
        yield page
        count += len(page.found)
        if page.next_cursor is None or count >= limit:
            return
        cursor = page.next_cursor


def _described(one: FoundRecord, ever: Tree) -> Mapping[str, Any]:
    line, head = one.line, one.line.head
    return {
        "id": str(line.id),
        "number": head.number,
        "abstract": head.abstract,
        "level": line.level,
        "state": str(line.state),
        "unit": ever.get(line.unit_id).code,
        "topic": head.topic,
        "channel": head.channel,
        "grade": str(head.grade) if head.grade else None,
        "learned_at": head.learned_at.isoformat() if head.learned_at else None,
        "is_damaged": line.is_damaged,
        "snippet": [{"text": piece.text, "hit": piece.is_hit} for piece in one.hit.snippet] if one.hit else [],
    }


def _print_lines(found: list[FoundRecord], first: SearchResult, ever: Tree) -> None:
    if not found:
        say("Nothing was found that this person may read.")
        return
    level = LEVEL_NAMES[max(one.line.level for one in found)].upper()
    say(f"Highest level shown: {level}")
    print_table(
        ("number", "level", "unit", "state", "what"),
        [
            (
                one.line.head.number,
                LEVEL_NAMES[one.line.level],
                ever.get(one.line.unit_id).code,
                one.line.state,
                "does not fit its seal" if one.line.is_damaged else one.line.head.abstract + _snippet(one),
            )
            for one in found
        ],
    )
    count = first.counted.count
    say(f"{len(found)} of {count if count <= _EXACT else f'{_EXACT}+'}. Highest level shown: {level}")


def _snippet(one: FoundRecord) -> str:
    if one.hit is None or not one.hit.snippet:
        return ""
    return " … " + printable("".join(_marked(piece) for piece in one.hit.snippet))


def _marked(piece: Piece) -> str:
    return f"[{piece.text}]" if piece.is_hit else piece.text
