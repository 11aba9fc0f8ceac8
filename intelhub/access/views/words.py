"""What duty functions, ways to sign in and acts are called on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext

from intelhub.access.domain import Strength
from intelhub.access.permissions import PERMISSIONS
from intelhub.organisation import tier_name

_FUNCTIONS: Mapping[str, Callable[[], str]] = {
    "contributor": lambda: gettext("Contributor"),
    "group_officer": lambda: gettext("Control group officer"),
    "group_leader": lambda: gettext("Control group leader"),
    "analyst": lambda: gettext("Analyst"),
    "unit_head": lambda: gettext("Head of division"),
    "department_leader": lambda: gettext("Leader of the %(tier)s", tier=tier_name(2)),
    "security_officer": lambda: gettext("Security officer"),
    "division_head": lambda: gettext("Head of division at the %(tier)s", tier=tier_name(1)),
    "leader": lambda: gettext("Leader at the %(tier)s", tier=tier_name(1)),
    "auditor": lambda: gettext("Auditor"),
    "operator": lambda: gettext("Operator"),
}


def function_words(function: str) -> str:
    """A duty function in the reader's language."""
    return _FUNCTIONS[function]()


def strength_words(strength: Strength) -> str:
    """How a session was signed in, in the reader's language."""
    words: dict[Strength, str] = {
        Strength.PASSWORD: gettext("Password"),
        Strength.TOTP: gettext("Password and one-time code"),
        Strength.DEMO: gettext("Demo, one click"),
    }
    return words[strength]


def explainable_acts() -> list[tuple[str, str]]:
    """Every act on a record that a decision is about, with its sentence."""
    without_object = {"record.create", "record.search"}
    return [
        (permission.partition(".")[2], gettext(sentence))
        for permission, sentence in PERMISSIONS.items()
        if permission.startswith("record.") and permission not in without_object
    ]


def check_words(name: str) -> str:
    """What one check of a decision asks, in the reader's language."""
    words: dict[str, str] = {
        "clearance": gettext("Clearance of the person"),
        "session_ceiling": gettext("Highest level of the session"),
        "place_ceiling": gettext("Highest level at the place"),
        "compartments": gettext("Compartments held"),
        "reach": gettext("Within the reach of the post"),
        "exposure": gettext("Come up far enough"),
        "line_ceiling": gettext("Highest level of the line"),
        "handling": gettext("Handling code"),
        "not_author": gettext("Not one's own record"),
        "own_unit": gettext("In the unit of the post"),
        "leaderless": gettext("The unit has no leader of its own"),
        "no_line": gettext("A policy line for this act"),
    }
    return words[name]
