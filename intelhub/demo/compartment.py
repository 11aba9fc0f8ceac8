"""The one compartment of the demo: a few invented people of one gate and their way up, and some of their records."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub import access
from intelhub.demo.content import DemoRecord
from intelhub.platform.actor import Actor

NAME = "Chuyên đề Lá Thông"
MEMBERS = frozenset(
    {
        "15bb.officer1",
        "15bb.officer2",
        "15bb.contributor1",
        "15bb.leader1",
        "15cbl.analyst1",
        "15cbl.head1",
        "dtcbl.analyst1",
    }
)
_EVERY = 3


def lies_in(index: int, record: DemoRecord) -> bool:
    """Whether the record at a place of the sequence lies in the compartment: members alone touched it or got it."""
    people = {record.author} | {step.username for step in record.steps}
    people |= {step.details["assignee"] for step in record.steps if step.event == "assign"}
    return people <= MEMBERS and not record.is_story and index % _EVERY == 0


def load_compartment(console: Actor, session: Session, ids: Mapping[str, UUID]) -> None:
    """Make it and let its members in, whose ids are given by username."""
    compartment_id = access.create_compartment(console, session, name=NAME)
    for username in sorted(MEMBERS):
        access.add_member(console, session, compartment_id=compartment_id, user_id=ids[username])


def find_compartment(actor: Actor, session: Session) -> list[str]:
    """The compartment as the form sends it."""
    return [str(one) for one, name in access.list_compartment_names(actor, session).items() if name == NAME]
