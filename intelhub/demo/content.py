"""What a demo is made of, as values: people with their posts, and records with the way they went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from intelhub.platform.actor import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPost:
    """A duty function at a unit, both by code."""

    function: str
    unit_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """An invented officer; a persona is one that a visitor may become with one click."""

    username: str
    display_name: str
    posts: tuple[DemoPost, ...]
    clearance: int
    place: Place = Place.ONSITE
    is_persona: bool = False
    title_vi: str = ""
    title_en: str = ""
    blurb_vi: str = ""
    blurb_en: str = ""

    @property
    def unit_code(self) -> str:
        """The unit of the first post: where this person sits."""
        return self.posts[0].unit_code

    @property
    def functions(self) -> frozenset[str]:
        """The duty functions held anywhere."""
        return frozenset(post.function for post in self.posts)

    def holds(self, function: str, unit_code: str) -> bool:
        """Whether this person holds a function at just this unit."""
        return DemoPost(function=function, unit_code=unit_code) in self.posts


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStep:
    """One event of a record's life: what, by whom, when, and the words or values that go with it.

    `details` holds, by event: submit `{"changes": {field: value}}` after a return, else nothing; return `{"comment"}`;
    lower_level `{"reason"}`;
    evaluate `{"source_grade", "info_grade", "reason"}` and, for a 1, `"corroborating": [index]`;
    mark_duplicate `{"target", "reason"}`; collate `{"entities", "no_entity_reason"}`; share_up `{"note"}`. Every index
    is that of an earlier record of the same run and department.
    """

    event: str
    username: str
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRecord:
    """An invented record: the fields as its author first typed them, and what happened to it since.

    `unit_code` is the unit it is written for: the author holds a post there. `is_english` says the text is English;
    `is_story` marks the two earlier records that the acceptance journey finds again.
    """

    content: Mapping[str, Any]
    author: str
    unit_code: str
    created_at: datetime
    steps: tuple[DemoStep, ...] = ()
    is_english: bool = False
    is_story: bool = False
