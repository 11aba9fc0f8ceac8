"""The cookie that carries a session's token: opaque, for this host alone, gone with the browser.

Nothing else may be put into it, and no page may be signed in by anything but it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import cast

from flask import Flask, Request, Response, current_app, session

from intelhub.access.domain import Persona, SessionLimits
from intelhub.platform.actor import Place

_EXTENSION = "intelhub.access"
_LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAccess:
    """How this installation signs people in over the web."""

    limits: SessionLimits
    is_secure: bool
    is_demo: bool
    personas: tuple[Persona, ...]
    onsite_networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def admits(self, place: Place, address: str | None) -> bool:
        """Whether somebody at a network address may work as from this place: from anywhere, or on the premises."""
        if place is Place.REMOTE or not self.onsite_networks:
            return True
        try:
            here = ip_address(address or "")
        except ValueError:
            return False
        return any(here in network for network in self.onsite_networks)

    @property
    def cookie_name(self) -> str:
        """`__Host-` makes browsers refuse the cookie from any other host or over plain HTTP."""
        return "__Host-intelhub" if self.is_secure else "intelhub"


def install(app: Flask, choices: WebAccess) -> None:
    """Keep these choices with the application."""
    app.extensions[_EXTENSION] = choices


def web_access() -> WebAccess:
    """The choices of the running application."""
    return cast("WebAccess", current_app.extensions[_EXTENSION])


def token_of(incoming: Request) -> str | None:
    """The token a request carries; what cannot be one is not looked up."""
    token = incoming.cookies.get(web_access().cookie_name, "")
    return token if 0 < len(token) <= _LONGEST_TOKEN else None


def put_token(response: Response, token: str) -> Response:
    """Sign this browser in; the form token of before is worth nothing from here on."""
    session.clear()
    choices = web_access()
    # Without an age it goes when the browser is closed.
    response.set_cookie(
        choices.cookie_name, token, path="/", secure=choices.is_secure, httponly=True, samesite="Strict"
    )
    return response


def drop_token(response: Response) -> Response:
    """Sign this browser out; notices that were still to be shown are not for whoever sits down next."""
    session.clear()
    choices = web_access()
    response.delete_cookie(choices.cookie_name, path="/", secure=choices.is_secure, httponly=True, samesite="Strict")
    return response
