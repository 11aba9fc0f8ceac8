"""The values of a row as bytes: no two rows that differ are sealed as the same message."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.crypto import lp, row_value

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=8),
    st.binary(max_size=17),
    st.uuids(),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=7))])),
)
ROWS = st.lists(VALUES, max_size=4)


def message(row):
    return lp(b"table", *map(row_value, row))


def told_apart(row):
    return [(type(value), value) for value in row]


@given(ROWS, ROWS)
def test_different_rows_are_different_messages(one, other):
    assert (message(one) == message(other)) == (told_apart(one) == told_apart(other))


@given(VALUES, VALUES)
def test_different_values_are_different_bytes(one, other):
    assert (row_value(one) == row_value(other)) == (told_apart([one]) == told_apart([other]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ab", "c"], ["a", "bc"]),
        ([None], [""]),
        ([True], [1]),
        ([b"-"], [None]),
        (["x"], [b"x"]),
        ([date(2026, 1, 1)], [datetime(2026, 1, 1, tzinfo=UTC)]),
        ([UUID(int=0)], [bytes(16)]),
        ([None], [None, None]),
    ],
)
def test_neighbours_are_told_apart(one, other):
    assert message(one) != message(other)


def test_a_moment_is_the_same_wherever_it_is_told():
    told = datetime(2026, 3, 1, 7, 5, 1, 999_999, tzinfo=UTC)
    assert row_value(told) == row_value(told.astimezone(timezone(timedelta(hours=7))))


@pytest.mark.parametrize("value", [datetime(2026, 3, 1), 1.5, [1], {}])  # noqa: DTZ001 - such a moment is none
def test_what_no_sealed_column_holds_is_a_mistake(value):
    with pytest.raises((KeyError, TypeError)):
        row_value(value)
