"""What operators do for accounts: open, close, grant, clear, help back in. Nobody does it to themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.access import people
from intelhub.access.credentials import issue_setup_code, reset_factors
from intelhub.access.domain import PlaceRule
from intelhub.access.queries import list_posts
from intelhub.access.views import blueprint
from intelhub.access.views.own_account import sentences_of
from intelhub.access.views.people import person_page
from intelhub.organisation import find_unit_meant, load_tree
from intelhub.platform.clock import HANOI
from intelhub.platform.errors import NotFound, RuleRefused
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, needs

_NO_SUCH_UNIT = UUID(int=0)
_LAST_MOMENT = time(23, 59, 59)


@blueprint.get("/people/new", access=needs("user.manage"))
def new_person_page() -> ResponseReturnValue:
    """Where an account is opened."""
    return render_template("access/new_person.html", errors=[], typed={})


@blueprint.post("/people/new", access=needs("user.manage"))
def create_person() -> ResponseReturnValue:
    """Open an account without any right."""
    typed = request.form
    try:
        user_id = people.create_user(
            current_actor(),
            current_session(),
            username=typed.get("username", ""),
            display_name=typed.get("display_name", ""),
            place_rule=PlaceRule.ONSITE_ONLY if typed.get("onsite_only") else PlaceRule.ANY,
        )
    except RuleRefused as refused:
        return render_template("access/new_person.html", errors=sentences_of(refused), typed=typed), 422
    flash(gettext("The account is open. It has no right yet: give a duty function, a clearance, a setup code."), "good")
    return redirect(url_for(".show_person", user_id=user_id), 303)


@blueprint.post("/people/<uuid:user_id>/posts", access=needs("user.manage"))
def grant_post(user_id: UUID) -> ResponseReturnValue:
    """Give a duty function at a unit until a day."""
    typed = request.form

    def grant() -> None:
        unit_id = _unit_named(typed.get("unit_id", ""))
        until = _day("ends_at")
        people.grant_post(
            current_actor(),
            current_session(),
            user_id=user_id,
            function=typed.get("function", ""),
            unit_id=unit_id,
            ends_at=datetime.combine(until, _LAST_MOMENT, HANOI) if until else None,
            is_deputy=bool(typed.get("is_deputy")),
        )

    return _act(user_id, "posts", grant, gettext("The duty function is given."))


@blueprint.post("/people/<uuid:user_id>/posts/<uuid:post_id>/revoke", access=needs("user.manage"))
def revoke_post(user_id: UUID, post_id: UUID) -> ResponseReturnValue:
    """End a duty function now."""
    actor, session = current_actor(), current_session()
    if post_id not in {post.id for post in list_posts(actor, session, user_id)}:
        raise NotFound(rule="no_such_post")
    people.revoke_post(actor, session, post_id)
    flash(gettext("The duty function is ended."), "good")
    return redirect(url_for(".show_person", user_id=user_id), 303)


@blueprint.post("/people/<uuid:user_id>/clearance", access=needs("user.manage"))
def set_clearance(user_id: UUID) -> ResponseReturnValue:
    """Clear somebody up to a level until a day."""
    level = request.form.get("level", "")

    def clear() -> None:
        people.set_clearance(
            current_actor(),
            current_session(),
            user_id=user_id,
            level=int(level) if level.isascii() and level.isdigit() and len(level) == 1 else -1,
            expires_on=_day("expires_on"),
        )

    return _act(user_id, "clearance", clear, gettext("The clearance is set."))


@blueprint.post("/people/<uuid:user_id>/setup-code", access=needs("user.manage"))
def give_setup_code(user_id: UUID) -> ResponseReturnValue:
    """A code with which the person chooses a password; it stands on this one page and nowhere else."""
    return person_page(user_id, setup_code=issue_setup_code(current_actor(), current_session(), user_id))


@blueprint.post("/people/<uuid:user_id>/reset-codes", access=needs("user.manage"))
def remove_codes(user_id: UUID) -> ResponseReturnValue:
    """Remove the one-time codes of somebody who lost the telephone."""
    reset_factors(current_actor(), current_session(), user_id)
    flash(gettext("One-time codes and recovery codes are removed; all sessions of this person are ended."), "good")
    return redirect(url_for(".show_person", user_id=user_id), 303)


@blueprint.post("/people/<uuid:user_id>/close", access=needs("user.manage"))
def close_account(user_id: UUID) -> ResponseReturnValue:
    """Close an account and end its sessions at once."""
    people.deactivate_user(current_actor(), current_session(), user_id)
    flash(gettext("The account is closed, and its sessions are ended."), "good")
    return redirect(url_for(".show_person", user_id=user_id), 303)


@blueprint.post("/people/<uuid:user_id>/open", access=needs("user.manage"))
def open_account(user_id: UUID) -> ResponseReturnValue:
    """Open a closed account again."""
    people.activate_user(current_actor(), current_session(), user_id)
    flash(gettext("The account is open again."), "good")
    return redirect(url_for(".show_person", user_id=user_id), 303)


def _act(user_id: UUID, form: str, act: Callable[[], None], done: str) -> ResponseReturnValue:
    """Carry a form of the person's page out; what a rule refuses comes back beside the form, with what was typed."""
    try:
        act()
    except RuleRefused as refused:
        return person_page(user_id, refusals={"form": form, "errors": sentences_of(refused)}), 422
    flash(done, "good")
    return redirect(url_for(".show_person", user_id=user_id), 303)


def _unit_named(typed: str) -> UUID:
    """The unit of a code: a right is given where somebody said exactly, so what a name may mean is asked back."""
    session = current_session()
    unit, meant = load_tree(current_actor(), session).find(typed.strip()), find_unit_meant(session, typed)
    if unit is None and meant is not None:
        named = {"unit": meant.short_label(str(get_locale())), "code": meant.code}
        said = Message("Do you mean %(unit)s? Then write its code, %(code)s.", named)
        raise RuleRefused(said, rule="unit_meant", fields={"unit_id": (said,)})
    return unit.id if unit else _NO_SUCH_UNIT


def _day(name: str) -> date | None:
    """A day out of the form, or None when it was left empty."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        said = Message("Write the day as year-month-day, such as 2027-03-31.")
        raise RuleRefused(said, rule=name, fields={name: (said,)}) from None
