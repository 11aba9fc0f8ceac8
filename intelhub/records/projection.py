"""From a record to the document that search knows: written in the transaction of every published change.

Drafts are not indexed. Whatever stands here can be found by everybody who may read the record, and by nobody else.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Any, cast

from sqlalchemy.orm import Session

from intelhub.organisation import load_directory
from intelhub.records.domain import RecordHead, Work
from intelhub.records.identifiers import IdentifierKind, locate
from intelhub.records.models import RecordRow
from intelhub.search import Partition, SearchDocument, SearchIndex, Spotted, register_recogniser

_FIELDS = {
    IdentifierKind.VEHICLE: "plate",
    IdentifierKind.CONTAINER: "container",
    IdentifierKind.ENTERPRISE: "taxcode",
    IdentifierKind.VESSEL: "imo",
    IdentifierKind.GOODS: "hs",
    IdentifierKind.DECLARATION: "declaration",
    IdentifierKind.SEAL: "seal",
}
_NAMES = {"enterprise": "company", "vessel": "vessel", "person": "person"}
_HS_HEADINGS = (4, 6)

MERGED_INTO, NUMBER = "merged_into", "number"
"""What the index is asked for by pages alone: no word of the query language reaches them."""


def spot(text: str) -> list[Spotted]:
    """The identifiers of the trade in a text, for the index and for queries, whatever their spelling."""
    return [
        Spotted(start=sighting.start, end=sighting.end, normalised=sighting.identifier.value)
        for sighting in locate(text)
    ]


register_recogniser(spot)


def index_of(session: Session) -> SearchIndex:
    """The search index of the process this session works in."""
    return cast("SearchIndex", session.info["search_index"])


def partition_of(row: RecordRow) -> Partition:
    """The partition a record lies in."""
    return Partition(
        level=row.level,
        compartments=frozenset(row.compartments),
        department_id=row.origin_department_id,
        year=row.created_at.astimezone(UTC).year,
    )


def document_of(
    session: Session, row: RecordRow, head: RecordHead, fields: Mapping[str, Any], work: Work
) -> SearchDocument:
    """What can be found of a record: its text, names and identifiers, and the values of its lists."""
    units = load_directory(session).ever
    place = units.find(fields.get("place_unit") or "")
    place_names = (place.name, place.short_name, place.name_en, place.code) if place else ()
    unit_codes = tuple(units.get(one).code for one in (row.owning_unit_id, row.origin_department_id))
    subjects = [*fields["subjects"], *map(asdict, work.entities)]
    grade = str(head.grade) if head.grade else ""
    texts = (
        fields["text"],
        "; ".join(dict.fromkeys(filter(None, (subject["name"] for subject in subjects)))),
        "; ".join(filter(None, (fields.get("place_text"), *dict.fromkeys(place_names)))),
        fields.get("source") or "",
        head.number,
    )
    return SearchDocument(
        record_id=row.id,
        row_version=row.row_version,
        partition=partition_of(row),
        unit_id=row.owning_unit_id,
        author_id=row.author_id,
        exposure=row.exposure,
        recipient_unit_ids=frozenset(row.recipient_unit_ids),
        state=row.state,
        occurred_at=head.learned_at or row.created_at,
        title=head.abstract,
        texts=texts,
        identifiers=tuple(dict.fromkeys(filter(None, (subject["identifier"] for subject in subjects)))),
        facets={
            "topic": (head.topic,),
            "channel": (head.channel,),
            "grade": (grade,) if grade else (),
            "method": (fields["method"],) if fields.get("method") else (),
            "urgency": (head.urgency,),
            "unit": unit_codes,
            "place": (place.code,) if place else (),
            NUMBER: (head.number,),
            MERGED_INTO: (work.duplicate_of.hex,) if work.duplicate_of else (),
            **_kinds(subjects, (head.abstract, *texts)),
        },
    )


def _kinds(subjects: Sequence[Mapping[str, str]], texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Identifiers and names under the field that asks for their kind; no page shows them as something to choose."""
    found: dict[str, dict[str, None]] = {}
    named = ((one["kind"], one["identifier"]) for one in subjects if one["kind"] in _FIELDS and one["identifier"])
    spotted = ((one.identifier.kind, one.identifier.value) for text in texts for one in locate(text))
    for kind, value in itertools.chain(named, spotted):
        field = _FIELDS[IdentifierKind(kind)]
        # Goods under a heading are asked for by the heading.
        parts = [value, *(value[:length] for length in _HS_HEADINGS)] if field == "hs" else [value]
        found.setdefault(field, {}).update(dict.fromkeys(parts))
    for one in subjects:
        if one["kind"] in _NAMES and one["name"]:
            found.setdefault(_NAMES[one["kind"]], {})[one["name"]] = None
    return {field: tuple(values) for field, values in found.items()}


def write(
    session: Session,
    row: RecordRow,
    head: RecordHead,
    fields: Mapping[str, Any],
    work: Work,
    *,
    previous: Partition | None = None,
) -> None:
    """Index the record as it stands; `previous` is where it lay before, when its level may have changed."""
    document = document_of(session, row, head, fields, work)
    left = previous if previous is not None and previous != document.partition else None
    index_of(session).write(session, document, left=left)
