"""Sentences for people, written in English where they arise and translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@runtime_checkable
class Named(Protocol):
    """What has a name of its own in each language; a sentence takes the one of its own language."""

    def label(self, locale: str) -> str:
        """The name in a language."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A translatable sentence with its parameters, such as `Message("At least %(count)d characters.", {"count": 20})`.

    Services may not know the web; the template layer translates `msgid` and then fills in `parameters`.
    """

    msgid: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = {
            name: value.label("en") if isinstance(value, Named) else value for name, value in self.parameters.items()
        }
        return self.msgid % parts if parts else self.msgid
