"""A house full of records: one in every state, at every level, in two gates and two departments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from intelhub import access, records
from intelhub.platform.errors import NotFound
from intelhub.records import Grade, Subject
from tests.house import TestHouse, content

LIST_ITEMS = {"0": None, "1": "VD-M-02", "2": "VD-TM-02"}
GRADE = {"grade": Grade(source="C", info="3"), "reason": "Khớp với tin trước"}
ENTITY = Subject(kind="enterprise", name="Công ty bịa đặt", identifier="0100000000")


def drafted(house: TestHouse, author: str = "officer", **changes: Any) -> UUID:
    """The id of a draft."""
    with house.acting(author) as (actor, session):
        return records.create_draft(actor, session, content(**changes)).id


def submitted(house: TestHouse, author: str = "officer", **changes: Any) -> UUID:
    """The id of a record that `author` wrote and sent."""
    fields = content(**changes)
    with house.acting(author) as (actor, session):
        row = records.create_draft(actor, session, fields)
        return records.submit_record(actor, session, row.id, row.row_version, fields).id


def version_of(house: TestHouse, username: str, record_id: UUID) -> int:
    """The version that a form of this person's would rest on."""
    with house.acting(username) as (actor, session):
        return records.read_record(actor, session, record_id).summary.row_version


def act(house: TestHouse, username: str, record_id: UUID, move: Any, **words: Any) -> None:
    """Move a record on as one of the people."""
    version = version_of(house, username, record_id)
    with house.acting(username) as (actor, session):
        move(actor, session, record_id, version, **words)


WAY = (
    ("leader", records.forward_record, {"note": "Đề nghị đánh giá"}),
    ("analyst", records.acknowledge_record, {}),
    ("analyst", records.evaluate_record, GRADE),
    ("analyst", records.collate_record, {"entities": (ENTITY,)}),
    ("head", records.share_up_record, {}),
)


def travelled(house: TestHouse, steps: int, **changes: Any) -> UUID:
    """A record of the officer's after so many steps of the way up."""
    record_id = submitted(house, **changes)
    for username, move, words in WAY[:steps]:
        act(house, username, record_id, move, **words)
    return record_id


def returned(house: TestHouse, comment: str = "Ghi rõ biển số xe", **unpublished: Any) -> UUID:
    """A record the leader gave back, with unpublished work of its author's beside it if any is named."""
    record_id = submitted(house)
    act(house, "leader", record_id, records.return_record, comment=comment)
    if unpublished:
        with house.acting("officer") as (actor, session):
            draft = records.open_draft(actor, session, record_id)
            records.save_draft(actor, session, record_id, draft.row_version, content(**unpublished))
    return record_id


WHY_LOWER = "Lomaket: thông tin nay đã công khai"


def resubmitted(
    house: TestHouse, record_id: UUID, level: str, *, author: str = "officer", leader: str = "leader", **changes: Any
) -> None:
    """Let a leader return a submitted record, and its author send it again at another level."""
    act(house, leader, record_id, records.return_record, comment="Xem lại độ mật")
    fields = content(level=level, list_item=LIST_ITEMS[level], **{"level_reason": WHY_LOWER, **changes})
    with house.acting(author) as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        records.submit_record(actor, session, record_id, draft.row_version, fields)


def proposed(
    house: TestHouse, high: str, low: str, *, author: str = "officer", leader: str = "leader", **changes: Any
) -> UUID:
    """A record sent at one level and, after a return, again at a lower one: its author's proposal."""
    record_id = submitted(house, author, level=high, list_item=LIST_ITEMS[high], **changes)
    resubmitted(house, record_id, low, author=author, leader=leader, **changes)
    return record_id


def fill(house: TestHouse) -> dict[str, UUID]:
    """Records of every state and reach, by name."""
    world = {
        "draft": drafted(house),
        "draft of the leader": drafted(house, "leader", level="2", list_item="VD-TM-02"),
        "of the leader, who has no other leader": submitted(house, "leader"),
        "of a contributor elsewhere": submitted(house, "contributor", level="0", list_item=None),
        "of the neighbour": submitted(house, "neighbour", level="2", list_item="VD-TM-02"),
        "returned": returned(house, text="Bản nháp chưa gửi lại, chỉ người lập được xem."),
        "low": travelled(house, 1, level="0", list_item=None),
        "high": travelled(house, 1, level="2", list_item="VD-TM-02"),
        "kept in the department": travelled(house, 4, handling="H1"),
        "of the originator": submitted(house, handling="HX", handling_conditions="Hỏi đơn vị lập tin trước"),
    }
    world |= {f"after {steps} steps": travelled(house, steps) for steps in range(len(WAY) + 1)}
    duplicate = travelled(house, 1)
    act(
        house, "analyst", duplicate, records.mark_duplicate,
        target=world["after 3 steps"], reason="Cùng một lô hàng",
    )  # fmt: skip
    return world | {"merged": duplicate}


def readers(house: TestHouse, record_id: UUID) -> set[str]:
    """Who of all the people can open a record."""
    found = set()
    for username in house.people:
        try:
            with house.acting(username) as (actor, session):
                records.read_record(actor, session, record_id)
        except NotFound:
            continue
        found.add(username)
    return found


def decided(actor: access.ActorScope | Any, labels: dict[UUID, access.Label]) -> set[UUID]:
    """The records that the decision, asked one by one, lets an actor read."""
    return {identity for identity, label in labels.items() if access.decide(actor, "read", label).allowed}
