"""Loading a shipped organisation, with its entry in the log."""

from __future__ import annotations

from intelhub.audit import record_act
from intelhub.cli.actions import ORGANISATION_LOADED
from intelhub.cli.opening import CONSOLE
from intelhub.organisation import Loaded, load_template
from intelhub.platform.unit_of_work import ActorSession


def load_recorded(session: ActorSession, template: str) -> Loaded:
    """Load a template or what is new in it; nothing is written down when nothing was new."""
    loaded = load_template(session, template)
    if loaded.units or loaded.events:
        record_act(CONSOLE, session, ORGANISATION_LOADED, rule=template)
    return loaded
