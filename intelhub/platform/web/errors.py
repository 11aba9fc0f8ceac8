"""One place turns a refusal into a page: the sentence, the status, one way on, and an entry in the audit log.

What is not there and what is not for this person are the same bytes. Bugs show a number that the log carries too,
and never a word of what was being worked on.
"""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID, uuid4

import structlog
from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError

from intelhub.platform.database import is_outage
from intelhub.platform.errors import (
    IntelhubError,
    NotFound,
    NotPermitted,
    Refused,
    SignInRequired,
    Tampered,
    Unavailable,
)
from intelhub.platform.messages import Message
from intelhub.platform.web.blueprint import Access, keep_work
from intelhub.platform.web.current import Refusal, house
from intelhub.platform.web.keeping import is_script, page_with_what_was_typed
from intelhub.platform.web.look import say

_log = structlog.get_logger(__name__)
_SWAPPED_IN = frozenset({409, 412, 422, 428})  # by htmx, as parts/head.html says


def _page(error: IntelhubError) -> ResponseReturnValue:
    g.is_refusal = True
    if error.status is HTTPStatus.NOT_FOUND:
        error = NotFound()  # whatever the reason was, the bytes are these
    if _wants_words(error.status):
        return {"message": say(error.message)}, error.status
    is_alarm = isinstance(error, Tampered)
    return render_template("error.html", error=error, status=int(error.status), is_alarm=is_alarm), error.status


def _wants_words(status: int) -> bool:
    """Whether a script waits for a sentence to say, and not for a page."""
    wants_data = request.accept_mimetypes.best == "application/json"
    return is_script() and (wants_data or status not in _SWAPPED_IN)


def audit_refusal(error: IntelhubError, about: tuple[str, UUID] | None = None) -> None:
    """Write a refusal into the audit log, in a transaction of its own; `about` where no address names the object."""
    mark = getattr(g, "access", None)
    if isinstance(error, NotFound) and error.rule == "no_route":
        return
    named = {name: value for name, value in (request.view_args or {}).items() if isinstance(value, UUID)}
    kind, object_id = about or next(iter(named.items()), ("", None))
    house().on_refusal(
        Refusal(
            actor=g.actor,
            permission=(mark.permission if isinstance(mark, Access) else None) or request.endpoint or "",
            rule=error.rule if isinstance(error, Refused) else type(error).__name__,
            alarm=error if isinstance(error, Tampered) else None,
            object_kind=kind.removesuffix("_id"),
            object_id=object_id,
        )
    )


def refuse_and_keep(error: IntelhubError) -> ResponseReturnValue:
    """The page of a refusal for a view that found something on the way, an alarm, which must stay in the log."""
    keep_work()
    return _refused(error)


def _database_error(error: DBAPIError | NoConnection) -> ResponseReturnValue:
    if not is_outage(error):
        return _bug(error)
    _log.error("the database does not answer", kind=type(error).__name__, endpoint=request.endpoint)
    g.is_outage = True
    return _page(Unavailable("The database does not answer and nothing was saved. Wait a minute and try again."))


def _refused(error: IntelhubError) -> ResponseReturnValue:
    if isinstance(error, SignInRequired):
        kept = page_with_what_was_typed(error)
        return (kept, error.status) if kept is not None else _page(error)
    audit_refusal(error)
    return _page(error)


def _token_refused() -> ResponseReturnValue:
    """The token of a form is not this browser's, or of before its last sign-in."""
    said = Message("This page is too old to be sent. Reload it and send it again.")
    if is_script():
        said = Message(
            "You have signed in since this page was opened. Send the form yourself; what you typed goes along."
        )
    refused = NotPermitted(said, rule="csrf")
    audit_refusal(refused)
    kept = page_with_what_was_typed(refused)
    return (kept, refused.status) if kept is not None else _page(refused)


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, CSRFError):
        return _token_refused()
    if isinstance(error, SecurityError):
        # A host that is not ours: no page can be made, because none of its addresses could be.
        return "This server does not answer to that name.\n", HTTPStatus.BAD_REQUEST, {"Content-Type": "text/plain"}
    if isinstance(error, RequestEntityTooLarge):
        return _page(_too_large())
    if error.code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return _page(NotFound(rule="no_route"))
    refused = Refused("This request could not be understood.")
    refused.status = HTTPStatus(error.code or 400)
    return _page(refused)


def _too_large() -> Refused:
    refused = Refused("What you sent is too large.")
    refused.status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return refused


def _bug(error: Exception) -> ResponseReturnValue:
    incident = uuid4().hex[:12]
    # Only types and places: the message of an exception may quote what somebody wrote.
    _log.error("bug", incident=incident, kind=type(error).__name__, where=_where(error), endpoint=request.endpoint)
    return render_template("error.html", error=None, incident=incident, status=500), HTTPStatus.INTERNAL_SERVER_ERROR


def _where(error: Exception) -> str:
    trace = error.__traceback__
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-4:])


def install(app: Flask) -> None:
    """Map every refusal and every bug to its page."""
    app.register_error_handler(IntelhubError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(NoConnection, _database_error)
    app.register_error_handler(Exception, _bug)
