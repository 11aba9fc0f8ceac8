"""Who works where no person does: the worker, in its own database role."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from intelhub.audit import SYSTEM_ACTOR_ID
from intelhub.platform.actor import Actor

WORKER = Actor(user_id=SYSTEM_ACTOR_ID, username="worker")


@dataclass(frozen=True, slots=True)
class SystemScope:
    """No row filter: the worker's database role has policies and grants of its own."""

    is_system: bool = True

    def context(self) -> Mapping[str, str]:
        """No actor stands behind the system."""
        return {}

    def rights(self) -> Hashable:
        """No filter is made for the system."""
        return self.is_system
