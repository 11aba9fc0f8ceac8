"""The pages of the organisation: the tree of a day with its search, and the page of one unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from jinja2_fragments.flask import render_block

from intelhub.organisation.domain import EventKind, Tree, Unit, UnitKind
from intelhub.organisation.outline import Happening, history_of, outline
from intelhub.organisation.people import list_people_at
from intelhub.organisation.queries import load_directory, today
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound
from intelhub.platform.web import FeatureBlueprint, current_actor, current_session, needs

organisation = FeatureBlueprint("organisation", __name__, template_folder="templates")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_QUERY = 100
_LONGEST_DAY = 20
_SHOWN = 50
_REFUSED = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDay:
    """The day a page is asked for; `problem` is the sentence about a day that cannot be read."""

    typed: str
    day: date
    is_today: bool
    problem: str | None = None

    @property
    def in_address(self) -> str | None:
        """What links to other pages carry on, so that one stays on the same day."""
        return None if self.is_today else self.day.isoformat()

    def url_of(self, unit: Unit) -> str:
        """The address of a unit's page on this day."""
        return url_for("organisation.show_unit", code=unit.code, on=self.in_address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A unit that a search found; one that is not there on the day is marked, and stands under no path of it."""

    unit: Unit
    path: str
    is_there: bool


def _asked_day() -> AskedDay:
    typed = request.args.get("on", "").strip()
    if not typed:
        return AskedDay(typed="", day=today(), is_today=True)
    try:
        day = date.fromisoformat(typed) if _DAY.fullmatch(typed) else None
    except ValueError:  # such as 31 February
        day = None
    if day is None:
        sentence = gettext(
            "There is no day “%(typed)s”. Choose one from the calendar or write it as year-month-day.",
            typed=typed[:_LONGEST_DAY],
        )
        return AskedDay(typed=typed, day=today(), is_today=True, problem=sentence)
    return AskedDay(typed=typed, day=day, is_today=day == today())


def _locale() -> str:
    return str(get_locale() or "vi")


def _own_path(actor: Actor, tree: Tree) -> frozenset[UUID]:
    """The ids on the way from the root to where this person sits: these branches are unfolded from the start."""
    posts = (post.unit_id for post in actor.posts if post.unit_id in tree)
    return frozenset(unit.id for unit_id in posts for unit in tree.path(unit_id))


def _search(query: str, tree: Tree, ever: Tree) -> tuple[Found, ...]:
    """Units of the day first, then those of other days: an old code on an old paper is looked for as well."""
    locale = _locale()
    there = tree.search(query, limit=_SHOWN + 1)
    others = (unit for unit in ever.search(query, limit=_SHOWN + 1 + len(there)) if unit.id not in tree)
    found = [Found(unit=unit, path=_path(tree.path(unit.id)[:-1], locale), is_there=True) for unit in there]
    found += [Found(unit=unit, path="", is_there=False) for unit in others]
    return tuple(found[: _SHOWN + 1])


def _path(units: Iterable[Unit], locale: str) -> str:
    return " / ".join(unit.short_label(locale) for unit in units)


def tier_names() -> dict[str, str]:
    """What this administration calls its tiers, in the reader's language, for texts that say %(tier2)s."""
    directory = load_directory(current_session())
    return {f"tier{number}": directory.tier(number).label(_locale()) for number in (1, 2, 3)}


@organisation.app_template_global()
def tier_name(number: int) -> str:
    """What this administration calls a tier, in the reader's language: no page may know it otherwise."""
    return load_directory(current_session()).tier(number).label(_locale())


@organisation.get("/units", access=needs("unit.read"))
def show_tree() -> ResponseReturnValue:
    """The tree of today or of another day, or what a search in it finds."""
    actor, session = current_actor(), current_session()
    asked = _asked_day()
    query = request.args.get("q", "").strip()[:_LONGEST_QUERY]
    directory = load_directory(session)
    tree = directory.as_of(asked.day)
    opened = _own_path(actor, tree) | ({tree.root.id} if len(tree) else frozenset())
    found = _search(query, tree, directory.ever) if query else ()
    page = {
        "page_level": 0,
        "asked": asked,
        "query": query,
        "found": found[:_SHOWN],
        "has_more": len(found) > _SHOWN,
        "branch": outline(tree, tree.root.id, opened) if len(tree) and not query else None,
        "own_units": {post.unit_id for post in actor.posts},
        "locale": _locale(),
    }
    if "HX-Request" in request.headers:
        return render_block("organisation/tree.html", "units", **page), _REFUSED if asked.problem else 200
    return render_template("organisation/tree.html", **page), _REFUSED if asked.problem else 200


@organisation.get("/units/<code>", access=needs("unit.read"))
def show_unit(code: str) -> ResponseReturnValue:
    """One unit as it stands on the day; one that is not there then, as it stands today or last stood."""
    actor, session = current_actor(), current_session()
    asked = _asked_day()
    directory = load_directory(session)
    tree = directory.as_of(asked.day)
    unit = tree.find(code)
    is_there = unit is not None
    if unit is None:
        tree = next((tree for tree in (directory.as_of(today()), directory.ever) if tree.find(code)), directory.ever)
        unit = tree.find(code)
    if unit is None:
        raise NotFound(rule="no_such_unit")
    locale = _locale()
    page = render_template(
        "organisation/unit.html",
        page_level=0,
        asked=asked,
        unit=unit,
        is_there=is_there,
        path=tree.path(unit.id)[:-1],
        department=tree.department_of(unit.id),
        specialised=tree.specialised_of(unit.id) if is_there else None,
        kind=_kind_words(unit.kind),
        branch=outline(tree, unit.id, {unit.id}) if is_there else None,
        own_units={post.unit_id for post in actor.posts},
        history=[(happening, _event_words(happening)) for happening in history_of(directory, unit.id)],
        predecessors=directory.predecessors(unit.id),
        successors=directory.successors(unit.id),
        people=list_people_at(actor, session, unit.id),
        locale=locale,
    )
    return page, _REFUSED if asked.problem else 200


@organisation.post("/suggestions/units", access=needs("unit.read"))
def suggest_units() -> ResponseReturnValue:
    """The units that what was typed may mean, for the list under a field: all of them would outweigh its page."""
    typed = next((value for name, value in request.form.items() if name != "csrf_token"), "")
    found = load_directory(current_session()).ever.search(typed[:_LONGEST_QUERY])
    options = [(unit.code, unit.short_label(_locale())) for unit in found]
    return render_template("organisation/_suggestions.html", options=options)


def _kind_words(kind: UnitKind) -> str:
    """What a unit is, in words that hold for every administration; what it is called stands in its name."""
    words: dict[UnitKind, str] = {
        UnitKind.GENERAL_DEPARTMENT: gettext("Central customs authority"),
        UnitKind.HQ_DEPARTMENT: gettext("Unit of the central authority"),
        UnitKind.DEPARTMENT: gettext("Customs of a province or region"),
        UnitKind.BORDER_GATE: gettext("Border-gate office"),
        UnitKind.INLAND: gettext("Inland office"),
        UnitKind.DIVISION: gettext("Division"),
        UnitKind.TEAM: gettext("Team"),
        UnitKind.GROUP: gettext("Group"),
    }
    return words[kind]


def _event_words(happening: Happening) -> str:
    if happening.took_over:
        return str(gettext("Took over from"))
    if happening.event.on is None:
        return str(gettext("There since before the records begin"))
    words: dict[EventKind, str] = {
        EventKind.FOUNDED: gettext("Founded"),
        EventKind.RENAMED: gettext("Renamed"),
        EventKind.MOVED: gettext("Moved under"),
        EventKind.MERGED: gettext("Merged into"),
        EventKind.SPLIT: gettext("Split into"),
        EventKind.CLOSED: gettext("Closed"),
    }
    return words[happening.event.kind]
