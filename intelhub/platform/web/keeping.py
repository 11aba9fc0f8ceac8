"""What was typed goes back to the browser that sent it when its session, or the token of its form, is over.

The answer carries the form once more, for whoever signs in to send; it is decided anew then, as theirs. Nothing of it
may be kept or logged, no other site may have it shown, and no form in which somebody proves who they are comes back.
"""

from __future__ import annotations

from flask import g, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from intelhub.platform.errors import IntelhubError
from intelhub.platform.web.blueprint import Access
from intelhub.platform.web.current import house

PROOFS = frozenset({"password", "repeated", "current", "code"})
_TOKEN = "csrf_token"  # noqa: S105 - the name of the field


def is_script() -> bool:
    """Whether a script of the page asks: what was typed is on that page still."""
    return "HX-Request" in request.headers


def _is_from_own_page() -> bool:
    """Whether the browser says that a page of this server sent the request: saying nothing is not enough here."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if origin is None:
        return site == "same-origin"
    return site in {None, "same-origin"} and origin in house().own_origins


def _typed() -> list[tuple[str, str]] | None:
    """The fields of a form that may go back."""
    mark = getattr(g, "access", None)
    # Only work asks for a permission; whoever signs in or changes a password is at an address that asks for none.
    is_work = isinstance(mark, Access) and mark.permission is not None
    if request.method != "POST" or not is_work or is_script() or not _is_from_own_page():
        return None
    try:
        fields = [(name, value) for name, value in request.form.items(multi=True) if name != _TOKEN]
    except RequestEntityTooLarge:
        return None
    return None if PROOFS & {name for name, _ in fields} else fields


def page_with_what_was_typed(error: IntelhubError) -> str | None:
    """A page that carries the refused form in itself, to be sent again; None where nothing may go back."""
    fields = _typed()
    if not fields:
        return None
    g.is_refusal = True
    return render_template(
        "kept.html",
        status=int(error.status),
        action=request.full_path if request.query_string else request.path,
        fields=fields,
        sign_in_url=url_for(house().sign_in_endpoint),
    )
