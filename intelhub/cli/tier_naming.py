"""Naming a tier, with its entry in the log: what it was and is called is sealed there together with the reason."""

from __future__ import annotations

from dataclasses import asdict

from intelhub.audit import record_act
from intelhub.cli.actions import TIER_NAMED
from intelhub.cli.opening import CONSOLE, Acting, CommandRefused
from intelhub.organisation import Tier, name_tier


def name_recorded(acting: Acting, number: int, *, name: str, name_en: str, reason: str) -> Tier:
    """The tier under its new name; raises `CommandRefused` without a reason."""
    if not reason.strip():
        raise CommandRefused("Say why the tier is called otherwise, such as the decision it rests on.")
    with acting.begin() as session:
        before, after = name_tier(CONSOLE, session, number, name=name, name_en=name_en)
        told = {"before": asdict(before), "after": asdict(after), "reason": reason.strip()}
        record_act(CONSOLE, session, TIER_NAMED, rule=f"tier {number}", sensitive=told)
    return after
