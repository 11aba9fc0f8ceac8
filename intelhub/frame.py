"""The frame around every page: who I am, where I sit, from where I work, and where I may go."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request, url_for
from flask import session as cookie
from flask_babel import get_locale, gettext
from flask_wtf.csrf import generate_csrf

from intelhub.access import NOBODY, may
from intelhub.organisation import find_unit
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.web.counting import Counter, CountMemory
from intelhub.platform.web.current import house
from intelhub.records.catalogues import entry


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """A place in the navigation."""

    label: str
    url: str
    icon: str
    count: int | None = None
    is_current: bool = False
    shortcut: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What `layout.html` draws around a page; see docs/developers/pages.md."""

    actor_name: str
    unit_name: str
    place: str
    place_label: str
    ceiling: int
    locale: str
    demo: bool
    navigate: Callable[[], tuple[NavigationItem, ...]]
    search_url: str | None
    sign_out_url: str
    stay_url: str
    session_ends_at: datetime | None
    csrf_token: str
    now: datetime

    @property
    def navigation(self) -> tuple[NavigationItem, ...]:
        """The places one may go to; what waits there is counted when a page first draws them, and by no fragment."""
        return self.navigate()

    def locale_url(self, language: str) -> str:
        """The address that switches the language and comes back; a refusal says nothing of what was asked for."""
        return url_for("access.choose_language", language=language, next="/" if "is_refusal" in g else request.path)


# Endpoint, icon, shortcut, permission (None for everybody), words.
_PLACES: tuple[tuple[str, str, str | None, str | None, Callable[[], str]], ...] = (
    ("records.home", "home", "g h", None, lambda: gettext("My work")),
    ("records.list_records", "file-text", "g r", "record.read", lambda: gettext("Records")),
    ("records.search", "search", "g s", "record.search", lambda: gettext("Search")),
    ("records.list_alerts", "bell", None, "record.search", lambda: gettext("Alerts")),
    ("organisation.show_tree", "sitemap", None, "unit.read", lambda: gettext("Units")),
    ("audit.search_entries", "shield-check", None, "audit.read", lambda: gettext("Audit log")),
    ("audit.show_chain", "link", None, "chain.read", lambda: gettext("State of the chain")),
    ("audit.search_refusals", "shield-lock", None, "audit.read_refusals", lambda: gettext("Refusals")),
    ("access.explain_decision", "list-check", None, "decision.explain", lambda: gettext("Explain a decision")),
    ("access.list_people", "users", None, "user.read", lambda: gettext("People")),
    ("health.show_health", "activity", None, "system.health", lambda: gettext("Health")),
    ("access.list_own_sessions", "device-desktop", None, "session.manage_own", lambda: gettext("My sessions")),
)


_SAFE = frozenset({"GET", "HEAD"})
_ACTED_AT = "acted_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What counts for which place of the navigation, and what this process counted last."""

    counters: Mapping[str, Counter]
    memory: CountMemory

    def of(self, endpoint: str, actor: Actor) -> int | None:
        """How many wait at a place; the place itself says it anew, and so does whatever has just changed something.

        A page that refuses has no session any more, and says no number: of two refusals nothing may tell them apart.
        """
        counter = self.counters.get(endpoint)
        if counter is None or "session" not in g or "is_refusal" in g:
            return None
        is_fresh = request.endpoint == endpoint or request.method not in _SAFE
        return self.memory.count(actor, g.session, counter, is_fresh=is_fresh, since=cookie.get(_ACTED_AT, 0.0))


def _navigation(actor: Actor, known: Collection[str], counts: Counts) -> tuple[NavigationItem, ...]:
    if actor is NOBODY:
        return ()
    here = request.script_root + request.path
    items = []
    for endpoint, icon, shortcut, permission, words in _PLACES:
        if endpoint in known and (permission is None or may(actor, permission)):
            url = url_for(endpoint)
            items.append(
                NavigationItem(
                    label=words(),
                    url=url,
                    icon=icon,
                    shortcut=shortcut,
                    # By its address: a question sent by POST is answered at the place it was asked at.
                    is_current=here == url,
                    count=counts.of(endpoint, actor),
                )
            )
    return tuple(items)


def _unit_name(actor: Actor, locale: str) -> str:
    """Where whoever acts sits; an error page has no session any more and opens one for this."""
    if not actor.posts or "is_outage" in g:
        return ""
    if "session" in g:
        unit = find_unit(actor, g.session, actor.posts[0].unit_id)
    else:
        with house().units.begin(actor, g.scope, g.known) as session:
            unit = find_unit(actor, session, actor.posts[0].unit_id)
    return unit.short_label(locale) if unit else ""


def build_frame(app: Flask, counts: Counts, *, is_demo: bool) -> Frame:
    """The frame of this request; it says who acts, what units are called and how many wait, never any content."""
    actor: Actor = getattr(g, "actor", NOBODY)
    locale = str(get_locale() or "vi")
    return Frame(
        actor_name=actor.display_name or actor.username,
        unit_name=_unit_name(actor, locale),
        place=actor.place.value,
        place_label=entry("place", actor.place.value).label(locale),
        ceiling=actor.ceiling,
        locale=locale,
        demo=is_demo,
        navigate=cache(partial(_navigation, actor, app.view_functions, counts)),
        search_url=url_for("records.search") if may(actor, "record.search") else None,
        sign_out_url=url_for("access.sign_out"),
        stay_url=url_for("access.stay"),
        session_ends_at=getattr(g, "session_ends_at", None),
        csrf_token=generate_csrf(),
        now=clock.now(),
    )


def install(app: Flask, *, is_demo: bool, counters: Mapping[str, Counter]) -> None:
    """Offer `frame` to every template, built when a template first asks for it; `counters` by endpoint."""
    counts = Counts(counters=counters, memory=CountMemory())

    def frame() -> dict[str, Any]:
        if "frame" not in g:
            g.frame = build_frame(app, counts, is_demo=is_demo)
        return {"frame": g.frame}

    def note_act(response: Response) -> Response:
        # After the commit: what any process counted before it is old now. Only the browser goes to all of them.
        # What was refused did nothing, and answers as it would for anybody else.
        has_acted = request.method not in _SAFE and getattr(g, "actor", NOBODY) is not NOBODY
        if has_acted and (response.status_code < HTTPStatus.BAD_REQUEST or g.keep_work):
            cookie[_ACTED_AT] = time.time()
        return response

    app.context_processor(frame)
    app.after_request(note_act)
