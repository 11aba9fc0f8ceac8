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
_FIELD_OF = {name: field for field, names in FIELDS.items() for name in names}


def field_named(typed: str) -> str | None:
    """The field that a name typed before a colon means, if any."""
    return _FIELD_OF.get(identifier_token(typed))
