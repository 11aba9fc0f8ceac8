"""What desks are called, and the one next act on each of their lines."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext

from intelhub.organisation import tier_name
from intelhub.records.domain import RecordState, RecordSummary


def title_of(key: str) -> str:
    """A desk's title in the reader's language."""
    titles: dict[str, str] = {
        "approve": gettext("To share with the %(tier)s", tier=tier_name(1)), "review": gettext("To review"),
        "drafts": gettext("Drafts and returned records"), "mine": gettext("Assigned to me"),
        "triage": gettext("Received, not yet assigned"), "shared": gettext("Shared up"),
        "colleagues": gettext("With others of the %(tier)s", tier=tier_name(2)),
        "received": gettext("Shared with my unit"),
        "late": gettext("Waiting too long"), "today": gettext("Shared up today"),
    }  # fmt: skip
    return titles[key]


def limit_words(limit: timedelta) -> str:
    """A time limit in days where it is whole days, else in hours."""
    hours = int(limit.total_seconds() // 3600)
    if hours % 24:
        return str(gettext("%(count)s h", count=hours))
    return str(gettext("%(count)s d", count=hours // 24))


def act_on(key: str, line: RecordSummary | None, *, takes_on: bool) -> str:
    """What is to be done next with a line of a desk."""
    acts: dict[str, str] = {
        "approve": gettext("Decide"), "review": gettext("Review"), "drafts": gettext("Go on writing"),
        "triage": gettext("Take on") if takes_on else gettext("Open"),
        "mine": gettext("Grade") if line and line.state is RecordState.RECEIVED else gettext("Collate"),
        "colleagues": gettext("Open"), "shared": gettext("Read"), "received": gettext("Read"),
    }  # fmt: skip
    return acts[key]
