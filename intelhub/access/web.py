"""How a request becomes an actor: Flask-Login asks, our own server-side session answers.

No sign-in is remembered beyond its session, and no header, body or address names who acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Network, IPv6Network

import flask_login
from flask import Flask, Request, Response, g

from intelhub.access.domain import LiveSession, Persona, SeenElsewhere, SessionLimits
from intelhub.access.misfits import raise_alarm
from intelhub.access.scope import NOBODY
from intelhub.access.seals import RightMisfit
from intelhub.access.sign_in import end_session_seen_elsewhere, resolve_session
from intelhub.access.views import blueprint
from intelhub.access.views.personas import demo
from intelhub.access.views.session_cookie import WebAccess, install, token_of, web_access
from intelhub.access.views.unit_people import list_holders
from intelhub.organisation import hand_on_directory, register_people
from intelhub.platform.actor import Actor
from intelhub.platform.web.current import house


class _SignedInUser(flask_login.UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """What Flask-Login keeps for the time of one request."""

    def __init__(self, live: LiveSession) -> None:
        self.actor = live.actor
        self.id = str(live.actor.user_id)


def install_web(
    app: Flask,
    *,
    is_demo: bool,
    limits: SessionLimits | None = None,
    personas: Iterable[Persona] = (),
    onsite_networks: Iterable[IPv4Network | IPv6Network] = (),
) -> None:
    """Put the pages of access on the application, and the way its requests are signed in.

    With `is_demo`, for an installation whose keys are a demo's, signing in with one click is put there as well;
    elsewhere that address does not exist. With `onsite_networks`, a session on site or in the duty room is nobody's
    anywhere else.
    """
    is_secure = bool(app.config["SESSION_COOKIE_SECURE"])
    choices = WebAccess(
        limits=limits or SessionLimits(),
        is_secure=is_secure,
        is_demo=is_demo,
        personas=tuple(personas),
        onsite_networks=tuple(onsite_networks),
    )
    install(app, choices)
    manager = flask_login.LoginManager()
    # Its own two mechanisms rest on cookies that no server can end: neither is used.
    manager.session_protection = None
    app.config["REMEMBER_COOKIE_NAME"] = "intelhub-remembers-nobody"
    manager.init_app(app, add_context_processor=False)
    manager.request_loader(_load)
    app.after_request(_tell_end)
    app.register_blueprint(blueprint)
    register_people(list_holders)
    if is_demo:
        app.register_blueprint(demo)


def actor_of_request(incoming: Request) -> Actor | None:
    """Who acts in this request, with the rights of this moment; None when nobody is signed in."""
    del incoming  # Flask-Login hands the same request to the loader below
    user = flask_login.current_user
    return user.actor if isinstance(user._get_current_object(), _SignedInUser) else None  # noqa: SLF001 - the proxy itself is of no type


def _load(incoming: Request) -> _SignedInUser | None:
    token = token_of(incoming)
    if token is None:
        return None
    nobody = replace(NOBODY, request_id=g.request_id)
    try:
        with house().units.glance(nobody, house().scope_of(nobody)) as session:
            live = resolve_session(
                session,
                token,
                request_id=g.request_id,
                limits=web_access().limits,
                admits=partial(web_access().admits, address=incoming.remote_addr),
            )
            if isinstance(live, LiveSession):
                g.known = hand_on_directory(session)
    except RightMisfit as found:
        # Nobody is signed in by it, and its owner finds the way to the sign-in page.
        with house().units.begin(nobody, house().scope_of(nobody)) as session:
            raise_alarm(nobody, session, found)
        return None
    if isinstance(live, SeenElsewhere):
        with house().units.begin(nobody, house().scope_of(nobody)) as session:
            end_session_seen_elsewhere(session, live, address=incoming.remote_addr or "", request_id=g.request_id)
    if not isinstance(live, LiveSession):
        return None
    g.session_ends_at = live.ends_at
    return _SignedInUser(live)


def _tell_end(response: Response) -> Response:
    """Each answer tells the page when the session ends, so that its warning moves with the work."""
    if "session_ends_at" in g:
        response.headers.setdefault("Session-Ends-At", g.session_ends_at.isoformat())
    return response
