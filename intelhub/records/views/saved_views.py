"""Saved views on the list: named, renamed, removed, brought back; what was refused comes back as it was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.platform.errors import RuleRefused
from intelhub.platform.web import current_actor, current_session, keep_work, needs
from intelhub.records.service import desks, saved_views
from intelhub.records.views import blueprint
from intelhub.records.views.listing import Asked, Attempt, Naming, list_page, read_address


def _asked() -> Asked:
    return read_address(desks.list_desks(current_actor(), current_session()))


def _naming(act: Callable[[str], Any], removed: UUID | None = None) -> ResponseReturnValue | None:
    """Carry out an act with a typed name, or that of a removed view; refused, the list is shown again with it."""
    name = request.form.get("name", "")
    try:
        act(name)
    except RuleRefused as refused:
        current_session().rollback()
        keep_work()  # showing the list again is a reading that stays logged
        naming = Naming(name=name, errors=refused.fields["name"], removed=removed)
        return list_page(Attempt(), naming), int(refused.status)
    return None


def _back(**more: Any) -> ResponseReturnValue:
    return redirect(url_for(".list_records", **_asked().address, **more), 303)


@blueprint.post("/records/views", access=needs("record.read"))
def save_view() -> ResponseReturnValue:
    """Name the filters and the order that the address says."""
    actor, session, asked = current_actor(), current_session(), _asked()
    refused = _naming(lambda name: saved_views.save_view(actor, session, name, asked.pairs))
    if refused is None:
        flash(gettext("The view is saved. It stands above the list."), "good")
    return refused or _back()


@blueprint.post("/records/views/<uuid:record_view_id>/rename", access=needs("record.read"))
def rename_view(record_view_id: UUID) -> ResponseReturnValue:
    """Give a view another name."""
    actor, session = current_actor(), current_session()
    refused = _naming(lambda name: saved_views.rename_view(actor, session, record_view_id, name))
    return refused or _back()


@blueprint.post("/records/views/<uuid:record_view_id>/remove", access=needs("record.read"))
def remove_view(record_view_id: UUID) -> ResponseReturnValue:
    """Take a view away; the list offers to bring it back, if it can be."""
    if not saved_views.remove_view(current_actor(), current_session(), record_view_id):
        flash(gettext("The damaged view is removed."), "good")
    return _back(removed=record_view_id)


@blueprint.post("/records/views/<uuid:record_view_id>/restore", access=needs("record.read"))
def restore_view(record_view_id: UUID) -> ResponseReturnValue:
    """Bring a removed view back."""
    actor, session = current_actor(), current_session()
    refused = _naming(lambda _: saved_views.restore_view(actor, session, record_view_id), removed=record_view_id)
    return refused or _back()
