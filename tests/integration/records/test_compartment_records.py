"""Records in compartments: sealed under the right key at every save, found where they lie, never stuck unread."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intelhub import records
from intelhub.crypto.models import KekRow
from intelhub.platform.database import open_engine
from intelhub.platform.errors import NotFound, RuleRefused
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow
from intelhub.records.unpublished_queries import list_unpublished
from intelhub.search import SearchRequest
from tests.factories.compartments import compartment, let_in, take_out
from tests.factories.record_world import act, drafted, returned, submitted, travelled, version_of
from tests.house import TestHouse, content

ALL = ("officer", "leader", "analyst", "head", "hq")


def stored(house: TestHouse, mapped: type[Any]) -> list[Any]:
    engine = open_engine(house.database.migrator_url, pool_size=1)
    with Session(engine) as session:
        rows = list(session.scalars(select(mapped)))
        session.expunge_all()
    engine.dispose()
    return rows


def key_scopes(house: TestHouse) -> dict[UUID, set[UUID]]:
    return {row.id: set(row.compartments) for row in stored(house, KekRow)}


def chosen(*some: UUID, **changes: Any) -> dict[str, Any]:
    return content(compartments=[str(one) for one in some], **changes)


def save(house: TestHouse, record_id: UUID, fields: dict[str, Any]) -> None:
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        records.save_draft(actor, session, record_id, draft.row_version, fields)


def submit(house: TestHouse, record_id: UUID, fields: dict[str, Any] | None = None) -> None:
    with house.acting("officer") as (actor, session):
        version = records.open_draft(actor, session, record_id).row_version
        records.submit_record(actor, session, record_id, version, fields)


def found(house: TestHouse, username: str, words: str = "tem nhan") -> set[UUID]:
    with house.acting(username) as (actor, session):
        return {one.line.id for one in records.search_records(actor, session, SearchRequest(text=words)).found}


def test_a_draft_is_sealed_anew_under_the_key_of_its_compartments_at_every_save(house):
    river, night = compartment(house, *ALL), compartment(house, *ALL, name="Đêm trắng")
    record_id = drafted(house, compartments=[str(river)])
    for some in ((river,), (river, night), (night,), ()):
        save(house, record_id, chosen(*some))
        (row,) = stored(house, RecordRow)
        assert set(row.compartments) == key_scopes(house)[row.kek_id] == set(some)
        with house.acting("officer") as (actor, session):
            fields = records.open_draft(actor, session, record_id).fields
        assert fields["compartments"] == [str(one) for one in some]
        assert fields["text"] == content()["text"]


def test_a_record_goes_all_the_way_up_among_members(house):
    river = compartment(house, *ALL)
    record_id = travelled(house, 5, compartments=[str(river)])
    scopes = key_scopes(house)
    for row in (*stored(house, RecordRow), *stored(house, RecordVersionRow), *stored(house, RecordStepRow)):
        assert set(row.compartments) == scopes[row.kek_id] == {river}
    with house.acting("hq") as (actor, session):
        record = records.read_record(actor, session, record_id)
    assert record.summary.compartments == (river,)
    assert record.fields["compartments"] == [str(river)]
    assert found(house, "hq") == {record_id}


def test_what_came_back_can_go_into_further_compartments_and_out_of_none(house):
    river, night = compartment(house, *ALL), compartment(house, *ALL, name="Đêm trắng")
    record_id = submitted(house, compartments=[str(river)])
    act(house, "leader", record_id, records.return_record, comment="Ghi rõ biển số xe")
    save(house, record_id, chosen())
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
    assert draft.kept_compartments == {river}
    submit(house, record_id, chosen(night, text="Nội dung sửa theo ý kiến của tổ trưởng, có tem nhãn."))
    (row,) = stored(house, RecordRow)
    assert set(row.compartments) == key_scopes(house)[row.kek_id] == {river, night}
    (older,) = [one for one in stored(house, RecordVersionRow) if one.is_published]
    assert set(older.compartments) == {river}
    with house.acting("leader") as (actor, session):
        assert set(records.read_record(actor, session, record_id).fields["compartments"]) == {str(river), str(night)}
        assert len(records.list_published(actor, session, record_id)) == 1
        assert [step.event for step in records.list_timeline(actor, session, record_id)] == [
            "submit", "return", "submit",
        ]  # fmt: skip


def test_a_compartment_added_on_the_way_back_takes_the_whole_record_out_of_everybody_else_s_sight(house):
    river = compartment(house, *(one for one in ALL if one != "leader"))
    deputy = compartment(house, "officer", "officer2", name="Riêng hai người")
    record_id = returned(house)
    assert found(house, "leader") == {record_id}
    with pytest.raises(RuleRefused) as refused:  # of those who forward, nobody is in it
        submit(house, record_id, chosen(deputy))
    assert refused.value.rule == "nobody_forwards"
    assert found(house, "leader") == {record_id}
    submit(house, record_id, chosen(river))  # the department stands in for the leader
    assert found(house, "leader") == set()
    assert found(house, "head") == {record_id}
    with house.acting("leader") as (actor, session):
        for look in (records.read_record, records.list_timeline, records.list_published):
            with pytest.raises(NotFound):
                look(actor, session, record_id)


def test_nobody_submits_what_nobody_else_could_send_on(house):
    alone = compartment(house, "officer")
    with house.acting("officer") as (actor, session):
        row = records.create_draft(actor, session, chosen(alone))
        record_id, version = row.id, row.row_version
    with pytest.raises(RuleRefused) as refused, house.acting("officer") as (actor, session):
        records.submit_record(actor, session, record_id, version)
    assert set(refused.value.fields) == {"compartments"}
    (row,) = stored(house, RecordRow)
    assert (row.state, row.exposure, row.row_version) == ("draft", 0, version)
    let_in(house, alone, "leader")
    submit(house, record_id)
    assert stored(house, RecordRow)[0].state == "submitted"


def test_nothing_is_forwarded_to_a_department_where_nobody_could_work_on_it(house):
    river = compartment(house, "officer", "leader", "head")  # the head reads, and grades nothing
    record_id = submitted(house, compartments=[str(river)])
    with pytest.raises(RuleRefused) as refused:
        act(house, "leader", record_id, records.forward_record)
    assert refused.value.rule == "nobody_receives"
    assert stored(house, RecordRow)[0].state == "submitted"
    let_in(house, river, "analyst")
    act(house, "leader", record_id, records.forward_record)
    assert stored(house, RecordRow)[0].state == "received"
    version = version_of(house, "analyst", record_id)
    with pytest.raises(RuleRefused) as refused, house.acting("analyst") as (actor, session):
        records.assign_record(actor, session, record_id, version, assignee_id=house.people["analyst2"])
    assert refused.value.rule == "assignee_may_not_grade"


def test_work_begun_in_a_compartment_that_was_left_hinders_nobody(house):
    river = compartment(house, *ALL)
    record_id = returned(house)
    save(house, record_id, chosen(river, text="Chữ chỉ dành cho nhóm, viết trước khi rời nhóm."))
    take_out(house, river, "officer")
    for words in ("Chữ viết lại lần một, không thuộc nhóm nào.", "Chữ viết lại lần hai, có tem nhãn."):
        save(house, record_id, chosen(text=words))
        with house.acting("officer") as (actor, session):
            assert records.open_draft(actor, session, record_id).fields["text"] == words
    submit(house, record_id)
    act(house, "leader", record_id, records.return_record, comment="Ghi rõ thêm")
    save(house, record_id, chosen(text="Chữ viết lại lần ba, có tem nhãn."))
    submit(house, record_id)
    with house.acting("leader") as (actor, session):
        record = records.read_record(actor, session, record_id)
        assert record.fields["text"] == "Chữ viết lại lần ba, có tem nhãn."
        assert len(records.list_published(actor, session, record_id)) == 2
    let_in(house, river, "officer")
    with house.acting("officer") as (actor, session):
        assert len(list_unpublished(actor, session, record_id)) == 1


def test_nothing_is_shared_up_where_nobody_at_headquarters_is_in_it(house):
    river = compartment(house, "officer", "leader", "analyst", "head")
    record_id = travelled(house, 4, compartments=[str(river)])
    with pytest.raises(RuleRefused) as refused:
        act(house, "head", record_id, records.share_up_record)
    assert refused.value.rule == "nobody_at_headquarters"
    (row,) = stored(house, RecordRow)
    assert (row.state, row.exposure) == ("collated", 2)
    let_in(house, river, "stranger")  # another department is not headquarters
    with pytest.raises(RuleRefused):
        act(house, "head", record_id, records.share_up_record)
    let_in(house, river, "hq")
    act(house, "head", record_id, records.share_up_record)
    assert found(house, "hq") == {record_id}


def test_work_of_before_the_last_submission_does_not_come_back_with_a_compartment(house):
    river = compartment(house, *ALL)
    record_id = returned(house)
    save(house, record_id, chosen(river, text="Chữ cũ, viết trong nhóm trước khi rời nhóm."))
    take_out(house, river, "officer")
    submit(house, record_id, chosen(text="Chữ đã gửi lại sau khi rời nhóm, có tem nhãn."))
    act(house, "leader", record_id, records.return_record, comment="Ghi rõ thêm")
    let_in(house, river, "officer")
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
    assert draft.fields["text"] == "Chữ đã gửi lại sau khi rời nhóm, có tem nhãn."
    submit(house, record_id)
    with house.acting("leader") as (actor, session):
        assert records.read_record(actor, session, record_id).fields["text"] == draft.fields["text"]
    assert len([one for one in stored(house, RecordVersionRow) if not one.is_published]) == 0
