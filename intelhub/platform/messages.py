"""Sentences for people, written in English where they arise and translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A translatable sentence with its parameters, such as `Message("At least %(count)d characters.", {"count": 20})`.

    Services may not know the web; the template layer translates `msgid` and then fills in `parameters`.
    """

    msgid: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid % self.parameters if self.parameters else self.msgid
