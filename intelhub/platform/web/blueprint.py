"""The first lock: a route that does not declare who may use it fails when its module is imported."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, g, make_response, request
from flask import session as cookie
from flask.globals import request_ctx

from intelhub.platform.web.current import house


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use a route: a permission, or a stated reason why no permission is needed."""

    permission: str | None = None
    reason: str = ""
    is_open: bool = False
    asks_who: bool = True


def needs(permission: str) -> Access:
    """Only for those with a policy line for this permission (`feature.verb`)."""
    return Access(permission=permission)


def signed_in(reason: str) -> Access:
    """For everybody who is signed in; the reason says why that is enough."""
    return Access(reason=reason)


def open_to_all(reason: str, *, asks_who: bool = True) -> Access:
    """For anybody at all; the reason is checked in with the permission matrix.

    With `asks_who=False` the session is not even looked up: for files and probes that are the same for everybody.
    """
    return Access(reason=reason, is_open=True, asks_who=asks_who)


class FeatureBlueprint(Blueprint):
    """A blueprint whose every route declares its access and runs inside one unit of work."""

    def add_url_rule(  # type: ignore[override]  # a narrower signature is the point of this class
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        *,
        access: Access,
        **options: Any,
    ) -> None:
        """Add a route; a missing `access` is a `TypeError` at import."""
        if view_func is None:
            raise TypeError("a route needs its view")
        guarded = _in_unit_of_work(view_func)
        guarded.access = access  # type: ignore[attr-defined]  # read by the gate
        options.setdefault("provide_automatic_options", False)
        super().add_url_rule(rule, endpoint or view_func.__name__, guarded, **options)


def keep_work() -> None:
    """Let what this request wrote stand although its answer is a refusal: a reading that must stay logged."""
    g.keep_work = True


def _unsay() -> None:
    """Take back what a view said of an act that is rolled back: the next page would say that it was done."""
    if "_flashes" in cookie or request_ctx.flashes:
        before = current_app.session_interface.open_session(current_app, request)
        cookie["_flashes"] = before.get("_flashes", []) if before else []
        request_ctx.flashes = None


def _in_unit_of_work(view: Callable[..., Any]) -> Callable[..., Response]:
    @functools.wraps(view)
    def run(**arguments: Any) -> Response:
        try:
            return work(arguments)
        except Exception:
            _unsay()
            raise

    def work(arguments: dict[str, Any]) -> Response:
        with house().units.begin(g.actor, g.scope, g.known) as session:
            g.session = session
            try:
                response = make_response(view(**arguments))
            finally:
                g.pop("session")
            if response.status_code >= 400 and not g.keep_work:  # noqa: PLR2004 - the boundary of HTTP's own classes
                session.rollback()
        return response

    return run
