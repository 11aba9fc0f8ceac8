"""A form that brings more than it was asked for: whatever the extra fields say, the row stays what the act makes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from intelhub.platform.database import open_engine
from intelhub.records.models import RecordRow, RecordStepRow
from tests.factories.record_world import submitted, travelled, version_of
from tests.house import TestHouse, content
from tests.web.records.test_record_pages import _ID, form_of, write

OTHERS = ("15BE", "15ZZ.CBL")


def row_of(house: TestHouse, record_id: UUID | str) -> RecordRow:
    engine = open_engine(house.database.migrator_url, pool_size=1)
    with Session(engine) as session:
        row = session.scalars(select(RecordRow).where(RecordRow.id == UUID(str(record_id)))).one()
        session.expunge(row)
    engine.dispose()
    return row


@pytest.fixture
def extra(house) -> dict[str, Any]:
    """Every column of the tables, with what an attacker would like to see there."""
    stranger = str(house.people["stranger"])
    wanted = {
        "state": "shared_up", "exposure": "3", "author_id": stranger, "assignee_id": stranger, "owner": stranger,
        "owning_unit_id": str(uuid4()), "origin_department_id": str(uuid4()), "unit_id": "20ZZ", "unit": "20ZZ",
        "compartments": "", "content_version": "77", "case_id": str(uuid4()), "pos": "1", "label_mac": "00",
        "digest": "00", "kek_id": str(uuid4()), "wrapped_dek": "00", "number": "15BB-TT-2026-9999", "grade": "A1",
        "original_grade": "A1", "created_at": "2001-01-01", "updated_at": "2001-01-01", "is_published": "1",
        "id": str(uuid4()), "record_id": str(uuid4()), "actor": stranger, "actor_id": stranger, "event": "share_up",
        "submitted_at": "2001-01-01", "place": "onsite", "ceiling": "3", "clearance": "3",
        "recipient_unit_ids": str(uuid4()), "recipient": "20ZZ",
    }  # fmt: skip
    assert {column.name for column in RecordRow.__table__.columns} - set(wanted) <= {
        "level", "handling", "row_version", "head_ciphertext", "body_ciphertext",
    }  # fmt: skip
    return wanted


def test_a_new_record_is_the_writer_s_draft_in_the_writer_s_unit(house, client_as, extra):
    officer = client_as("officer")
    unit = extra.pop("unit")
    form = {**form_of(content(level="3")), **extra, "do": "check"}
    assert officer.submit("/records/new", {**form, "unit": unit}).status_code == 403, "no post is held there"
    saved = officer.submit("/records/new", form)
    record_id = _ID.search(saved.location).group(1)
    row = row_of(house, record_id)
    assert record_id not in {extra["id"], extra["record_id"]}
    assert (row.state, row.exposure, row.author_id) == ("draft", 0, house.people["officer"])
    assert (row.assignee_id, row.case_id, row.row_version, row.content_version) == (None, None, 1, 1)
    assert row.compartments == []
    assert row.recipient_unit_ids == []
    assert row.level == 2, "no higher than the session's own ceiling"
    assert row.created_at.year > 2001
    assert row_of(house, write(officer)).owning_unit_id == row.owning_unit_id


@pytest.mark.parametrize("level", ["-1", "4", "99", "1.5", "0x3", "٣", "", "' OR 1=1"])
def test_a_level_that_is_none_is_no_way_down(house, client_as, level):
    """While no level is proposed, the draft lies at the highest its author may write."""
    saved = client_as("officer").submit("/records/new", {**form_of(content()), "level": level, "do": "save"})
    assert row_of(house, _ID.search(saved.location).group(1)).level == 2


def test_saving_and_submitting_take_the_fields_of_the_form_alone(house, client_as, extra):
    officer = client_as("officer")
    saved = officer.submit("/records/new", {**form_of(content()), "do": "save"})
    record_id = _ID.search(saved.location).group(1)
    changed = {**form_of(content(text="Nội dung đã sửa, dài hơn hai mươi chữ.")), **extra, "row_version": "1"}
    officer.submit(f"/records/{record_id}/edit", {**changed, "do": "save"})
    assert (row_of(house, record_id).state, row_of(house, record_id).exposure) == ("draft", 0)
    # The words that were checked are those that go up, whatever the last form brings.
    sent = officer.submit(
        f"/records/{record_id}/submit",
        {**form_of(content(text="Câu chưa ai kiểm tra, lẻn vào lúc gửi đi.", level="0")), **extra, "row_version": "2"},
    )
    assert sent.status_code == 303
    row = row_of(house, record_id)
    assert (row.state, row.exposure, row.level) == ("submitted", 1, 1)
    assert row.author_id == house.people["officer"]
    assert "lẻn vào" not in officer.get(f"/records/{record_id}").get_data(as_text=True)


def test_moves_change_what_they_are_for_and_nothing_else(house, client_as, extra):
    record_id = submitted(house)
    before = row_of(house, record_id)
    moves = (
        ("leader", "forward", {"reason": ""}, "received", 2, None),
        ("analyst", "acknowledge", {}, "received", 2, "analyst"),
        ("analyst", "evaluate", {"source_grade": "C", "info_grade": "3", "reason": "Khớp"}, "evaluated", 2, "analyst"),
        ("analyst", "collate", {"reason": "Không rõ đối tượng"}, "collated", 2, "analyst"),
        ("head", "share-up", {"reason": ""}, "shared_up", 3, "analyst"),
    )
    for username, address, form, state, exposure, assignee in moves:
        version = version_of(house, username, record_id)
        data = {**extra, "level": "0", "handling": "H4", "text": "Chữ mới", **form, "row_version": str(version)}
        answer = client_as(username).submit(f"/records/{record_id}/{address}", data)
        assert answer.status_code == 303
        row = row_of(house, record_id)
        assert (row.state, row.exposure) == (state, exposure), address
        assert row.assignee_id == (house.people[assignee] if assignee else None)
        for name in ("author_id", "owning_unit_id", "origin_department_id", "level", "handling", "compartments",
                     "case_id", "created_at", "pos"):  # fmt: skip
            assert getattr(row, name) == getattr(before, name), (address, name)
    page = client_as("hq").get(f"/records/{record_id}").get_data(as_text=True)
    assert "C3" in page
    assert "Chữ mới" not in page
    engine = open_engine(house.database.migrator_url, pool_size=1)
    with Session(engine) as session:
        actors = {step.actor_id for step in session.scalars(select(RecordStepRow))}
    engine.dispose()
    assert house.people["stranger"] not in actors


def test_the_record_of_the_address_is_the_one_that_is_changed(house, client_as):
    """A second id in the form, of a record that may be changed, opens none that may not."""
    mine, foreign = travelled(house, 1), submitted(house)
    analyst = client_as("analyst")
    before = row_of(house, foreign)
    for address in ("acknowledge", "evaluate", "collate", "duplicate", "return", "forward", "share-up"):
        answer = analyst.submit(
            f"/records/{foreign}/{address}",
            {"id": str(mine), "record_id": str(mine), "row_version": str(before.row_version), "reason": "x",
             "target": str(mine)},
        )  # fmt: skip
        assert answer.status_code in {403, 404}, address
    assert row_of(house, foreign).row_version == before.row_version


def test_a_foreign_record_in_a_heap_is_not_assigned_with_the_others(house, client_as):
    mine, foreign = travelled(house, 1), submitted(house)
    version = version_of(house, "analyst", mine)
    answer = client_as("analyst").submit(
        "/records/assign",
        {"assignee": str(house.people["analyst"]), "chosen": [f"{mine}:{version}", f"{foreign}:2"]},
    )
    assert answer.status_code == 409
    assert str(foreign) not in answer.get_data(as_text=True)
    assert row_of(house, mine).assignee_id == house.people["analyst"]
    assert row_of(house, foreign).assignee_id is None


def test_a_heap_that_was_overtaken_names_no_foreign_record_beside_its_own(house, client_as):
    """The desk that comes back tells what happened to the chosen ones: to those the person may read."""
    mine, foreign = travelled(house, 1), submitted(house, abstract="Phieukin của đơn vị khác")
    answer = client_as("analyst").submit(
        "/records/assign",
        {"assignee": str(house.people["analyst"]), "chosen": [f"{mine}:1", f"{foreign}:1"]},
    )
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert str(mine) in shown
    assert str(foreign) not in shown
    assert "Phieukin" not in shown
