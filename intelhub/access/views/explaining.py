"""Why somebody may or may not: the questions of one decision in order, for security officers; never any content."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from intelhub.access.explain import Explanation
from intelhub.access.explaining import explain_access
from intelhub.access.views import blueprint
from intelhub.access.views.own_account import sentences_of
from intelhub.access.views.places import place_choices, place_of, place_words
from intelhub.access.views.words import check_words, explainable_acts, function_words
from intelhub.audit import find_refused, list_refused
from intelhub.platform.actor import Place
from intelhub.platform.errors import RuleRefused
from intelhub.platform.web import current_actor, current_session, keep_work, needs

_LONGEST_NUMBER = 18  # more digits fit no number of the database


@blueprint.get("/explain", access=needs("decision.explain"))
def explain_decision() -> ResponseReturnValue:
    """Where one asks: who, what, which record, from where."""
    return _page()


@blueprint.post("/explain", access=needs("decision.explain"))
def explain_this() -> ResponseReturnValue:
    """The answer with every check behind it, as things stand now."""
    typed = request.form
    acts = dict(explainable_acts())
    action = typed.get("action", "")
    try:
        found = explain_access(
            current_actor(),
            current_session(),
            username=typed.get("username", ""),
            action=action if action in acts else "read",
            among=_objects_meant(typed.get("entry", ""), typed.get("reference", "")),
            place=place_of(typed.get("place")) or Place.ONSITE,
        )
    except RuleRefused as refused:
        keep_work()  # that somebody asked stays in the log
        return _page(errors=sentences_of(refused)), 422
    return _page(explanation=found)


def _objects_meant(number: str, typed: str) -> Sequence[UUID]:
    """The record of an entry of one's refusals; or in an id, in the address of a page, under a short reference."""
    if number:
        is_number = number.isdecimal() and len(number) <= _LONGEST_NUMBER
        found = find_refused(current_actor(), current_session(), int(number)) if is_number else None
        return (found,) if found else ()
    text = typed.strip().split("?")[0].split("#")[0].rstrip("/")
    for part in reversed(text.split("/")):
        try:
            return (UUID(part),)
        except ValueError:
            continue
    return list_refused(current_actor(), current_session(), text)


def _page(*, explanation: Explanation | None = None, errors: object = ()) -> str:
    return render_template(
        "access/explain.html",
        explanation=explanation,
        errors=errors,
        typed=request.form,
        acts=explainable_acts(),
        act_words=dict(explainable_acts()),
        places=[(value, words) for value, words, _ in place_choices()],
        place_words=place_words,
        check_words=check_words,
        function_words=function_words,
    )
