"""The search page: one box, refined beside it; always a POST, so that no word stands in an address or a log."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.organisation import load_directory
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records.domain import RecordState
from intelhub.records.service import searching
from intelhub.records.validation import HANOI
from intelhub.records.views import blueprint
from intelhub.records.views.reading import level_of, state_words
from intelhub.records.views.words import word
from intelhub.search import Order, SearchRequest

_LONGEST_QUERY = 1000


def _day(name: str, *, is_end: bool = False) -> datetime | None:
    typed = request.form.get(name, "").strip()
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(typed, form).replace(tzinfo=HANOI)
        except ValueError:
            continue
        return datetime.combine(day, time.min, HANOI) + (timedelta(days=1, microseconds=-1) if is_end else timedelta())
    return None


def _request() -> SearchRequest:
    facets = {name: tuple(request.form.getlist(name)) for name in searching.FACETS if request.form.getlist(name)}
    return SearchRequest(
        text=request.form.get("q", "")[:_LONGEST_QUERY],
        facets=facets,
        not_before=_day("from"),
        not_after=_day("to", is_end=True),
        order=Order.RELEVANCE if request.form.get("order") == "relevance" else Order.NEWEST,
    )


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


@blueprint.get("/search", access=needs("record.search"))
def search() -> ResponseReturnValue:
    """The empty box with its help."""
    return render_template(
        "records/search.html", page_level=0, asked=SearchRequest(), result=None, facet_words=facet_words,
        facet_title=facet_title, hints=(), dates=("", ""),
    )  # fmt: skip


@blueprint.post("/search", access=needs("record.search"))
def run_search() -> ResponseReturnValue:
    """The hits, logged before they are shown."""
    actor, session = current_actor(), current_session()
    asked = _request()
    result = searching.search_records(actor, session, asked, cursor=request.form.get("cursor", ""))
    hints = () if result.found else searching.explain_nothing(session, asked)
    return render_template(
        "records/search.html", page_level=level_of([one.line for one in result.found]), asked=asked, result=result,
        facet_words=facet_words, facet_title=facet_title, hints=hints,
        dates=(request.form.get("from", ""), request.form.get("to", "")),
    )  # fmt: skip
