"""Documents, cursors, seals and how the parts of a partition settle which version counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelhub.crypto import Tampered, Vault
from intelhub.search import Cursor, Partition
from intelhub.search.document import Tombstone, decode_entry, encode_entry
from intelhub.search.query import parse_query
from intelhub.search.sealing import open_entry, open_image, seal_entry, seal_image, size_class
from intelhub.search.segment import Plan, Segment
from intelhub.search.tail import settle
from tests.factories.search_world import CASE, PARTITION, RIVER, Rows, document, root_keys

TEXT = st.text(max_size=40)
TIMES = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants bounds without a zone
DOCUMENTS = st.builds(
    document,
    title=TEXT,
    texts=st.lists(TEXT, max_size=3).map(tuple),
    identifiers=st.lists(TEXT, max_size=2).map(tuple),
    facets=st.dictionaries(TEXT, st.lists(TEXT, max_size=2).map(tuple), max_size=2),
    occurred_at=TIMES,
    exposure=st.integers(0, 3),
    state=TEXT,
)


@given(DOCUMENTS)
def test_a_document_comes_back_as_it_was(each):
    known = {"record_id": each.record_id, "row_version": each.row_version, "partition": each.partition}
    assert decode_entry(encode_entry(each), **known) == each
    assert decode_entry(encode_entry(Tombstone(**known)), **known) == Tombstone(**known)


@settings(max_examples=50)
@given(st.lists(DOCUMENTS, max_size=4))
def test_a_segment_gives_back_the_documents_it_was_made_of(documents):
    segment = Segment(PARTITION, image=Segment.image_of(PARTITION, documents))
    assert {each.record_id: each for each in segment.entries()} == {each.record_id: each for each in documents}


def test_a_document_without_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        document(occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the attack


def test_a_segment_holds_one_partition():
    with pytest.raises(ValueError, match="one partition"):
        Segment.image_of(PARTITION, [document("x", partition=replace(PARTITION, level=2))])


@given(TIMES, st.uuids())
def test_a_cursor_comes_back_as_it_was(moment, record_id):
    assert Cursor.decode(Cursor(moment, record_id).encode()) == Cursor(moment, record_id)


@given(st.text())
def test_a_cursor_somebody_made_up_is_none_or_a_cursor(text):
    decoded = Cursor.decode(text)
    assert decoded is None or Cursor.decode(decoded.encode()) == decoded


PARTITIONS = st.builds(
    Partition,
    level=st.integers(0, 3),
    compartments=st.frozensets(st.sampled_from([CASE, RIVER])),
    department_id=st.sampled_from([CASE, RIVER]),
    year=st.integers(2024, 2026),
)


@given(PARTITIONS, PARTITIONS)
def test_two_partitions_never_share_a_key(one, other):
    vault = Vault(ROOTS)
    assert (one == other) == (vault.index_key(one.framed()) == vault.index_key(other.framed()))


@pytest.mark.parametrize("wrong", ["row_id", "record_id", "row_version", "partition"])
def test_a_projection_opens_in_its_own_row_only(wrong):
    vault, each = Vault(ROOTS), document("x")
    sealed = seal_entry(vault, CASE, each)
    known = {"row_id": CASE, "record_id": each.record_id, "row_version": 1, "partition": PARTITION}
    other = {"row_id": RIVER, "record_id": RIVER, "row_version": 2, "partition": replace(PARTITION, year=2025)}
    assert open_entry(vault, sealed, **known) == each
    with pytest.raises(Tampered):
        open_entry(vault, sealed, **(known | {wrong: other[wrong]}))


def test_an_image_opens_under_its_own_id_and_partition_only():
    vault = Vault(ROOTS)
    sealed = seal_image(vault, CASE, PARTITION, b"image")
    assert open_image(vault, sealed, segment_id=CASE, partition=PARTITION) == b"image"
    for known in (
        {"segment_id": RIVER, "partition": PARTITION},
        {"segment_id": CASE, "partition": replace(PARTITION, level=2)},
    ):
        with pytest.raises(Tampered):
            open_image(vault, sealed, **known)


@given(st.integers(0, 2**30))
def test_a_size_class_holds_its_image_and_wastes_a_quarter_at_most(length):
    number = size_class(length)
    held = (65_536 << number // 4) // 4 * (4 + number % 4)
    assert length + 4 <= held
    assert number == 0 or held * 4 <= (length + 4) * 5 + 4


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 3), st.booleans()), max_size=20))
def test_of_every_record_the_newest_version_alone_is_found(writes):
    """Versions of five records fall into three segments and a tail, in any order; some are removals."""
    newest: dict[int, tuple[int, bool]] = {}
    parts: list[list] = [[], [], [], []]
    for record, version, part, is_removal in writes:
        known = {"record_id": UUID(int=record), "row_version": version, "partition": PARTITION}
        earlier = next((w for p in parts for w in p if (w.record_id.int, w.row_version) == (record, version)), None)
        entry = earlier or (Tombstone(**known) if is_removal else document("x", **known))
        parts[part].append(entry)
        if version >= newest.get(record, (0,))[0]:
            newest[record] = (version, isinstance(entry, Tombstone))
    segments = [
        Segment(PARTITION, segment_id=UUID(int=n), image=Segment.image_of(PARTITION, part))
        for n, part in enumerate(parts[:3])
        if part
    ]
    tail = Segment(PARTITION)
    plan = Plan(tree=parse_query("x").tree, access=Rows("1", ()))
    for entry in [None, *parts[3]]:
        if entry is not None:
            tail.add([entry])
        settle(segments, tail)
    found = sorted(
        (hit.record_id.int, hit.row_version) for part in (*segments, tail) for hit in part.newest(plan, limit=50)
    )
    assert found == sorted((record, version) for record, (version, is_gone) in newest.items() if not is_gone)


def test_time_bounds_and_cursors_cut_a_sealed_segment_where_they_cut_a_tail():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    documents = [document("x", occurred_at=start + timedelta(hours=n // 3)) for n in range(30)]
    gone = Tombstone(record_id=RIVER, row_version=1, partition=PARTITION)
    tail = Segment(PARTITION)
    tail.add([*documents, gone])
    sealed = Segment(PARTITION, image=Segment.image_of(PARTITION, [*documents, gone]))
    for low in range(-1, 11):
        for high in range(low, 11):
            plan = Plan(
                tree=parse_query("x").tree,
                access=Rows("1", ()),
                not_before=start + timedelta(hours=low),
                not_after=start + timedelta(hours=high),
            )
            for after in (None, Cursor(documents[10].occurred_at, documents[10].record_id)):
                found = [hit.record_id for hit in sealed.newest(plan, limit=100, after=after)]
                assert found == [hit.record_id for hit in tail.newest(plan, limit=100, after=after)]
                if after is None:
                    assert len(found) == 3 * max(0, min(high, 9) - max(low, 0) + 1)


ROOTS = root_keys()
