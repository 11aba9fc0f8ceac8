"""Coming down to a lower level on the real database: keys, versions, numbers, search and the log at both levels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from intelhub import records
from intelhub.access import ActorScope, scope_for
from intelhub.audit import list_states, sequence_once
from intelhub.audit.models import AuditPending
from intelhub.crypto import vault_of
from intelhub.platform.actor import Place
from intelhub.platform.errors import Conflict, NotFound, NotPermitted, RuleRefused, StaleVersion
from intelhub.records import RecordState, queries
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow
from intelhub.records.projection import index_of, partition_of
from intelhub.records.service import reading
from intelhub.search import SearchRequest, merge_partition
from tests.factories.record_world import (
    LIST_ITEMS,
    WHY_LOWER,
    act,
    drafted,
    proposed,
    readers,
    resubmitted,
    returned,
    submitted,
    version_of,
)
from tests.house import TestHouse, content

AGREED = "Kesovin: không thuộc danh mục"
WORD = "Mirolat"
TEXT = f"{WORD} là chữ chỉ phiếu tin này có, dài hơn hai mươi chữ."


@contextmanager
def everything(house: TestHouse, *, role: str = "migrator") -> Iterator[Session]:
    """A session that sees every row and opens every seal, to look at what lies in the tables."""
    engine = create_engine(getattr(house.database, f"{role}_url"))
    with Session(engine, info=dict(house.units.info)) as session:
        yield session
        session.commit()
    engine.dispose()


def key_level(session: Session, row: Any) -> int:
    return vault_of(session).kek(session, row.kek_id).scope.level


def row_of(session: Session, record_id: Any) -> RecordRow:
    return session.scalars(select(RecordRow).where(RecordRow.id == record_id)).one()


def versions_of(session: Session, record_id: Any) -> list[RecordVersionRow]:
    query = select(RecordVersionRow).where(RecordVersionRow.record_id == record_id)
    return list(session.scalars(query.order_by(RecordVersionRow.content_version)))


def lower(house: TestHouse, record_id: Any, *, by: str = "leader") -> None:
    act(house, by, record_id, records.lower_level, reason=AGREED)


def opened(house: TestHouse, username: str, record_id: Any, place: Place = Place.ONSITE) -> reading.OpenedRecord:
    with house.acting(username, place=place) as (actor, session):
        return reading.open_record(actor, session, record_id)


def found(house: TestHouse, username: str, place: Place = Place.ONSITE) -> list[Any]:
    with house.acting(username, place=place) as (actor, session):
        result = records.search_records(actor, session, SearchRequest(text=WORD))
        return [one.line.id for one in result.found]


class OnlyLevel:
    """A reader's own filter, kept to the partitions of one level."""

    def __init__(self, scope: ActorScope, level: int) -> None:
        self.filter, self.level = scope.records, level

    def for_partition(self, level: int, *label: Any) -> Any:
        return self.filter.for_partition(level, *label) if level == self.level else None


def indexed(house: TestHouse, level: int) -> list[Any]:
    """What the index itself answers the leader out of the partitions of a level, before anything is read again."""
    actor = house.actor("leader")
    scope = scope_for(actor)
    with house.units.begin(actor, scope) as session:
        answer = index_of(session).search(session, OnlyLevel(scope, level), SearchRequest(text=WORD))
        return [hit.record_id for hit in answer.hits]


@pytest.mark.parametrize(("high", "low"), [("1", "0"), ("2", "1"), ("2", "0")])
def test_a_proposal_changes_neither_the_level_nor_the_key(house, high, low):
    record_id = proposed(house, high, low)
    with everything(house) as session:
        row = row_of(session, record_id)
        assert (row.level, row.state, key_level(session, row)) == (int(high), "submitted", int(high))
        assert [one.level for one in versions_of(session, record_id)] == [int(high)]
    record = opened(house, "leader", record_id)
    assert record.record.fields["level"] == int(high)
    assert record.record.fields["list_item"] == LIST_ITEMS[high]
    assert record.record.fields["proposed_level"] == int(low)
    assert record.record.summary.head.number == record.versions[0].head.number
    assert record.timeline[0].reason == WHY_LOWER


@pytest.mark.parametrize(("high", "low"), [("1", "0"), ("2", "1"), ("2", "0")])
def test_the_agreed_level_is_that_of_the_label_the_key_and_the_words(house, high, low):
    record_id = proposed(house, high, low)
    with everything(house) as session:
        before = row_of(session, record_id)
        kept = (before.head_ciphertext, before.body_ciphertext, before.digest, before.wrapped_dek, before.kek_id)
    lower(house, record_id)
    with everything(house) as session:
        row = row_of(session, record_id)
        assert (row.level, key_level(session, row)) == (int(low), int(low))
        assert (row.state, row.exposure) == ("submitted", 1)
        versions = versions_of(session, record_id)
        assert [one.level for one in versions] == [int(high)] * 2
        assert [key_level(session, one) for one in versions] == [int(high)] * 2
        last = versions[-1]
        assert kept == (last.head_ciphertext, last.body_ciphertext, last.digest, last.wrapped_dek, last.kek_id)
        (step,) = session.scalars(select(RecordStepRow).where(RecordStepRow.event == "lower_level"))
        assert (step.level, key_level(session, step)) == (int(low), int(low))
    record = opened(house, "leader", record_id)
    assert (record.record.fields["level"], record.record.fields["list_item"]) == (int(low), LIST_ITEMS[low])
    assert "proposed_level" not in record.record.fields
    assert WHY_LOWER not in str(record.record.fields), "the author's reason stays at the level it was written at"
    assert [version.fields.get("level_reason") for version in record.versions] == [WHY_LOWER, ""]
    assert [(step.event, step.reason) for step in record.timeline][:2] == [
        ("lower_level", AGREED),
        ("submit", WHY_LOWER),
    ]
    assert record.timeline[0].actor_id == house.people["leader"]


def test_a_reader_of_the_lower_ceiling_sees_what_stands_there_and_nothing_before(house):
    record_id = proposed(house, "1", "0", text=TEXT)
    with pytest.raises(NotFound):
        opened(house, "leader", record_id, Place.REMOTE)
    lower(house, record_id)
    below = opened(house, "leader", record_id, Place.REMOTE)
    assert below.record.fields["text"] == TEXT
    assert below.versions == ()
    assert [step.event for step in below.timeline] == ["lower_level"]
    above = opened(house, "leader", record_id)
    assert [version.level for version in above.versions] == [1, 1]
    assert [(step.event, step.level) for step in above.timeline] == [
        ("lower_level", 0), ("submit", 1), ("return", 1), ("submit", 1),
    ]  # fmt: skip


def test_the_log_and_the_tables_agree_for_both_once_entries_are_placed_too(house):
    record_id = proposed(house, "1", "0")
    lower(house, record_id)
    sequencer = create_engine(house.database.sequencer_url)
    sequence_once(sequencer, house.vault)
    sequencer.dispose()
    for place in (Place.ONSITE, Place.REMOTE):
        opened(house, "leader", record_id, place)
    with house.acting("leader") as (_, session):
        last = list_states(session, record_id)[-1]
        assert (last.action, last.level) == ("record:level-lowered", 0)
        assert last.digest == queries.get_row(house.actor("leader"), session, record_id).digest
    with everything(house, role="worker") as session:
        looked = records.look_at_rows(session)
        assert (looked.looked_at, looked.doubtful) == (1, ())
    act(house, "leader", record_id, records.forward_record)
    for username, place in (("leader", Place.REMOTE), ("analyst", Place.ONSITE), ("analyst", Place.REMOTE)):
        assert opened(house, username, record_id, place).record.summary.state is RecordState.RECEIVED


def test_its_number_is_the_next_of_the_lower_series(house):
    for _ in range(3):
        submitted(house, level="1", list_item="VD-M-02")
    first_below = submitted(house, level="0", list_item=None)
    record_id = proposed(house, "1", "0")
    above = opened(house, "leader", record_id).record.summary.head.number
    lower(house, record_id)
    below = opened(house, "leader", record_id, Place.REMOTE).record.summary.head.number
    assert opened(house, "leader", first_below).record.summary.head.number.endswith("-0001")
    assert (above[-5:], below[-5:]) == ("-0004", "-0002")
    assert opened(house, "leader", record_id).versions[0].head.number == above


@pytest.mark.parametrize("merged", ["never", "before", "before and after"])
def test_search_finds_it_in_its_new_partition_alone(house, merged):
    record_id = submitted(house, level="1", list_item="VD-M-02", text=TEXT)
    with everything(house) as session:
        partitions = [partition_of(row_of(session, record_id))]
    if merged != "never":
        with everything(house, role="worker") as session:
            assert merge_partition(session, partitions[0])
    resubmitted(house, record_id, "0", text=TEXT)
    assert (indexed(house, 1), indexed(house, 0)) == ([record_id], [])
    assert found(house, "leader", Place.REMOTE) == []
    lower(house, record_id)
    if merged == "before and after":
        with everything(house) as session:
            partitions.append(partition_of(row_of(session, record_id)))
        with everything(house, role="worker") as session:
            for partition in partitions:
                assert merge_partition(session, partition)
    for process in (house, house.another_process()):
        assert (indexed(process, 1), indexed(process, 0)) == ([], [record_id])
        assert found(process, "leader") == found(process, "leader", Place.REMOTE) == [record_id]
        if process is not house:
            process.units.engine.dispose()


def test_an_index_made_anew_has_it_where_it_stands(house):
    record_id = proposed(house, "1", "0", text=TEXT)
    with everything(house) as session:
        above = partition_of(row_of(session, record_id))
    lower(house, record_id)
    with everything(house, role="worker") as session:
        counts = {one: records.rebuild_partition(session, one).documents for one in records.list_rebuilds(session)}
    assert counts.pop(above) == 0
    assert list(counts.values()) == [1]
    assert (indexed(house, 1), indexed(house, 0)) == ([], [record_id])


def test_forwarding_declines_and_the_proposal_stays_to_be_read(house):
    record_id = proposed(house, "1", "0")
    act(house, "leader", record_id, records.forward_record)
    record = opened(house, "analyst", record_id)
    assert (record.record.summary.level, record.record.fields["proposed_level"]) == (1, 0)
    with pytest.raises((NotPermitted, Conflict)):
        lower(house, record_id)
    with everything(house) as session:
        assert row_of(session, record_id).level == 1


def test_a_returned_proposal_comes_back_into_the_form_and_may_be_withdrawn(house):
    record_id = proposed(house, "1", "0")
    act(house, "leader", record_id, records.return_record, comment="Giữ độ mật")
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        assert draft.standing_level == 1
        assert (draft.fields["level"], draft.fields["level_reason"]) == (0, WHY_LOWER)
        row = records.submit_record(actor, session, record_id, draft.row_version)
        assert row.level == 1
    resubmitted(house, record_id, "1", level_reason="")
    with pytest.raises(RuleRefused) as refused:
        lower(house, record_id)
    assert refused.value.rule == "no_lower_level_proposed"
    with everything(house) as session:
        assert row_of(session, record_id).level == 1


def test_one_agreement_is_for_one_proposal(house):
    record_id = proposed(house, "2", "1")
    lower(house, record_id)
    with pytest.raises(RuleRefused):
        lower(house, record_id)
    resubmitted(house, record_id, "0")
    with everything(house) as session:
        assert row_of(session, record_id).level == 1
    lower(house, record_id)
    with everything(house) as session:
        assert row_of(session, record_id).level == 0
        assert [one.level for one in versions_of(session, record_id)] == [2, 2, 1, 1]
    assert [version.level for version in opened(house, "leader", record_id).versions] == [1, 1, 2, 2]


def test_an_agreement_to_a_page_that_is_old_changes_nothing(house):
    record_id = proposed(house, "2", "1")
    version = version_of(house, "leader", record_id)
    resubmitted(house, record_id, "0")
    with pytest.raises(StaleVersion), house.acting("leader") as (actor, session):
        records.lower_level(actor, session, record_id, version, reason=AGREED)


def test_raising_is_the_author_s_own_act(house):
    record_id = submitted(house, level="0", list_item=None)
    resubmitted(house, record_id, "2", level_reason="")
    with everything(house) as session:
        row = row_of(session, record_id)
        assert (row.level, key_level(session, row)) == (2, 2)
    resubmitted(house, record_id, "0")
    with everything(house) as session:
        assert row_of(session, record_id).level == 2, "what was raised comes down by two persons only"


def test_unpublished_work_lies_no_lower_than_what_was_sent(house):
    """The author's window holds the words of the higher level, whatever level is chosen in it."""
    record_id = returned(house, level="0", list_item=None, text=TEXT)
    with everything(house) as session:
        (unpublished,) = versions_of(session, record_id)
        assert not unpublished.is_published
        assert (unpublished.level, key_level(session, unpublished)) == (1, 1)
    with house.acting("officer") as (actor, session):
        assert records.open_draft(actor, session, record_id).fields["level"] == "0"


def test_the_log_says_the_level_of_the_unpublished_words_that_were_opened(house):
    record_id = returned(house, level="2", list_item="VD-TM-02", text=TEXT)
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        assert (draft.standing_level, draft.fields["level"]) == (1, "2")
    with everything(house) as session:
        query = select(AuditPending.level).where(AuditPending.action == "record:read").order_by(AuditPending.pos.desc())
        assert session.scalars(query).first() == 2


def test_a_draft_that_was_never_sent_is_lowered_by_its_author(house):
    record_id = drafted(house, level="2", list_item="VD-TM-02")
    with house.acting("officer") as (actor, session):
        row = records.submit_record(actor, session, record_id, 1, content(level="0", list_item=None))
        assert row.level == 0


def test_the_department_stands_in_where_the_only_leader_is_the_author(house):
    """Nobody of a lower clearance knew of it before; afterwards they read what stands there."""
    record_id = proposed(house, "2", "1", author="leader", leader="head")
    assert "analyst2" not in readers(house, record_id)
    with pytest.raises(NotPermitted):
        lower(house, record_id)
    lower(house, record_id, by="head")
    assert "analyst2" in readers(house, record_id)
    below = opened(house, "analyst2", record_id)
    assert below.versions == ()
    assert [step.event for step in below.timeline] == ["lower_level"]
    assert len(opened(house, "analyst", record_id).versions) == 2
