"""The places a session can work from, as a page offers them."""

from __future__ import annotations

from flask_babel import gettext

from intelhub.platform.actor import Place


def place_choices() -> list[tuple[str, str, str]]:
    """Each place with its words and what it means for the session."""
    return [
        (Place.ONSITE.value, gettext("On site"), gettext("At your desk, on your unit's own network")),
        (Place.DUTY_ROOM.value, gettext("Duty room"), gettext("On shift in the duty room")),
        (Place.REMOTE.value, gettext("Remote"), gettext("Anywhere else: nothing secret is shown")),
    ]


def place_of(typed: str | None) -> Place | None:
    """The place that was chosen, or None for anything else."""
    return Place(typed) if typed in set(Place) else None


def place_words(place: Place) -> str:
    """A place in the reader's language."""
    return next(words for value, words, _ in place_choices() if value == place)
