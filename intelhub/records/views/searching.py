"""The search page: one box, refined beside it.

A question is sent by POST. What stands in an address is the question sealed for this session, so that going back and
loading again show what was shown, and no word stands in an address, a log, a history or the browser's storage.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.access import may
from intelhub.organisation import load_directory
from intelhub.platform.clock import HANOI
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records.catalogues import find_entry
from intelhub.records.domain import RecordState
from intelhub.records.service import asked, proposing, searching, similar
from intelhub.records.service.nothing_found import EXCLUDING, Change, Nearest, list_nearest
from intelhub.records.service.rephrasing import just_so
from intelhub.records.views import blueprint
from intelhub.records.views.beside_search import NOTHING, Beside, words_beside
from intelhub.records.views.listing import NOT_TRIED, Attempt, acts_on
from intelhub.records.views.reading import level_of, state_words
from intelhub.records.views.time_axis import spans_of
from intelhub.records.views.words import word
from intelhub.search import Order, SearchRequest, read_span, unknown_date

_LONGEST_QUERY = 1000
_LONGEST_ADDRESS = 2500
_SPAN = re.compile(r"\d{4}(-\d{2})?", re.ASCII)


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()


def _dates() -> tuple[datetime | None, datetime | None, tuple[Message, ...]]:
    """The first and last moment asked for, by the time axis or by two days; and what of them is no date."""
    span = read_span(_typed("span"), HANOI) if _SPAN.fullmatch(_typed("span")) else None
    if span:
        return *span, ()
    first, last = (read_span(_typed(name), HANOI) for name in ("from", "to"))
    unread = (name for name, read in (("from", first), ("to", last)) if _typed(name) and not read)
    return first and first[0], last and last[1], tuple(unknown_date(_typed(name)) for name in unread)


def _listed(name: str, value: str) -> str:
    """A filter's value as its list has it, or nothing."""
    if name == "grade":
        source, info = find_entry("source_grade", value[:1]), find_entry("info_grade", value[1:])
        return value if source is not None and info is not None else ""
    if name in {"unit", "place"}:
        unit = load_directory(current_session()).ever.find(value)
        return unit.code if unit else ""
    return value if find_entry(name, value) is not None else ""


def _request() -> tuple[SearchRequest, tuple[Message, ...]]:
    """What the form asks, and what of it could not be read; a value that is in no list is left out."""
    given = {
        name: tuple(dict.fromkeys(one for value in request.form.getlist(name) if (one := _listed(name, value))))
        for name in searching.FACETS
    }
    not_before, not_after, unread = _dates()
    question = SearchRequest(
        text=request.form.get("q", "")[:_LONGEST_QUERY],
        facets={name: values for name, values in given.items() if values},
        not_before=not_before,
        not_after=not_after,
        order=Order.RELEVANCE if request.form.get("order") == "relevance" else Order.NEWEST,
    )
    return question, unread


def facet_words(name: str, value: str) -> str:
    """A facet's value in the reader's language."""
    if name in {"unit", "place"}:
        unit = load_directory(current_session()).ever.find(value)
        return unit.short_label(str(get_locale())) if unit else value
    if name == "state":
        return state_words(RecordState(value))[0] if value in {state.value for state in RecordState} else value
    return value if name == "grade" else word(name, value)


def facet_title(name: str) -> str:
    """What a group of facets is called."""
    titles: dict[str, str] = {
        "topic": gettext("Topic"), "channel": gettext("Channel"), "state": gettext("State"),
        "grade": gettext("Grade"), "level": gettext("Level"), "unit": gettext("Unit"),
        "place": gettext("Unit of the place"),
    }  # fmt: skip
    return titles[name]


def _offer_words(offer: Nearest) -> str:  # noqa: PLR0911 - one answer a kind of change
    match offer.change:
        case Change.SPELLING:
            return offer.what
        case Change.WORD:
            return str(gettext("Without “%(word)s”", word=offer.what))
        case Change.FIELD:
            return str(gettext("Without the filter “%(name)s”", name=facet_title(offer.what)))
        case Change.DATES:
            return str(gettext("At any time"))
        case Change.LOOSE:
            return str(gettext("Without quotation marks"))
        case Change.ANY:
            return str(gettext("Any of these words"))
        case Change.BEGINNING:
            return str(gettext("Words that begin with “%(word)s”", word=offer.what))


def _place_of(question: SearchRequest, cursor: str = "") -> dict[str, Any]:
    """What an address of this result carries; nothing where the question is too long for one."""
    sealed = asked.seal_question(current_actor(), current_session(), question)
    if not sealed:
        return {}
    is_short = bool(cursor) and len(url_for(".search", asked=sealed, after=cursor)) <= _LONGEST_ADDRESS
    return {"asked": sealed, "after": cursor} if is_short else {"asked": sealed}


def _address(question: SearchRequest) -> str:
    """The address of a result, for going back and loading again; empty where the question is too long for one."""
    place = _place_of(question)
    return url_for(".search", **place) if place else ""


def page_of(
    question: SearchRequest,
    cursor: str = "",
    unread: tuple[Message, ...] = (),
    *,
    beside: Beside = NOTHING,
    attempt: Attempt = NOT_TRIED,
    over_time: bool = False,
) -> dict[str, Any]:
    """A page of hits, logged before it is shown; above it stand `unread` and what an act on chosen hits refused.

    `beside` stands beside the box.
    """
    actor, session = current_actor(), current_session()
    question = searching.limit_time(question)
    result = searching.search_records(actor, session, question, cursor=cursor, over_time=over_time)
    # Of what was not looked through nobody knows which word excludes it.
    offers = () if result.found or not result.is_whole else list_nearest(actor, session, question)
    around = words_beside(question, beside)
    current = beside.current
    place = _place_of(question, cursor)
    acts = acts_on([one.line for one in result.found], attempt, is_offered=bool(place))
    just_so_at, is_none_so = _just_so(question, result)
    return {
        **around,
        **acts,
        "page_level": max(acts["page_level"], around["names_level"]),
        "asked": question,
        "place": place,
        "takes_along": bool(place and result.found) and may(actor, "record.export"),
        "result": replace(result, notices=(*unread, *result.notices)),
        "found": asked.seal_words(actor, session, question) if result.found and question.text.strip() else None,
        "address": request.path if current else url_for(".search", **place) if place else "",
        "just_so": just_so_at,
        "is_none_so": is_none_so,
        "is_excluded": any(offer.change in EXCLUDING for offer in offers),
        "meant": _links(offers, spelling=True),
        "offers": _links(offers, spelling=False),
        "spans": spans_of(result.counted.months),
        "is_of_first": result.counted.count > searching.EXACT and not result.counted.is_over_time,
        "dates": _dates_of(question),
        "facet_words": facet_words,
        "facet_title": facet_title,
    }


def _links(offers: tuple[Nearest, ...], *, spelling: bool) -> list[tuple[str, str]]:
    chosen = [offer for offer in offers if (offer.change is Change.SPELLING) == spelling]
    return [(_offer_words(offer), _address(offer.request)) for offer in chosen]


def _just_so(question: SearchRequest, result: searching.SearchResult) -> tuple[str, bool]:
    """Where only what is spelt as typed is found, if some is and some is not; and whether it is known that none is."""
    is_known = result.counted.count <= searching.EXACT and result.is_whole
    if is_known and result.otherwise == result.counted.count:
        return "", bool(result.otherwise)
    said = just_so(question.text) if result.otherwise else ""
    return _address(replace(question, text=said)) if said else "", False


def _dates_of(question: SearchRequest) -> tuple[str, str]:
    first, last = (
        moment.astimezone(HANOI).date().isoformat() if moment else ""
        for moment in (question.not_before, question.not_after)
    )
    return first, last


@blueprint.get("/search", access=needs("record.search"))
def search() -> ResponseReturnValue:
    """The empty box with its help, or the result whose sealed question stands in the address, asked anew."""
    return found_page(NOT_TRIED)


def found_page(attempt: Attempt) -> str:
    """The result that the address of this request asks for; what was chosen for a refused act is chosen still."""
    question = asked.open_question(current_actor(), current_session(), request.args.get("asked", ""))
    if question is None:
        empty = SearchRequest()
        around, acts = words_beside(empty, NOTHING), acts_on((), attempt)
        page = {
            **around,
            **acts,
            "page_level": max(acts["page_level"], around["names_level"]),
            "asked": empty,
            "result": None,
            "dates": ("", ""),
        }
    else:
        page = page_of(question, request.args.get("after", ""), attempt=attempt)
    return render_template("records/search.html", **page)


@blueprint.post("/search", access=needs("record.search"))
def run_search() -> ResponseReturnValue:
    """The hits, logged before they are shown: a page, or for a script of the page the parts that change."""
    question, unread = _request()
    page = page_of(question, request.form.get("cursor", ""), unread, over_time="over_time" in request.form)
    if "HX-Request" in request.headers:
        return render_template("records/search_parts.html", **page)
    return render_template("records/search.html", **page)


@blueprint.post("/search/words", access=needs("record.search"))
def complete_search() -> ResponseReturnValue:
    """What is being typed with its last word completed, for the list under the box; logged before it is shown."""
    typed = request.form.get("q", "")[:_LONGEST_QUERY]
    options = proposing.complete_words(current_actor(), current_session(), typed)
    return render_template("records/_search_words.html", options=options)


@blueprint.get("/records/<uuid:record_id>/similar", access=needs("record.search"))
def show_similar(record_id: UUID) -> ResponseReturnValue:
    """Records like this one, found with what tells it apart; logged as the reading and the search that it is."""
    actor, session = current_actor(), current_session()
    found = similar.find_similar(actor, session, record_id)
    return render_template(
        "records/similar.html",
        page_level=max(found.record.summary.level, level_of([one.line for one in found.found])),
        record=found.record,
        similar=found,
        # From there any search server is asked: of what lies above its walls it is told no words.
        search_url=_address(found.asked) if found.asked and not found.asked.words_level else "",
    )
