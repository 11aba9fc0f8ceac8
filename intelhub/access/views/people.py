"""People: found by name, each with their duty functions; what operators do for an account stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from intelhub.access import actions
from intelhub.access.decision import may
from intelhub.access.directory import find_person_within, search_people, sees_rights_of
from intelhub.access.domain import HeldPost, Person, PlaceRule
from intelhub.access.permissions import FUNCTIONS
from intelhub.access.queries import find_person, list_posts
from intelhub.access.views import blueprint
from intelhub.access.views.words import function_words
from intelhub.audit import ObjectRef, record_act
from intelhub.organisation import Directory, find_unit_meant, load_directory, today
from intelhub.platform import clock
from intelhub.platform.errors import NotFound
from intelhub.platform.web import current_actor, current_session, needs

_LONGEST_QUERY = 100


@blueprint.get("/people", access=needs("user.read"))
def list_people() -> ResponseReturnValue:
    """Those whom the reader's duties show, in Vietnamese order, by name, function and unit."""
    actor, session = current_actor(), current_session()
    locale = str(get_locale())
    asked = request.args
    directory = load_directory(session)
    unit = find_unit_meant(current_session(), asked.get("unit", ""))
    function = asked.get("function") if asked.get("function") in FUNCTIONS else None
    words = asked.get("q", "").strip()[:_LONGEST_QUERY]
    is_manager = may(actor, "user.manage")
    with_closed = is_manager and bool(asked.get("closed"))
    people, has_more = search_people(
        actor,
        session,
        words=words,
        unit_id=unit.id if unit else None,
        function=function,
        with_closed=with_closed,
        after=_behind(asked.get("after", "")),
    )
    record_act(actor, session, actions.USER_LISTED, sensitive={"words": words} if words else None)
    kept: dict[str, Any] = {
        "q": words or None,
        "function": function,
        "unit": unit.code if unit else None,
        "closed": "y" if with_closed else None,
    }
    return render_template(
        "access/people.html",
        people=people,
        duties={person.id: [duty_words(directory, post, locale) for post in person.posts] for person in people},
        kept=kept,
        chips=_chips(kept, unit.short_label(locale) if unit else ""),
        functions=[(code, function_words(code)) for code in FUNCTIONS],
        is_manager=is_manager,
        next_url=url_for(".list_people", **{**kept, "after": people[-1].id}) if has_more else None,
    )


@blueprint.get("/people/<uuid:user_id>", access=needs("user.read"))
def show_person(user_id: UUID) -> ResponseReturnValue:
    """One person with their duty functions of today, of the past and to come."""
    return person_page(user_id)


def person_page(user_id: UUID, *, setup_code: str | None = None, refusals: Mapping[str, Any] | None = None) -> str:
    """The page of a person; `setup_code` is shown this once, `refusals` names a form and what was wrong in it."""
    actor, session = current_actor(), current_session()
    person = find_person_within(actor, session, user_id)
    if person is None:
        raise NotFound(rule="no_such_person")
    locale = str(get_locale())
    directory = load_directory(session)
    now = clock.now()
    posts = list_posts(actor, session, user_id)
    record_act(actor, session, actions.USER_READ, object=ObjectRef("user", user_id))
    is_manager = may(actor, "user.manage")
    return render_template(
        "access/person.html",
        person=person,
        posts=[(post, *duty_words(directory, post, locale), _standing(post)) for post in posts],
        clearance=person.clearance_on(today()),
        is_manager=is_manager and actor.user_id != person.id,
        is_oneself=is_manager and actor.user_id == person.id,
        sees_clearance=is_manager or sees_rights_of(actor, session, person),
        is_onsite_only=person.place_rule is PlaceRule.ONSITE_ONLY,
        functions=[(code, function_words(code)) for code in FUNCTIONS],
        setup_code=setup_code,
        refused=refusals or {"form": "", "errors": []},
        typed=request.form,
        now=now,
    )


def duty_words(directory: Directory, post: HeldPost, locale: str) -> tuple[str, str, str]:
    """A post as a page says it: the function, the unit, and the unit's code."""
    unit = directory.ever.find(post.unit_id)
    return function_words(post.function), unit.short_label(locale) if unit else "", unit.code if unit else ""


def _standing(post: HeldPost) -> str:
    now = clock.now()
    if post.is_held_at(now):
        return "held"
    return "to_come" if post.starts_at > now else "past"


def _behind(user_id: str) -> tuple[str, UUID] | None:
    """Where the page before ended."""
    try:
        person: Person | None = find_person(current_actor(), current_session(), UUID(user_id))
    except ValueError:
        return None
    return (person.sort_key, person.id) if person else None


def _chips(kept: Mapping[str, Any], unit_words: str) -> list[tuple[str, str]]:
    """Each active filter in words, with the address without it."""
    words: dict[str, str] = {
        "q": f"“{kept['q']}”",
        "function": function_words(kept["function"]) if kept["function"] else "",
        "unit": unit_words,
        "closed": gettext("closed accounts too"),
    }
    return [
        (words[name], url_for(".list_people", **{other: given for other, given in kept.items() if other != name}))
        for name, value in kept.items()
        if value
    ]
