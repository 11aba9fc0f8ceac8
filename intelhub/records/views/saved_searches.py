"""Saved searches beside the box: named, run again, shared with one's unit, watched, removed and brought back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.platform.errors import NotFound, RuleRefused
from intelhub.platform.web import current_actor, current_session, keep_work, needs
from intelhub.platform.web.look import say
from intelhub.records.domain import ViewKind
from intelhub.records.queries import find_reference
from intelhub.records.service import asked, saved_views, shared_searches, watching
from intelhub.records.service.shared_searches import SharedSearch
from intelhub.records.views import blueprint
from intelhub.records.views.beside_search import Beside
from intelhub.records.views.searching import page_of
from intelhub.search import SearchRequest


def _page(question: SearchRequest, beside: Beside) -> str:
    return render_template("records/search.html", **page_of(question, beside=beside))


def _find(view_id: UUID) -> SharedSearch:
    return shared_searches.find_search(current_actor(), current_session(), view_id)


def _refused(question: SearchRequest, beside: Callable[[], Beside], refused: RuleRefused) -> ResponseReturnValue:
    """The page again with what was typed and why it was refused."""
    current_session().rollback()
    keep_work()  # showing what was found is a reading that stays logged
    return _page(question, beside()), int(refused.status)


def _back(view_id: UUID) -> ResponseReturnValue:
    return redirect(url_for(".show_saved_search", record_view_id=view_id), 303)


@blueprint.get("/search/saved/<uuid:record_view_id>", access=needs("record.search"))
def show_saved_search(record_view_id: UUID) -> ResponseReturnValue:
    """What a saved search finds now for whoever asks, one's own or one shared with them."""
    found = _find(record_view_id)
    return _page(asked.request_of(found.view.asked), Beside(current=found))


@blueprint.post("/search/saved", access=needs("record.search"))
def save_search() -> ResponseReturnValue:
    """Name the question that the page showed; it comes back sealed with the form."""
    actor, session = current_actor(), current_session()
    question = asked.open_question(actor, session, request.form.get("asked", ""))
    if question is None:
        flash(gettext("The question has not been kept that long. Search again, then save it."), "warning")
        return redirect(url_for(".search"), 303)
    name, level = request.form.get("name", ""), request.form.get("level", "")
    chosen = int(level) if level in {"0", "1", "2", "3"} else actor.ceiling
    try:
        view_id = saved_views.save_view(
            actor, session, name, asked.pairs_of(question), kind=ViewKind.SEARCH, level=chosen
        )
    except RuleRefused as refused:
        errors = refused.fields["name"]
        return _refused(question, lambda: Beside(name=name, level=min(chosen, actor.ceiling), errors=errors), refused)
    flash(gettext("The search is saved. It stands above the box."), "good")
    return _back(view_id)


@blueprint.post("/search/saved/<uuid:record_view_id>/rename", access=needs("record.search"))
def rename_search(record_view_id: UUID) -> ResponseReturnValue:
    """Give a saved search another name."""
    actor, session, name = current_actor(), current_session(), request.form.get("name", "")
    try:
        saved_views.rename_view(actor, session, record_view_id, name, kind=ViewKind.SEARCH)
    except RuleRefused as refused:
        errors = refused.fields["name"]
        question = asked.request_of(_find(record_view_id).view.asked)
        return _refused(question, lambda: Beside(current=_find(record_view_id), name=name, errors=errors), refused)
    return _back(record_view_id)


@blueprint.post("/search/saved/<uuid:record_view_id>/remove", access=needs("record.search"))
def remove_search(record_view_id: UUID) -> ResponseReturnValue:
    """Take a saved search away; the page offers to bring it back, if it can be."""
    if not saved_views.remove_view(current_actor(), current_session(), record_view_id, kind=ViewKind.SEARCH):
        flash(gettext("The damaged search is removed."), "good")
    return redirect(url_for(".search", removed=record_view_id), 303)


@blueprint.post("/search/saved/<uuid:record_view_id>/restore", access=needs("record.search"))
def restore_search(record_view_id: UUID) -> ResponseReturnValue:
    """Bring a removed search back, shared and watched as it was."""
    return _try(
        lambda: saved_views.restore_view(current_actor(), current_session(), record_view_id, kind=ViewKind.SEARCH),
        record_view_id,
        url_for(".search", removed=record_view_id),
    )


@blueprint.post("/search/saved/<uuid:record_view_id>/share", access=needs("record.search"))
def share_search(record_view_id: UUID) -> ResponseReturnValue:
    """Let the people of one's unit find a saved search."""
    unit_id = find_reference(request.form.get("unit"))
    if unit_id is None:
        raise NotFound
    shared_searches.share_search(current_actor(), current_session(), record_view_id, unit_id)
    flash(gettext("The search is shared. What it finds for others follows their own rights."), "good")
    return _back(record_view_id)


@blueprint.post("/search/saved/<uuid:record_view_id>/unshare", access=needs("record.search"))
def unshare_search(record_view_id: UUID) -> ResponseReturnValue:
    """Keep a saved search to oneself again."""
    shared_searches.stop_sharing(current_actor(), current_session(), record_view_id)
    return _back(record_view_id)


@blueprint.post("/search/saved/<uuid:record_view_id>/watch", access=needs("record.search"))
def watch_search(record_view_id: UUID) -> ResponseReturnValue:
    """Be told of what a saved search finds from now on."""
    done = gettext("The search is watched. What it finds anew stands under “Alerts”.")
    return _try(
        lambda: watching.watch_search(current_actor(), current_session(), record_view_id),
        record_view_id,
        url_for(".show_saved_search", record_view_id=record_view_id),
        done,
    )


@blueprint.post("/search/saved/<uuid:record_view_id>/unwatch", access=needs("record.search"))
def unwatch_search(record_view_id: UUID) -> ResponseReturnValue:
    """Be told no longer."""
    watching.stop_watching(current_actor(), current_session(), record_view_id)
    return _back(record_view_id)


def _try(act: Callable[[], Any], view_id: UUID, otherwise: str, done: str = "") -> ResponseReturnValue:
    """Carry out an act on a saved search; refused, the page says why and nothing has changed."""
    try:
        act()
    except RuleRefused as refused:
        current_session().rollback()
        flash(say(refused.message), "bad")
        return redirect(otherwise, 303)
    if done:
        flash(done, "good")
    return _back(view_id)
