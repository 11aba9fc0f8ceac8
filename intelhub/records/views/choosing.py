"""Acts on lines chosen in the list or on a desk: what can be done is done, what is refused stays and says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from intelhub.platform.errors import RuleRefused, StaleVersion
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, keep_work, needs
from intelhub.platform.web.errors import audit_refusal
from intelhub.records import queries
from intelhub.records.service import choosing, desks
from intelhub.records.views import blueprint
from intelhub.records.views.home import home_page
from intelhub.records.views.listing import Attempt, list_page, read_address
from intelhub.records.views.reading import read_version
from intelhub.records.views.searching import found_page


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
    return _assign(list_page, _the_list)


@blueprint.post("/records/assign", access=needs("record.assign"))
def assign_from_desk() -> ResponseReturnValue:
    """Give the chosen lines of a desk at home to one person."""
    return _assign(home_page, lambda: url_for(".home"))


def _assign(page: Callable[[Attempt], str], back: Callable[[], str]) -> ResponseReturnValue:
    chosen, assignee = read_chosen(), queries.find_reference(request.form.get("assignee"))
    if assignee is None or not chosen:
        said = Message("Choose at least one record and a person.")
        return _again(page, Attempt(chosen=chosen, assignee=assignee, errors=(said,)), HTTPStatus.UNPROCESSABLE_ENTITY)
    outcome = choosing.assign_each(current_actor(), current_session(), chosen, assignee)
    done = ngettext("%(num)s record assigned.", "%(num)s records assigned.", outcome.done)
    return _answer(outcome, Attempt(chosen=chosen, assignee=assignee, done=done), page, back)


@blueprint.post("/records/chosen/take-on", access=needs("record.acknowledge"))
def take_on_chosen() -> ResponseReturnValue:
    """Take the chosen lines of the list on."""
    return _take_on(list_page, _the_list)


@blueprint.post("/search/chosen/assign", access=needs("record.assign"))
def assign_found() -> ResponseReturnValue:
    """Give the chosen hits of a search to one person."""
    return _assign(found_page, _the_result)


@blueprint.post("/search/chosen/take-on", access=needs("record.acknowledge"))
def take_on_found() -> ResponseReturnValue:
    """Take the chosen hits of a search on."""
    return _take_on(found_page, _the_result)


def _take_on(page: Callable[[Attempt], str], back: Callable[[], str]) -> ResponseReturnValue:
    chosen = read_chosen()
    if not chosen:
        said = Message("Choose at least one record.")
        return _again(page, Attempt(errors=(said,)), HTTPStatus.UNPROCESSABLE_ENTITY)
    outcome = choosing.take_on_each(current_actor(), current_session(), chosen)
    done = ngettext("%(num)s record taken on.", "%(num)s records taken on.", outcome.done)
    return _answer(outcome, Attempt(chosen=chosen, done=done), page, back)


def _the_list() -> str:
    address = read_address(desks.list_desks(current_actor(), current_session())).address
    return url_for(".list_records", **address)


def _the_result() -> str:
    """The address of the result that was acted on: what stands in it is sealed, and opens here or asks nothing."""
    return url_for(".search", asked=request.args.get("asked"), after=request.args.get("after"))


def _answer(
    outcome: choosing.Outcome, attempt: Attempt, page: Callable[[Attempt], str], back: Callable[[], str]
) -> ResponseReturnValue:
    if not outcome.refused:
        flash(attempt.done, "good")
        return redirect(back(), 303)
    for record_id, error in outcome.refused.items():
        if not isinstance(error, RuleRefused | StaleVersion):
            audit_refusal(error, ("record", record_id))
    still = {one: version for one, version in attempt.chosen.items() if one in outcome.refused}
    done = attempt.done if outcome.done else ""
    return _again(page, replace(attempt, chosen=still, refused=outcome.refused, done=done), _status(outcome))


def _again(page: Callable[[Attempt], str], attempt: Attempt, status: HTTPStatus) -> ResponseReturnValue:
    keep_work()  # what was done stands, and showing the lines again is a reading that stays logged
    return page(attempt), int(status)


def _status(outcome: choosing.Outcome) -> HTTPStatus:
    """The status that all refusals share, if it tells nothing of what may not be known."""
    statuses = {error.status for error in outcome.refused.values()}
    is_one = len(statuses) == 1 and statuses <= {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY}
    return statuses.pop() if is_one else HTTPStatus.CONFLICT
