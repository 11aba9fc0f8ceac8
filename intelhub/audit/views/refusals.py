"""What was refused in a department, for its security officer: acts, people and rules, never what they wanted to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from intelhub.audit.actions import AUDIT_SEARCHED
from intelhub.audit.directory import directory
from intelhub.audit.log import record_act
from intelhub.audit.queries import open_refusals
from intelhub.audit.queries import search_entries as find_entries
from intelhub.audit.refusals import count_refusals
from intelhub.audit.views import blueprint
from intelhub.audit.views.asking import Question, read_address, read_number, written_minute
from intelhub.audit.views.searching import list_chips, log_search, names_of_question
from intelhub.audit.views.words import act_of_rule, reason_words
from intelhub.platform import clock
from intelhub.platform.web import current_actor, current_session, needs, station

_WEEK = timedelta(days=7)
_NARROWED_BY = ("person", "unit", "object", "rule", "since", "until")


@blueprint.get("/audit/refusals", access=needs("audit.read_refusals"))
def search_refusals() -> ResponseReturnValue:
    """The refusals of the officer's department, newest first; a click on a person, a unit or a rule narrows them."""
    actor, session = current_actor(), current_session()
    question = read_address({name: request.args.get(name, "") for name in _NARROWED_BY})
    open_refusals(session, directory().refusal_units_of(actor, session))
    page = find_entries(
        actor,
        session,
        replace(question, decision="deny").criteria(actor, session),
        before=read_number(request.args, "before"),
        after=read_number(request.args, "after"),
    )
    log_search(question, page, rule="refusals")
    names = names_of_question(question, page)
    asked = question.address()

    def narrowed(**further: str) -> str:
        return url_for(".search_refusals", **{**asked, **further})

    return render_template(
        "audit/refusals.html",
        page_level=0,
        page=page,
        names=names,
        asked=asked,
        explain_url=directory().way_to_explain(actor),
        chips=list_chips(_without_decision(question), names, ".search_refusals"),
        narrowed=narrowed,
        older_url=narrowed(before=str(page.next_before)) if page.next_before else None,
        newer_url=narrowed(after=str(page.next_after)) if page.next_after is not None else None,
    )


@station(blueprint, "audit.read_refusals")
def show_refusals_station() -> str:
    """How often what was refused in the officer's charge, by reason."""
    actor, session = current_actor(), current_session()
    # To the minute, as the links say it, so that a figure opens exactly what it counts.
    since = clock.now().replace(second=0, microsecond=0) - _WEEK
    reasons = count_refusals(actor, session, since)
    record_act(actor, session, AUDIT_SEARCHED.name, rule="refusals-by-reason")
    return render_template(
        "audit/_refusals_station.html",
        reasons=[(one, act_of_rule(one.rule), reason_words(one.rule)) for one in reasons],
        since=written_minute(since),
        explain_url=directory().way_to_explain(actor),
    )


def _without_decision(question: Question) -> Question:
    return replace(question, decision=None)
