"""What a request stands on: the house it runs in, the actor and the session of this request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from flask import Request, current_app, g

from intelhub.platform.actor import Actor
from intelhub.platform.errors import Tampered
from intelhub.platform.row_scope import Scope
from intelhub.platform.unit_of_work import ActorSession, UnitsOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What was refused to whom, for the audit log; `alarm` when stored data did not fit its seal.

    `object_kind` and `object_id` are what the address names, whether or not there is such a thing.
    """

    actor: Actor
    permission: str
    rule: str
    alarm: Tampered | None
    object_kind: str
    object_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebHouse:
    """What the web's mechanism needs from the features above it, handed over once by the application factory."""

    units: UnitsOfWork
    nobody: Actor
    actor_of: Callable[[Request], Actor | None]
    scope_of: Callable[[Actor], Scope]
    permits: Callable[[Actor, str], bool]
    on_refusal: Callable[[Refusal], None]
    own_origins: frozenset[str]
    sign_in_endpoint: str


def house() -> WebHouse:
    """The house of the running application."""
    return cast("WebHouse", current_app.extensions["intelhub"])


def current_actor() -> Actor:
    """Who acts in this request."""
    return cast("Actor", g.actor)


def current_session() -> ActorSession:
    """The session of this request's unit of work."""
    return cast("ActorSession", g.session)
