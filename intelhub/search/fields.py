"""The fields of the query language, with the names people may type for each."""

from __future__ import annotations

from intelhub.search.analysis import identifier_token

# The names are folded, without separators.
FIELDS = {
    "topic": ("topic", "chude"),
    "channel": ("channel", "kenh"),
    "grade": ("grade", "danhgia"),
    "level": ("level", "mucdo", "domat"),
    "unit": ("unit", "donvi"),
    "place": ("place", "diadiem"),
    "state": ("state", "trangthai"),
    "method": ("method", "thudoan"),
    "urgency": ("urgency", "dokhan"),
    "plate": ("plate", "bien", "bienso"),
    "container": ("container", "cont"),
    "taxcode": ("taxcode", "mst", "masothue"),
    "imo": ("imo",),
    "hs": ("hs", "mahs"),
    "declaration": ("declaration", "tokhai"),
    "seal": ("seal", "niemphong"),
    "company": ("company", "congty", "doanhnghiep"),
    "vessel": ("vessel", "tau"),
    "person": ("person", "nguoi", "canhan"),
    "from": ("from", "tu", "tungay"),
    "to": ("to", "den", "denngay"),
}
IDENTIFIER_FIELDS = frozenset({"plate", "container", "taxcode", "imo", "hs", "declaration", "seal"})
# Subjects that people know by their name and lists by a number: a value of figures alone is that number.
NAME_FIELDS = {"company": "taxcode", "vessel": "imo", "person": ""}
# Values that one document alone has: each would be a token of its own, a tenth of what a document costs on the search
# server, where the end of one finds few.
_OWN_FIELDS = {"number": 8}  # the year and the count: one record a unit, and all units share it
_FIELD_OF = {name: field for field, names in FIELDS.items() for name in names}


def field_named(typed: str) -> str | None:
    """The field that a name typed before a colon means, if any."""
    return _FIELD_OF.get(identifier_token(typed))


def is_own(field: str) -> bool:
    """Whether a value of this field is one document's alone."""
    return field in _OWN_FIELDS


def told_of(field: str, value: str) -> str:
    """What the search server is told of a value: all of it, or its end where it is one document's alone."""
    return value[-_OWN_FIELDS[field] :] if is_own(field) else value
