"""The comparison with the log holds while entries wait, once they are placed, and while somebody else writes."""

from __future__ import annotations

from intelhub import records
from intelhub.audit import newest_digest, sequence_once
from intelhub.platform.database import open_engine
from intelhub.records import Grade, queries
from tests.integration.records.test_way_up import act, submitted, version_of


def test_a_placed_entry_is_still_the_newest(house):
    record_id = submitted(house)
    sequencer = open_engine(house.database.sequencer_url, pool_size=1)
    sequence_once(sequencer, house.vault)
    with house.acting("leader") as (actor, session):
        newest = newest_digest(session, record_id)
        assert newest is not None
        assert newest.object_version == records.read_record(actor, session, record_id).summary.row_version
    act(house, "leader", record_id, records.forward_record)
    sequence_once(sequencer, house.vault)
    assert version_of(house, "analyst", record_id) == 3
    sequencer.dispose()


def test_two_acts_of_one_transaction_know_of_each_other(house):
    record_id = submitted(house)
    act(house, "leader", record_id, records.forward_record)
    with house.acting("analyst") as (actor, session):
        row = records.evaluate_record(
            actor, session, record_id, 3, grade=Grade(source="C", info="3"), reason="Chưa kiểm chứng"
        )
        row = records.collate_record(
            actor, session, record_id, row.row_version, entities=(), no_entity_reason="Không rõ"
        )
        assert (row.state, row.row_version) == ("collated", 6), "taken on, graded, collated"


def test_somebody_writing_between_two_looks_is_no_alarm(house):
    record_id = submitted(house)
    with house.acting("leader") as (actor, session):
        row = queries.get_row(actor, session, record_id)
        act(house, "leader", record_id, records.forward_record)
        queries.check_not_rolled_back(session, row)
        assert row.row_version == 3
