"""The words somebody looked for, marked in the record they open; and the preview of a record beside its result.

What was looked for comes sealed in the address. One that does not open marks nothing, and nothing says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records.domain import Record
from intelhub.records.service import asked, reading
from intelhub.records.views import blueprint
from intelhub.records.views.reading import names_of
from intelhub.search import Piece, mark_query

_MOST_PLACES = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of text; `number` counts the places found in the order they are read, 0 is none."""

    text: str
    number: int = 0


Marks = tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a record says, in pieces, and how many places were found in it."""

    abstract: Marks = ()
    paragraphs: tuple[Marks, ...] = ()
    subjects: tuple[Marks, ...] = ()
    source: Marks = ()
    place: Marks = ()
    places: int = 0
    has_more: bool = False
    sealed: str = field(default="", repr=False)


def marks_in(record: Record, sealed: str) -> Marked | None:
    """The places in a record that a sealed question asks for; `None` where it asks for none that is there."""
    question = asked.open_question(current_actor(), current_session(), sealed) if sealed else None
    if question is None or not question.text.strip():
        return None
    fields = record.fields
    subjects = fields.get("subjects") or ()
    texts = [
        record.summary.head.abstract or "",
        fields.get("text") or "",
        *(" · ".join(filter(None, (one["identifier"], one["name"]))) for one in subjects),
        fields.get("source") or "",
        fields.get("place_text") or "",
    ]
    numbers = iter(count(1))
    pieces = mark_query(question.text, texts)
    abstract = _numbered(pieces[0], numbers)
    paragraphs = tuple(_numbered(one, numbers) for one in _paragraphs(pieces[1]))
    rest = [_numbered(one, numbers) for one in pieces[2:]]
    places = next(numbers) - 1
    if places == 0:
        return None
    return Marked(
        abstract=abstract,
        paragraphs=paragraphs,
        subjects=tuple(rest[:-2]),
        source=rest[-2],
        place=rest[-1],
        places=min(places, _MOST_PLACES),
        has_more=places > _MOST_PLACES,
        sealed=sealed,
    )


def _numbered(pieces: Iterable[Piece], numbers: Iterator[int]) -> Marks:
    """The pieces as marks; of very many places only the first are marked, so that a page stays a page."""
    marks = []
    for piece in _joined(pieces):
        number = next(numbers) if piece.is_hit else 0
        marks.append(Mark(piece.text, number if number <= _MOST_PLACES else 0))
    return tuple(marks)


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Hits with nothing but a space between them are one place: one goes from place to place, not from word to word."""
    joined: list[Piece] = []
    for piece in pieces:
        if piece.is_hit and len(joined) > 1 and joined[-1].text == " " and joined[-2].is_hit:
            space, before = joined.pop(), joined.pop()
            joined.append(Piece(before.text + space.text + piece.text, is_hit=True))
        else:
            joined.append(piece)
    return joined


def _paragraphs(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The pieces line by line, as the page shows them; a phrase over the end of a line is marked on both."""
    line: list[Piece] = []
    for piece in pieces:
        for number, part in enumerate(piece.text.split("\n")):
            if number:
                yield line
                line = []
            if part:
                line.append(Piece(part, is_hit=piece.is_hit and bool(part.strip())))
    yield line


@blueprint.get("/records/<uuid:record_id>/preview", access=needs("record.read"))
def preview_record(record_id: UUID) -> ResponseReturnValue:
    """A record beside the result it was found in: decided, logged and opened as its page is, all parts of it."""
    record = reading.open_record(current_actor(), current_session(), record_id).record
    level = record.summary.level
    page = {
        "page_level": level,
        "record": record,
        "marks": marks_in(record, request.args.get("found", "")),
        "names": names_of([record.summary.author_id]),
        # The level of the page around it is never lowered by a record that lies below it.
        "raises_level": level > request.args.get("level", -1, type=int),
    }
    if "HX-Request" in request.headers:
        return render_template("records/preview_part.html", **page)
    return render_template("records/preview.html", **page)
