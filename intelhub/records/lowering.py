"""Coming down to a lower level takes two persons: the author proposes it, the leader of the unit decides.

A proposal is sealed with the content, at the level the record keeps until then. In the fields of a record, `level` and
`list_item` are what it stands at; beside them lie the proposed ones and the author's reason while nobody has agreed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intelhub.platform.errors import RuleRefused
from intelhub.records.domain import RecordContent
from intelhub.records.validation import fields_of

_PROPOSED = ("proposed_level", "proposed_list_item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The lower level an author proposed, the item of the list it would rest on, and why."""

    level: int
    list_item: str | None
    reason: str


def proposal_of(fields: Mapping[str, Any]) -> Proposal | None:
    """What the author of these published fields proposed and nobody agreed to yet."""
    if fields.get("proposed_level") is None:
        return None
    return Proposal(
        level=fields["proposed_level"], list_item=fields["proposed_list_item"], reason=fields["level_reason"]
    )


def get_proposal(fields: Mapping[str, Any], level: int) -> Proposal:
    """The proposal to come down from `level`; raises `RuleRefused` where there is none."""
    proposal = proposal_of(fields)
    if proposal is None or not 0 <= proposal.level < level:
        raise RuleRefused("The author of this record proposes no lower level.", rule="no_lower_level_proposed")
    return proposal


def publish_fields(content: RecordContent, standing: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields to seal: a level below the one of the `standing` fields becomes a proposal.

    `standing` is None for a record that was never sent: its author alone has read it.
    """
    fields = fields_of(content)
    if standing is None or content.level >= standing["level"]:
        return fields
    return fields | {
        "level": standing["level"],
        "list_item": standing["list_item"],
        "proposed_level": content.level,
        "proposed_list_item": content.list_item,
    }


def lower_fields(fields: Mapping[str, Any], proposal: Proposal) -> dict[str, Any]:
    """The fields at the level that was agreed to.

    The author's reason stays behind, with the version it was given in: it was written at the higher level.
    """
    kept = {name: value for name, value in fields.items() if name not in _PROPOSED}
    return kept | {"level": proposal.level, "list_item": proposal.list_item, "level_reason": ""}


def as_typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Published fields as their author typed them, to go on with: what was proposed stands in the form again."""
    proposal = proposal_of(fields)
    return dict(fields) if proposal is None else lower_fields(fields, proposal) | {"level_reason": proposal.reason}
