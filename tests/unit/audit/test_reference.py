"""Short references of objects: what is typed is understood, and nothing more than its beginning is given away."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.audit.reference import ids_of_reference, parse_reference, reference_of


@given(st.uuids())
def test_an_id_lies_between_the_ids_of_its_reference(object_id):
    reference = reference_of(object_id)
    first, last = ids_of_reference(reference)
    assert first <= object_id <= last
    assert reference_of(first) == reference_of(last) == reference
    for typed in (reference, f"r:{reference}", str(object_id), f" Record:{str(object_id).upper()} ", object_id.hex):
        assert parse_reference(typed) == reference


def test_it_says_48_bits_and_keeps_the_rest():
    assert reference_of(UUID("3f2a9c01-be44-4c3a-9f10-0123456789ab")) == "3f2a9c01-be44"


@pytest.mark.parametrize("typed", ["", "x", "3f2a9c01", "3f2a9c01-be4", "3f2a9c01-be44-", "%", "3f2a9c01_be44"])
def test_anything_else_is_no_reference(typed):
    with pytest.raises(ValueError, match=r"."):
        parse_reference(typed)
