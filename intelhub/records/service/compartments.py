"""Which compartments a record lies in: those its author chose and is in, and those it cannot leave any more.

What is unknown, not held or malformed is refused with one and the same sentence, so that nobody finds out by trying
which compartments there are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import Exposure, Label, has_another_leader, is_there_somebody_who_may, list_compartment_names
from intelhub.organisation import load_directory
from intelhub.platform.actor import Actor
from intelhub.platform.errors import RuleRefused
from intelhub.platform.messages import Message
from intelhub.records.domain import RecordState

NOT_HELD = "compartment_not_held"
_NOBODY = UUID(int=0)


def compartments_of(actor: Actor, fields: Mapping[str, Any], *, kept: Iterable[UUID] = ()) -> list[UUID]:
    """The compartments of a record with these fields; it stays in those of `kept`. Raises `RuleRefused`.

    Whatever was published in a compartment was written for its members alone: to take it out is a downgrade.
    """
    chosen = fields.get("compartments") or ()
    held = {str(one): one for one in actor.compartments}
    if not isinstance(chosen, list | tuple) or not all(isinstance(one, str) and one in held for one in chosen):
        raise _not_held()
    return sorted({held[one] for one in chosen} | set(kept))


def compartments_named(actor: Actor, session: Session, names: object) -> list[str]:
    """The compartments of an import line, which calls them by name, as the form sends them; raises `RuleRefused`."""
    if names is None:
        return []
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        said = Message("Compartments are a list of names.")
        raise RuleRefused(said, rule="import_shape", fields={"compartments": (said,)})
    held = {_folded(name): str(identity) for identity, name in list_compartment_names(actor, session).items()}
    found = [held.get(_folded(name)) for name in names]
    if None in found:
        raise _not_held()
    return [one for one in found if one is not None]


def check_somebody_forwards(actor: Actor, session: Session, label: Label) -> None:
    """Raise `RuleRefused` when nobody but its author could send the record on: it would lie where no one looks."""
    if not label.compartments or has_another_leader(actor, session, label):
        return
    standing_in = replace(label, exposure=Exposure.DEPARTMENT, state=str(RecordState.SUBMITTED))
    if not is_there_somebody_who_may(actor, session, "forward", standing_in):
        said = Message(
            "Nobody who could forward this record is in all of these compartments."
            " Choose others, or ask for your leader to be let in."
        )
        raise RuleRefused(said, rule="nobody_forwards", fields={"compartments": (said,)})


def check_somebody_receives(actor: Actor, session: Session, label: Label) -> None:
    """Raise `RuleRefused` when nobody of the department could work on what is forwarded to it."""
    received = replace(label, exposure=Exposure.DEPARTMENT, state=str(RecordState.RECEIVED))
    if label.compartments and not is_there_somebody_who_may(actor, session, "evaluate", received):
        said = Message(
            "Nobody at the %(tier)s who grades records is in all compartments of this one."
            " Ask for somebody there to be let in, then forward it.",
            {"tier": load_directory(session).tier(2)},
        )
        raise RuleRefused(said, rule="nobody_receives")


def check_headquarters_reads(actor: Actor, session: Session, label: Label) -> None:
    """Raise `RuleRefused` when nobody at headquarters could read what is shared with it."""
    # Of nobody's unit and by nobody: its own department reads it already and does not count.
    elsewhere = replace(
        label, author_id=_NOBODY, owning_unit_id=_NOBODY, origin_department_id=_NOBODY,
        exposure=Exposure.HEADQUARTERS, state=str(RecordState.SHARED_UP),
    )  # fmt: skip
    if label.compartments and not is_there_somebody_who_may(actor, session, "read", elsewhere):
        said = Message(
            "Nobody at the %(tier)s is in all compartments of this record."
            " Ask for somebody there to be let in, then share it.",
            {"tier": load_directory(session).tier(1)},
        )
        raise RuleRefused(said, rule="nobody_at_headquarters")


def _not_held() -> RuleRefused:
    said = Message("There is no such compartment that you are in. Choose among yours.")
    return RuleRefused(said, rule=NOT_HELD, fields={"compartments": (said,)})


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()
