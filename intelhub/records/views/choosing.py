"""Acts on the lines chosen in the list: what can be done is done, what is refused stays chosen and says why."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from intelhub.platform.errors import RuleRefused, StaleVersion
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, keep_work, needs
from intelhub.platform.web.errors import audit_refusal
from intelhub.records import queries
from intelhub.records.service import choosing, desks
from intelhub.records.views import blueprint
from intelhub.records.views.listing import Attempt, list_page, read_address
from intelhub.records.views.reading import read_version


def read_chosen() -> dict[UUID, int]:
    """The chosen lines of a form, with the versions they were shown at; no more than a page has."""
    chosen = {}
    for value in request.form.getlist("chosen")[: queries.PAGE]:
        identity, _, typed = value.partition(":")
        found, version = queries.find_reference(identity), read_version(typed)
        if found and version is not None:
            chosen[found] = version
    return chosen


@blueprint.post("/records/chosen/assign", access=needs("record.assign"))
def assign_chosen() -> ResponseReturnValue:
    """Give the chosen lines of the list to one person."""
    chosen, assignee = read_chosen(), queries.find_reference(request.form.get("assignee"))
    if assignee is None or not chosen:
        said = Message("Choose at least one record and a person.")
        return _again(Attempt(chosen=chosen, assignee=assignee, errors=(said,)), HTTPStatus.UNPROCESSABLE_ENTITY)
    outcome = choosing.assign_each(current_actor(), current_session(), chosen, assignee)
    return _answer(chosen, outcome, gettext("%(count)s records assigned.", count=outcome.done), assignee)


@blueprint.post("/records/chosen/take-on", access=needs("record.acknowledge"))
def take_on_chosen() -> ResponseReturnValue:
    """Take the chosen lines of the list on."""
    chosen = read_chosen()
    if not chosen:
        said = Message("Choose at least one record.")
        return _again(Attempt(errors=(said,)), HTTPStatus.UNPROCESSABLE_ENTITY)
    outcome = choosing.take_on_each(current_actor(), current_session(), chosen)
    return _answer(chosen, outcome, gettext("%(count)s records taken on.", count=outcome.done))


def _answer(
    chosen: dict[UUID, int], outcome: choosing.Outcome, done: str, assignee: UUID | None = None
) -> ResponseReturnValue:
    if not outcome.refused:
        flash(done, "good")
        address = read_address(desks.list_desks(current_actor(), current_session())).address
        return redirect(url_for(".list_records", **address), 303)
    for record_id, error in outcome.refused.items():
        if not isinstance(error, RuleRefused | StaleVersion):
            audit_refusal(error, ("record", record_id))
    if outcome.done:
        flash(done, "good")
    still = {one: version for one, version in chosen.items() if one in outcome.refused}
    again = Attempt(chosen=still, assignee=assignee, refused=outcome.refused)
    return _again(again, _status(outcome))


def _again(attempt: Attempt, status: HTTPStatus) -> ResponseReturnValue:
    keep_work()  # what was done stands, and showing the list again is a reading that stays logged
    return list_page(attempt), int(status)


def _status(outcome: choosing.Outcome) -> HTTPStatus:
    """The status that all refusals share, if it tells nothing of what may not be known."""
    statuses = {error.status for error in outcome.refused.values()}
    is_one = len(statuses) == 1 and statuses <= {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY}
    return statuses.pop() if is_one else HTTPStatus.CONFLICT
