"""What stands beside the search box: one's saved searches, those shared with one, and what can be done to one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import request, url_for

from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session
from intelhub.records.domain import ViewKind
from intelhub.records.queries import find_reference
from intelhub.records.service import asked, saved_views, shared_searches, watching
from intelhub.records.service.shared_searches import SharedSearch
from intelhub.records.views.words import choices
from intelhub.search import Order, SearchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The saved search that a page shows, and a name that was refused as it was typed."""

    current: SharedSearch | None = None
    name: str = ""
    level: int | None = None
    errors: tuple[Message, ...] = ()


NOTHING = Beside()


def words_beside(question: SearchRequest, beside: Beside) -> dict[str, Any]:
    """Everything the page draws beside the box and around its result."""
    actor, session = current_actor(), current_session()
    views = saved_views.list_views(actor, session, ViewKind.SEARCH)
    removed = find_reference(request.args.get("removed"))
    current = beside.current
    shared = shared_searches.list_shared(actor, session)
    is_own = current is not None and current.view.owner_id == actor.user_id
    return {
        "beside": beside,
        "is_own": is_own,
        "saved": [(view, _url(view.id)) for view in views if not view.is_removed and not view.is_damaged],
        "shared": [(one, _url(one.view.id)) for one in shared],
        "names_level": max((view.level for view in (*views, *(one.view for one in shared))), default=0),
        "watched": watching.list_watched(actor, session),
        "removed": next((view for view in views if view.is_removed and view.id == removed), None),
        "damaged": [view for view in views if view.is_damaged],
        "longest_name": saved_views.LONGEST_NAME,
        "own_units": list(dict.fromkeys(post.unit_id for post in actor.posts)),
        **_to_save(question, beside),
    }


def _to_save(question: SearchRequest, beside: Beside) -> dict[str, Any]:
    """What the form needs that gives a question a name: the question sealed, and the levels its words may have."""
    actor = current_actor()
    is_asked = replace(question, until=None, order=Order.NEWEST) != SearchRequest()
    sealed = asked.seal_question(actor, current_session(), question, most=asked.LONGEST_IN_A_FORM) if is_asked else ""
    return {
        "to_save": sealed if beside.current is None else "",
        "levels": [(code, words) for code, words in choices("level") if int(code) <= actor.ceiling],
        "save_level": actor.ceiling if beside.level is None else beside.level,
    }


def _url(view_id: UUID) -> str:
    return url_for(".show_saved_search", record_view_id=view_id)
