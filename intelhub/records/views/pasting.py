"""“Paste a list”: identifiers out of a column of a table, looked up together."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.records import queries
from intelhub.records.service import pasting
from intelhub.records.views import blueprint

_LONGEST_TEXT = 40_000


def _page(text: str = "", answer: pasting.PastedList | None = None, errors: tuple[Message, ...] = ()) -> str:
    return render_template(
        "records/identifiers.html",
        page_level=answer.level if answer else 0,
        text=text,
        answer=answer,
        errors=errors,
        most=pasting.MOST_PASTED,
        count_limit=queries.COUNT_LIMIT,
    )


@blueprint.get("/search/identifiers", access=needs("record.search"))
def paste_identifiers() -> ResponseReturnValue:
    """The empty field."""
    return _page()


@blueprint.post("/search/identifiers", access=needs("record.search"))
def look_up_identifiers() -> ResponseReturnValue:
    """Which of the pasted identifiers are known and which are not, logged before it is shown."""
    text = request.form.get("identifiers", "")
    if len(text) > _LONGEST_TEXT:
        said = Message(
            "This has %(count)d letters, and %(most)d are looked through at once. Paste it in parts; nothing is lost.",
            {"count": len(text), "most": _LONGEST_TEXT},
        )
        return _page(text, errors=(said,)), 422
    if not text.strip():
        return _page(errors=(Message("Paste at least one identifier."),)), 422
    return _page(text, pasting.look_up_pasted(current_actor(), current_session(), text))
