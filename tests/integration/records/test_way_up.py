"""One record, all the way up the tree, through the services on the real database."""

from __future__ import annotations

from uuid import uuid4

import pytest

from intelhub import records
from intelhub.platform.errors import Conflict, NotFound, NotPermitted, RuleRefused, StaleVersion
from intelhub.records import Grade, RecordState, Subject
from tests.house import content


def submitted(house, author="officer", **changes):
    """The id of a record that `author` wrote and sent."""
    with house.acting(author) as (actor, session):
        row = records.create_draft(actor, session, content(**changes))
        row = records.submit_record(actor, session, row.id, row.row_version, content(**changes))
        return row.id


def version_of(house, username, record_id):
    with house.acting(username) as (actor, session):
        return records.read_record(actor, session, record_id).summary.row_version


def act(house, username, record_id, move, **words):
    version = version_of(house, username, record_id)
    with house.acting(username) as (actor, session):
        return move(actor, session, record_id, version, **words)


def readers(house, record_id):
    """Who of all the people can open the record."""
    found = set()
    for username in house.people:
        try:
            with house.acting(username) as (actor, session):
                records.read_record(actor, session, record_id)
        except NotFound:
            continue
        found.add(username)
    return found


def test_a_record_travels_from_the_gate_to_headquarters(house):
    record_id = submitted(house)
    assert readers(house, record_id) == {"officer", "leader"}
    act(house, "leader", record_id, records.forward_record)
    department = {"officer", "leader", "analyst", "analyst2", "head"}
    assert readers(house, record_id) == department
    act(house, "analyst", record_id, records.acknowledge_record)
    act(
        house, "analyst", record_id, records.evaluate_record, grade=Grade(source="C", info="2"), reason="Khớp tin trước"
    )
    entity = Subject(kind="enterprise", name="Công ty bịa đặt", identifier="0100000000")
    act(house, "analyst", record_id, records.collate_record, entities=(entity,))
    assert readers(house, record_id) == department
    act(house, "head", record_id, records.share_up_record)
    assert readers(house, record_id) == department | {"hq"}
    with house.acting("hq") as (actor, session):
        record = records.read_record(actor, session, record_id)
        assert record.summary.state is RecordState.SHARED_UP
        assert str(record.summary.head.grade) == "C2"
        assert str(record.summary.head.original_grade) == "F3"
        assert record.work.entities == (entity,)
        events = [step.event for step in reversed(records.list_timeline(actor, session, record_id))]
    assert events == ["submit", "forward", "acknowledge", "evaluate", "collate", "share_up"]


def test_a_draft_is_the_author_s_alone(house):
    with house.acting("officer") as (actor, session):
        record_id = records.create_draft(actor, session, content()).id
    assert readers(house, record_id) == {"officer"}


def test_nobody_forwards_what_they_wrote(house):
    record_id = submitted(house, author="leader")
    version = version_of(house, "leader", record_id)
    with pytest.raises(NotPermitted), house.acting("leader") as (actor, session):
        records.forward_record(actor, session, record_id, version)
    # The gate has no other leader: the department's head stands in.
    act(house, "head", record_id, records.forward_record)
    assert "analyst" in readers(house, record_id)


def test_a_returned_record_keeps_its_submitted_version_for_the_leader(house):
    record_id = submitted(house)
    act(house, "leader", record_id, records.return_record, comment="Ghi rõ biển số")
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        assert draft.is_returned
        changed = content(text=content()["text"] + " Biển số 12A-345.67.")
        records.save_draft(actor, session, record_id, draft.row_version, changed)
    with house.acting("leader") as (actor, session):
        assert "Biển số 12A" not in records.read_record(actor, session, record_id).fields["text"]
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        assert "Biển số 12A" in draft.fields["text"]
        records.submit_record(actor, session, record_id, draft.row_version, draft.fields)
    with house.acting("leader") as (actor, session):
        record = records.read_record(actor, session, record_id)
        assert "Biển số 12A" in record.fields["text"]
        (earlier,) = records.list_published(actor, session, record_id)
        assert "Biển số 12A" not in earlier.fields["text"]


def test_an_old_page_changes_nothing(house):
    record_id = submitted(house)
    version = version_of(house, "leader", record_id)
    act(house, "leader", record_id, records.forward_record)
    with pytest.raises((StaleVersion, Conflict, NotPermitted)), house.acting("leader") as (actor, session):
        records.return_record(actor, session, record_id, version, comment="muộn")
    with house.acting("officer") as (actor, session):
        row = records.create_draft(actor, session, content())
        draft_id, old = row.id, row.row_version
        records.save_draft(actor, session, draft_id, old, content(text="Một nội dung khác hẳn, dài hơn hai mươi chữ."))
    with pytest.raises(StaleVersion), house.acting("officer") as (actor, session):
        records.save_draft(actor, session, draft_id, old, content())


def test_what_is_not_there_and_what_is_not_yours_are_one_answer(house):
    record_id = submitted(house)
    answers = []
    for wanted in (record_id, uuid4()):
        with pytest.raises(NotFound) as refused, house.acting("stranger") as (actor, session):
            records.read_record(actor, session, wanted)
        answers.append((str(refused.value), refused.value.status))
    assert answers[0] == answers[1]


def test_a_grade_of_1_needs_a_readable_record_that_confirms_it(house):
    first, second = submitted(house), submitted(house)
    for record_id in (first, second):
        act(house, "leader", record_id, records.forward_record)
    words = {"grade": Grade(source="B", info="1"), "reason": "Hai nguồn độc lập"}
    for links in ((), (first,), (uuid4(),)):
        with pytest.raises(RuleRefused):
            act(house, "analyst", first, records.evaluate_record, corroborating=links, **words)
    act(house, "analyst", first, records.evaluate_record, corroborating=(second,), **words)


def test_numbers_run_in_one_series_a_unit_and_level(house):
    numbers = []
    for level, item in (("1", "VD-M-02"), ("0", None), ("1", "VD-M-02")):
        record_id = submitted(house, level=level, list_item=item)
        with house.acting("officer") as (actor, session):
            numbers.append(records.read_record(actor, session, record_id).summary.head.number)
    assert [number.split("-")[-1] for number in numbers] == ["0001", "0001", "0002"]
    assert all(number.startswith("15BB-TT-") for number in numbers)


def test_assignment_goes_to_somebody_who_may_grade_it(house):
    record_id = submitted(house, level="2", list_item="VD-TM-02")
    act(house, "leader", record_id, records.forward_record)
    version = version_of(house, "head", record_id)
    for unable in ("analyst2", "stranger", "auditor"):
        with pytest.raises(RuleRefused), house.acting("head") as (actor, session):
            records.assign_record(actor, session, record_id, version, assignee_id=house.people[unable])
    with house.acting("head") as (actor, session):
        given = records.assign_record(actor, session, record_id, version, assignee_id=house.people["analyst"])
        assert given.assignee_id == house.people["analyst"]


def test_an_author_discards_a_draft_and_nobody_discards_what_was_sent(house):
    with house.acting("officer") as (actor, session):
        draft_id = records.create_draft(actor, session, content()).id
    with pytest.raises(NotFound), house.acting("leader") as (actor, session):
        records.discard_draft(actor, session, draft_id, 1)
    with house.acting("officer") as (actor, session):
        records.discard_draft(actor, session, draft_id, 1)
    assert readers(house, draft_id) == set()
    record_id = submitted(house)
    with pytest.raises((Conflict, NotPermitted)), house.acting("officer") as (actor, session):
        records.discard_draft(actor, session, record_id, 2)
    act(house, "leader", record_id, records.return_record, comment="Ghi rõ")
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        row = records.save_draft(actor, session, record_id, draft.row_version, content(text="Viết lại" * 10))
        records.discard_draft(actor, session, record_id, row.row_version)
    with house.acting("officer") as (actor, session):
        assert "Viết lại" not in records.open_draft(actor, session, record_id).fields["text"]
    assert readers(house, record_id) == {"officer", "leader"}
