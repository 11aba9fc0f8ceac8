"""Rights that end soon: on the home of whoever watches over them or renews them, and as a list of their own."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from intelhub.access import actions
from intelhub.access.decision import may
from intelhub.access.directory import BACK, READ_GRANTS
from intelhub.access.endings import AHEAD, Ending, list_endings
from intelhub.access.views import blueprint
from intelhub.access.views.words import function_words
from intelhub.audit import record_act
from intelhub.organisation import load_directory
from intelhub.platform.web import current_actor, current_session, needs, station

_AT_HOME, _MOST = 8, 200


@blueprint.get("/people/ending", access=needs(READ_GRANTS))
def show_endings() -> ResponseReturnValue:
    """What ends within 30 days or ended within the last 7."""
    return _page("access/endings.html", _MOST)


@station(blueprint, READ_GRANTS)
def show_endings_station() -> str:
    """The first of them."""
    return _page("access/_endings_station.html", _AT_HOME)


def _page(template: str, limit: int) -> str:
    actor, session = current_actor(), current_session()
    endings, has_more = list_endings(actor, session, limit=limit)
    record_act(actor, session, actions.USER_LISTED, rule="endings")
    return render_template(
        template,
        page_level=0,
        endings=[(ending, *_duty_words(ending)) for ending in endings],
        has_more=has_more,
        ahead=AHEAD.days,
        back=BACK.days,
        may_renew=may(actor, "user.manage"),
    )


def _duty_words(ending: Ending) -> tuple[str, str]:
    """The function and the unit in the reader's language; nothing for a clearance."""
    if ending.function is None or ending.unit_id is None:
        return "", ""
    unit = load_directory(current_session()).ever.find(ending.unit_id)
    return function_words(ending.function), unit.short_label(str(get_locale())) if unit else ""
