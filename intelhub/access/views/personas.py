"""The demo's front door: one click signs in as an invented person. Its addresses exist nowhere but in a demo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from intelhub.access.queries import list_people
from intelhub.access.sign_in import open_session_for_persona
from intelhub.access.views.local_path import local_path
from intelhub.access.views.places import place_choices, place_of
from intelhub.access.views.session_cookie import put_token, web_access
from intelhub.access.views.signing_in import as_nobody, end_this_session
from intelhub.organisation import load_directory, today
from intelhub.platform.actor import Place
from intelhub.platform.errors import NotFound
from intelhub.platform.web import FeatureBlueprint, current_actor, current_session, open_to_all

demo = FeatureBlueprint("demo", __name__, template_folder="../templates")
_REASON = "a demo signs anybody in: its people are invented, its key is a demo's, it listens on this machine alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A persona as the page shows it."""

    username: str
    name: str
    title: str
    unit: str
    blurb: str
    place: Place
    is_me: bool


@demo.get("/demo", access=open_to_all(_REASON))
def show_personas() -> ResponseReturnValue:
    """Everybody one can be, by department, with what to try."""
    groups: dict[str, list[Card]] = {}
    for group, card in _cards(str(get_locale())):
        groups.setdefault(group, []).append(card)
    return render_template(
        "access/personas.html",
        groups=groups,
        places=place_choices(),
        next_path=local_path(request.args.get("next")),
    )


@demo.post("/demo", access=open_to_all(_REASON))
def become_persona() -> ResponseReturnValue:
    """Sign in as one of them, from their usual place or from the chosen one."""
    wanted = request.form.get("username", "")
    persona = next((one for one in web_access().personas if one.username == wanted), None)
    if persona is None:
        raise NotFound(rule="no_such_persona")
    with as_nobody() as session:
        signed = open_session_for_persona(
            session,
            username=persona.username,
            place=place_of(request.form.get("place")) or persona.place,
            address=request.remote_addr or "",
            user_agent=request.user_agent.string,
            request_id=g.request_id,
            limits=web_access().limits,
        )
    end_this_session()
    # Where one person was reading, the next may find nothing: a change of persona begins at home.
    return put_token(make_response(redirect(local_path(request.form.get("next")), 303)), signed.token)


def _cards(locale: str) -> Iterator[tuple[str, Card]]:
    """Every persona who is loaded and holds a post, with the department they belong to."""
    actor, session = current_actor(), current_session()
    tree = load_directory(session).as_of(today())
    personas = web_access().personas
    there = list_people(actor, session, usernames=[one.username for one in personas], only_active=False)
    people = {person.username: person for person in there}
    for persona in personas:
        person = people.get(persona.username)
        unit = tree.find(person.posts[0].unit_id) if person and person.posts else None
        if person is None or unit is None:
            continue
        yield (
            tree.department_of(unit.id).label(locale),
            Card(
                username=persona.username,
                name=person.display_name,
                title=persona.title(locale),
                unit=unit.short_label(locale),
                blurb=persona.blurb(locale),
                place=persona.place,
                is_me=persona.username == actor.username,
            ),
        )
