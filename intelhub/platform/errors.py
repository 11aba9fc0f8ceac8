"""Refusals as types: each says what happened, what to do, and which HTTP status it becomes.

`NotFound` is raised both for what is not there and for what is not for this actor. Never raise `NotPermitted`
before the actor may know that the object exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from intelhub.platform.messages import Message


class IntelhubError(Exception):
    """The root of every error this product raises on purpose."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, message: Message | str) -> None:
        self.message = message if isinstance(message, Message) else Message(message)
        super().__init__(str(self.message))


class Refused(IntelhubError):
    """The act was understood and refused; `rule` names what refused it, for the audit log only."""

    def __init__(self, message: Message | str, *, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule or type(self).__name__


class NotFound(Refused):
    """Not there, or not for you: the same answer."""

    status = HTTPStatus.NOT_FOUND

    def __init__(self, *, rule: str = "not_found") -> None:
        super().__init__("There is nothing at this address for you.", rule=rule)


class NotPermitted(Refused):
    """The object may be known, the act is not this person's."""

    status = HTTPStatus.FORBIDDEN


class RuleRefused(Refused):
    """A rule of the trade says no; `fields` maps a form field to its own sentence."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(
        self, message: Message | str, *, rule: str = "", fields: Mapping[str, tuple[Message, ...]] | None = None
    ) -> None:
        super().__init__(message, rule=rule)
        self.fields: Mapping[str, tuple[Message, ...]] = fields or {}


class Conflict(Refused):
    """The object has moved on: the act no longer fits its state."""

    status = HTTPStatus.CONFLICT


class StaleVersion(Refused):
    """Somebody else changed it meanwhile; both versions are shown and neither is lost."""

    status = HTTPStatus.PRECONDITION_FAILED


class VersionMissing(Refused):
    """A change came without the version it rests on."""

    status = HTTPStatus.PRECONDITION_REQUIRED


class SignInRequired(Refused):
    """Nobody is signed in."""

    status = HTTPStatus.UNAUTHORIZED


class TooManyRequests(Refused):
    """Slow down; the message says for how long."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class Unavailable(IntelhubError):
    """Something this product depends on does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class Tampered(IntelhubError):
    """Stored data does not fit its seal: nothing of it is shown, and the alarm is raised."""

    status = HTTPStatus.CONFLICT
