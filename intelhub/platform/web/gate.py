"""The gate before every view: host, origin, session, access mark, permission (the second lock stands here).

A request whose view carries no access mark is refused whoever asks: a route that an extension added on the side, or
that somebody put on the application itself, stays closed until it says whom it is for.
"""

from __future__ import annotations

from uuid import uuid4

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import SecurityError

from intelhub.platform.errors import NotFound, NotPermitted, SignInRequired
from intelhub.platform.web.blueprint import Access
from intelhub.platform.web.current import house

_SAFE_METHODS = frozenset({"GET", "HEAD"})


def _refuse_foreign_origin() -> None:
    """The second lock on forgery beside the form token: a browser says where a request comes from."""
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site not in (None, "same-origin", "none") or (origin is not None and origin not in house().own_origins):
        raise NotPermitted("This request came from another site and was not carried out.", rule="foreign_origin")


def _access_mark() -> Access:
    view = current_app.view_functions.get(request.endpoint or "")
    mark = getattr(view, "access", None)
    if not isinstance(mark, Access):
        raise NotPermitted("This address is closed.", rule="no_access_mark")
    return mark


def _pass_gate() -> ResponseReturnValue | None:
    g.request_id = uuid4()
    g.access = None
    g.keep_work = False
    g.known = {}
    g.actor = house().nobody
    g.scope = house().scope_of(house().nobody)
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception
    if request.routing_exception is not None:
        raise NotFound(rule="no_route")
    mark = g.access = _access_mark()
    _refuse_foreign_origin()
    actor = house().actor_of(request) if mark.asks_who else None
    if actor is not None:
        g.actor = actor
        g.scope = house().scope_of(actor)
    if mark.is_open:
        return None
    if actor is None:
        if request.method in _SAFE_METHODS and "HX-Request" not in request.headers:
            return redirect(url_for(house().sign_in_endpoint, next=_way_back()), 303)
        raise SignInRequired("Your session has ended. Sign in again.")
    if mark.permission is not None and not house().permits(actor, mark.permission):
        raise NotPermitted(
            "Your duties do not include this. If your work needs it, ask the leader of your unit.",
            rule=f"no_line:{mark.permission}",
        )
    return None


def _way_back() -> str | None:
    # Only the path: a query may carry what no log of a sign-in page should see.
    return request.path if request.path != "/" else None


def install(app: Flask) -> None:
    """Put the gate before every request of the application."""
    app.before_request(_pass_gate)
