"""Looking through the log and opening one entry; both leave an entry themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.audit.actions import AUDIT_OPENED, AUDIT_SEARCHED
from intelhub.audit.directory import directory
from intelhub.audit.entry import SYSTEM_ACTOR_ID, ObjectRef
from intelhub.audit.log import record_act
from intelhub.audit.proofs import prove_inclusion
from intelhub.audit.queries import EntryPage, get_chain_status, get_entry
from intelhub.audit.queries import search_entries as find_entries
from intelhub.audit.views import blueprint
from intelhub.audit.views.asking import LONGEST_TYPED, Question, read_address, read_form, read_number, written_minute
from intelhub.audit.views.words import Names, act_choices, act_words, decision_words, locale, names_for
from intelhub.platform import clock
from intelhub.platform.errors import NotFound
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.platform.web.look import format_moment

_UNREADABLE = 422
_LAST_DAY = timedelta(days=1)


def log_search(question: Question, page: EntryPage, *, rule: str = "") -> None:
    """Write down that the log was looked through: for what, sealed, and which entries were shown."""
    numbers = [logged.seq for logged in page.entries]
    asked: dict[str, object] = {"criteria": question.address(), "shown": len(numbers)}
    if numbers:
        asked |= {"from": numbers[-1], "to": numbers[0]}
    record_act(current_actor(), current_session(), AUDIT_SEARCHED.name, rule=rule, sensitive=asked)


def names_of_question(question: Question, page: EntryPage) -> Names:
    """The names on a page of entries and in the question that led to it."""
    people = {question.person_id} - {None, SYSTEM_ACTOR_ID}
    return names_for(
        page.entries,
        people=[one for one in people if one is not None],
        units=[question.unit_id] if question.unit_id else [],
    )


def list_chips(question: Question, names: Names, endpoint: str) -> list[tuple[str, str]]:
    """Each part of the question in words, with the address of the question without it."""
    asked = question.address()
    words: dict[str, str] = {
        "person": names.person(question.person_id) if question.person_id else "",
        "unit": names.unit(question.unit_id),
        "object": gettext("Object %(reference)s", reference=question.reference or ""),
        "act": act_words(question.act or ""),
        "decision": decision_words(question.decision or ""),
        "rule": gettext("Rule: %(rule)s", rule=question.rule or ""),
        "since": gettext("From %(time)s", time=format_moment(question.since)) if question.since else "",
        "until": gettext("Before %(time)s", time=format_moment(question.until)) if question.until else "",
        "request": gettext("One request"),
    }
    return [
        (words[name], url_for(endpoint, **{other: value for other, value in asked.items() if other != name}))
        for name in asked
    ]


def typed_of(question: Question, names: Names) -> dict[str, str]:
    """What stands in the fields of the form for this question."""
    typed = question.address()
    if question.person_id and question.person_id != SYSTEM_ACTOR_ID:
        typed["person"] = names.username(question.person_id) or str(question.person_id)
    if question.unit_id:
        known = names.units.get(question.unit_id)
        typed["unit"] = known.code if known else str(question.unit_id)
    return typed


@blueprint.get("/audit", access=needs("audit.read"))
def search_entries() -> ResponseReturnValue:
    """The entries that fit the question in the address, newest first."""
    actor, session = current_actor(), current_session()
    question = read_address(request.args)
    page = find_entries(
        actor,
        session,
        question.criteria(actor, session),
        before=read_number(request.args, "before"),
        after=read_number(request.args, "after"),
    )
    log_search(question, page)
    names = names_of_question(question, page)
    return _results(question, page, names, typed_of(question, names))


@blueprint.post("/audit", access=needs("audit.read"))
def ask_entries() -> ResponseReturnValue:
    """Turn what was typed into an address without names; or say what cannot be understood."""
    question, problems = read_form(current_actor(), current_session(), request.form)
    if not problems:
        return redirect(url_for(".search_entries", **question.address()), 303)
    typed = {name: value[:LONGEST_TYPED] for name, value in request.form.items()}
    page = EntryPage(entries=(), next_before=None)
    return _results(question, page, names_of_question(question, page), typed, problems), _UNREADABLE


def _results(
    question: Question, page: EntryPage, names: Names, typed: dict[str, str], problems: dict[str, str] | None = None
) -> str:
    asked = question.address()
    return render_template(
        "audit/search.html",
        page_level=0,
        page=page,
        names=names,
        typed=typed,
        problems=problems or {},
        acts=act_choices(),
        asked=asked,
        chips=list_chips(question, names, ".search_entries") if not problems else [],
        refusals_url=url_for(".search_entries", **replace(question, decision="deny").address()),
        last_day_url=url_for(".search_entries", **{**asked, "since": written_minute(clock.now() - _LAST_DAY)}),
        older_url=url_for(".search_entries", before=page.next_before, **asked) if page.next_before else None,
        newer_url=url_for(".search_entries", after=page.next_after, **asked) if page.next_after is not None else None,
    )


@blueprint.post("/audit/people", access=needs("audit.read"))
def suggest_people() -> ResponseReturnValue:
    """The people that what was typed may mean, for the list under the field."""
    actor, session = current_actor(), current_session()
    found = directory().find_people(actor, session, _typed("person"), locale())
    record_act(actor, session, AUDIT_SEARCHED.name, rule="names", sensitive={"person": _typed("person")})
    return render_template("audit/_suggestions.html", options=[(one.code, one.name) for one in found])


@blueprint.get("/audit/entries/<int(max=999999999999999999):number>/proof", access=needs("audit.read"))
def download_proof(number: int) -> ResponseReturnValue:
    """One entry with its proof as a file that is verified without this log."""
    actor, session = current_actor(), current_session()
    logged = get_entry(actor, session, number)
    proof = prove_inclusion(session, get_chain_status(session).origin, number, logged.leaf_hash)
    if proof is None or not proof.holds:
        raise NotFound(rule="no_proof")
    record_act(actor, session, AUDIT_OPENED.name, rule="proof", sensitive={"entry": number})
    response = Response(proof.written(number, logged.written), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="entry-{number}.tlog-proof"'
    return response


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()[:LONGEST_TYPED]


@blueprint.get("/audit/entries/<int(max=999999999999999999):number>", access=needs("audit.read"))
def show_entry(number: int) -> ResponseReturnValue:
    """Everything clear in one entry, its bytes, and the proof that they stand in the signed tree."""
    actor, session = current_actor(), current_session()
    logged = get_entry(actor, session, number)
    origin = get_chain_status(session).origin
    proof = prove_inclusion(session, origin, number, logged.leaf_hash)
    record_act(actor, session, AUDIT_OPENED.name, sensitive={"entry": number})
    shown = [ObjectRef("record", one) for one in logged.entry.shown]
    return render_template(
        "audit/entry.html",
        page_level=0,
        logged=logged,
        entry=logged.entry,
        names=names_for([logged]),
        proof=proof,
        shown=shown,
        written=logged.written.decode("utf-8", "replace"),
    )
