"""How the log reads on a page: acts, places, objects and decisions in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from flask_babel import get_locale, gettext

from intelhub.audit.actions import list_actions
from intelhub.audit.directory import Named, directory
from intelhub.audit.entry import SYSTEM_ACTOR_ID, ObjectRef
from intelhub.audit.queries import LoggedEntry
from intelhub.audit.reference import reference_of
from intelhub.audit.views import blueprint
from intelhub.platform.web import current_actor, current_session


def locale() -> str:
    """The reader's language."""
    return str(get_locale() or "vi")


def act_words(name: str) -> str:
    """What an act means; its name where nobody declares it any more."""
    action = list_actions().get(name)
    if action is None:
        return name
    return action.en if locale() == "en" else action.vi


def act_choices() -> list[tuple[str, str]]:
    """Every declared act with its meaning, in the order of the meanings."""
    return sorted(((name, act_words(name)) for name in list_actions()), key=lambda choice: choice[1].casefold())


def place_words(place: str) -> str:
    """From where somebody acted."""
    words: dict[str, str] = {
        "onsite": gettext("On site"),
        "duty_room": gettext("Duty room"),
        "remote": gettext("Remote"),
    }
    return words.get(place, place)


def kind_words(kind: str) -> str:
    """What an object is; its kind as the log writes it where there is no word for it."""
    words: dict[str, str] = {
        "record": gettext("Record"),
        "user": gettext("Person"),
        "unit": gettext("Unit"),
        "session": gettext("Session"),
        "compartment": gettext("Compartment"),
        "record_view": gettext("Saved view or search"),
        "record_alert": gettext("Alert"),
    }
    return words.get(kind, kind)


def act_of_rule(rule: str) -> str:
    """What somebody wanted to do when they were refused under a rule, as far as the rule says it."""
    wanted = rule.partition(":")[0]
    return directory().permission_words(wanted) or wanted or "–"


def reason_words(rule: str) -> str:
    """Why it was refused; the rule itself where there are no words for it."""
    why = rule.partition(":")[2]
    words: dict[str, str] = {
        "not_found": gettext("Not there, or not for this person"),
        "no_line": gettext("No duty function held brings this"),
        "not_author": gettext("It is their own record"),
        "own_unit": gettext("Not the unit of their post"),
        "leaderless": gettext("The unit has a leader of its own"),
        "reach": gettext("Outside the reach of their post"),
        "exposure": gettext("It has not come up far enough"),
        "line_ceiling": gettext("Above the highest level of their function"),
        "handling": gettext("The handling code does not allow it"),
        "above_ceiling": gettext("Above the highest level of the session"),
        "state": gettext("The record had moved on"),
        "Conflict": gettext("It had changed meanwhile"),
        "StaleVersion": gettext("It had changed meanwhile"),
        "own_rights": gettext("Nobody changes their own rights"),
        "csrf": gettext("The form came without its token"),
        "foreign_origin": gettext("The request came from another site"),
    }
    return words.get(why.partition(":")[0], why or rule or "–")


def decision_words(decision: str) -> str:
    """What was decided."""
    return str(gettext("Refused") if decision == "deny" else gettext("Allowed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who and which unit the entries of one page speak of."""

    people: dict[UUID, Named]
    units: dict[UUID, Named]

    def person(self, user_id: UUID) -> str:
        """A person's name; the short form of the id where there is no such account any more."""
        if user_id == SYSTEM_ACTOR_ID:
            return str(gettext("The system, or nobody signed in"))
        known = self.people.get(user_id)
        return known.name if known else reference_of(user_id)

    def username(self, user_id: UUID) -> str:
        """A person's username, if there is one."""
        known = self.people.get(user_id)
        return known.code if known else ""

    def unit(self, unit_id: UUID | None) -> str:
        """A unit's name, empty for no unit."""
        known = self.units.get(unit_id) if unit_id else None
        return known.name if known else (reference_of(unit_id) if unit_id else "")

    def object(self, reference: ObjectRef) -> str:
        """What an act was done to: people and units by name, everything else by its short reference."""
        if reference.kind == "user":
            return f"{kind_words('user')}: {self.person(reference.id)}"
        if reference.kind == "unit":
            return f"{kind_words('unit')}: {self.unit(reference.id)}"
        return f"{kind_words(reference.kind)} {reference_of(reference.id)}"


def names_for(entries: Iterable[LoggedEntry], *, people: Iterable[UUID] = (), units: Iterable[UUID] = ()) -> Names:
    """The names that these entries need, and some more."""
    wanted_people, wanted_units = set(people), set(units)
    for logged in entries:
        entry = logged.entry
        wanted_people.add(entry.actor_id)
        wanted_units |= {entry.unit_id} if entry.unit_id else set()
        if entry.object_ref is not None and entry.object_ref.kind == "user":
            wanted_people.add(entry.object_ref.id)
        if entry.object_ref is not None and entry.object_ref.kind == "unit":
            wanted_units.add(entry.object_ref.id)
    wanted_people.discard(SYSTEM_ACTOR_ID)
    actor, session, known = current_actor(), current_session(), directory()
    return Names(
        people=dict(known.names_of(actor, session, wanted_people, locale())),
        units=dict(known.unit_names_of(actor, session, wanted_units, locale())),
    )


@blueprint.context_processor
def words_of_the_log() -> dict[str, object]:
    """What the templates of the log say values with."""
    return {
        "act_words": act_words,
        "place_words": place_words,
        "kind_words": kind_words,
        "decision_words": decision_words,
        "reference_of": reference_of,
    }
