"""The work of `intelhub access explain`: labels are read under the worker's role, content never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from intelhub.access import PERMISSIONS, Label, actor_named, explain
from intelhub.audit import ObjectRef, record_act
from intelhub.cli.actions import EXPLAINED
from intelhub.cli.opening import CONSOLE, CommandRefused, find_actor, system_work
from intelhub.platform.actor import Place
from intelhub.platform.messages import Message
from intelhub.platform.unit_of_work import ActorSession
from intelhub.records import find_labels

_KIND = "record."


def explain_to_console(var: Path, username: str, action: str, reference: str, place: str) -> Iterator[str]:
    """The explanations, one for each record the reference means; raises `CommandRefused`."""
    verb = action.removeprefix(_KIND)
    verbs = sorted(name.removeprefix(_KIND) for name in PERMISSIONS if name.startswith(_KIND))
    if verb not in verbs:
        raise CommandRefused(
            Message(
                "There is no act “%(action)s”. Name one of: %(verbs)s.", {"action": action, "verbs": ", ".join(verbs)}
            )
        )
    with system_work(var, role="worker") as acting, acting.begin() as session:
        person = find_actor(session, username)
        actor = actor_named(session, person.username, place=Place(place))
        explained = [(label, explain(actor, verb, label).as_text()) for label in _labels(session, reference)]
        for label, _ in explained:
            record_act(CONSOLE, session, EXPLAINED, object=ObjectRef("record", label.object_id), rule=f"record.{verb}")
    yield from (text for _, text in explained)


def _labels(session: ActorSession, reference: str) -> tuple[Label, ...]:
    labels = find_labels(session, reference)
    if not labels:
        raise CommandRefused(
            Message(
                "There is no record “%(reference)s”. Name it by its id, as it stands in its address, or by its number.",
                {"reference": reference},
            )
        )
    return labels
