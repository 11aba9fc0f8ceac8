"""Walking the tree, searching it, and what dated events make of it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.organisation import (
    Directory,
    EventKind,
    Identity,
    Tier,
    UnitEvent,
    UnitKind,
    event_id,
    fold,
    read_template,
    unit_id,
)
from intelhub.platform.errors import NotFound, RuleRefused

DAY = date(2026, 1, 1)
TREE = read_template("VN-2006-2024").as_of(DAY)


def identity(code: str, tier: int, kind: UnitKind) -> Identity:
    return Identity(id=unit_id("test", code), code=code, tier=tier, kind=kind)


def founded(unit: Identity, parent: UUID | None, on: date | None = None) -> UnitEvent:
    return UnitEvent(
        id=event_id(unit.id, EventKind.FOUNDED, on),
        unit_id=unit.id,
        kind=EventKind.FOUNDED,
        on=on,
        name=f"Unit {unit.code}",
        parent_id=parent,
    )


def happened(unit: Identity, kind: EventKind, on: date, **facts: object) -> UnitEvent:
    return UnitEvent(id=event_id(unit.id, kind, on), unit_id=unit.id, kind=kind, on=on, **facts)


ROOT = identity("R", 1, UnitKind.GENERAL_DEPARTMENT)
A, B = identity("A", 2, UnitKind.DEPARTMENT), identity("B", 2, UnitKind.DEPARTMENT)
A1, A2 = identity("A1", 3, UnitKind.BORDER_GATE), identity("A2", 3, UnitKind.INLAND)


def directory(*later: UnitEvent) -> Directory:
    return Directory(
        template="test",
        tiers=[Tier(tier=n, name=f"T{n}") for n in (1, 2, 3)],
        units=[ROOT, A, B, A1, A2],
        events=[
            founded(ROOT, None),
            founded(A, ROOT.id),
            founded(B, ROOT.id),
            founded(A1, A.id),
            founded(A2, A.id),
            *later,
        ],
    )


def test_a_path_leads_from_the_root_to_the_unit():
    assert [unit.code for unit in TREE.path("15BE.D2")] == ["TCHQ", "15ZZ", "15BE", "15BE.D2"]


@pytest.mark.parametrize(
    ("code", "department"),
    [
        ("15BE.D2", "15ZZ"),
        ("15ZZ.CBL", "15ZZ"),
        ("15ZZ", "15ZZ"),
        ("DTCBL.TTNV", "TCHQ"),
        ("TCHQ", "TCHQ"),
        ("32VG", "32ZZ"),
    ],
)
def test_the_department_is_the_tier_2_ancestor_or_the_root(code, department):
    assert TREE.department_of(code).code == department


def test_the_office_is_the_unit_of_tier_3_that_a_team_belongs_to():
    assert TREE.office_of("15BE.D2").code == "15BE"
    assert TREE.office_of("15ZZ.CBL") is None


def test_descendants_of_a_department_are_its_own_and_no_one_else():
    below = {TREE.get(key).code for key in TREE.descendants(TREE.get("15ZZ").id)}
    assert {"15ZZ", "15ZZ.CBL", "15ZZ.KS", "15BB", "15BB.D1", "15SI"} <= below
    assert all(code.startswith("15") for code in below)
    assert TREE.get("15ZZ").id not in TREE.descendants(TREE.get("15ZZ").id, including_itself=False)


def test_a_unit_is_found_by_any_of_its_codes_and_an_unknown_one_is_not():
    assert TREE.get("01b6").code == "01B1"
    assert TREE.get("15").code == "15ZZ"
    assert TREE.find("ZZZZ") is None
    with pytest.raises(NotFound):
        TREE.get(uuid4())
    with pytest.raises(NotFound):
        TREE.descendants(uuid4())


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("hữu nghị", "15BB"),
        ("HUU NGHI", "15BB"),
        ("huu ngh", "15BB"),
        ("nội bài", "01B1"),
        ("01B5", "01B1"),
        ("lang son", "15ZZ"),
        ("dong dang", "15SI"),
        ("Ðồng Ðăng", "15SI"),
        ("Mong Cai", "20BB"),
        ("tan son nhat airport", "02B1"),
        ("CK Hữu Nghị", "15BB"),
    ],
)
def test_a_unit_is_found_as_it_is_typed(typed, first):
    assert TREE.search(typed)[0].code == first


def test_a_search_for_nothing_finds_nothing():
    assert TREE.search("  . ") == ()
    assert TREE.search("không có đơn vị này") == ()
    assert len(TREE.search("chi cuc", limit=5)) == 5


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


def test_the_short_name_is_for_vietnamese_and_english_stays_in_full():
    unit = TREE.get("15BB")
    assert unit.short_label("vi") == "Chi cục HQ CK Hữu Nghị"
    assert unit.short_label("en") == "Hữu Nghị Border Gate Customs Sub-department"


def test_a_renamed_unit_keeps_its_old_name_on_old_days():
    units = directory(happened(A, EventKind.RENAMED, DAY, name="Tên mới"))
    assert units.as_of(DAY - timedelta(days=1)).get("A").name == "Unit A"
    assert units.as_of(DAY).get("A").name == "Tên mới"


def test_a_moved_unit_changes_its_department_on_the_day():
    units = directory(happened(A1, EventKind.MOVED, DAY, parent_id=B.id))
    assert units.as_of(DAY - timedelta(days=1)).department_of("A1").code == "A"
    assert units.as_of(DAY).department_of("A1").code == "B"


def test_a_merged_unit_ends_and_its_files_are_kept_by_the_heir():
    units = directory(happened(A2, EventKind.MERGED, DAY, successors=(A1.id,)))
    assert A2.id not in units.as_of(DAY)
    assert units.ever.get("A2").valid_to == DAY
    assert units.with_predecessors([A1.id]) == {A1.id, A2.id}
    assert units.with_predecessors([B.id]) == {B.id}


def test_a_split_unit_has_several_heirs():
    new = identity("A3", 3, UnitKind.INLAND)
    units = directory().with_event(founded(new, A.id, DAY), founded=new)
    after = units.with_event(happened(A2, EventKind.SPLIT, DAY, successors=(A1.id, new.id)))
    assert [unit.code for unit in after.successors(A2.id)] == ["A1", "A3"]
    assert new.id not in after.as_of(DAY - timedelta(days=1))


def test_one_day_may_close_a_department_whose_offices_move_the_same_day():
    units = directory(
        happened(A, EventKind.MERGED, DAY, successors=(B.id,)),
        happened(A1, EventKind.MOVED, DAY, parent_id=B.id),
        happened(A2, EventKind.MOVED, DAY, parent_id=B.id),
    )
    assert units.as_of(DAY).department_of("A1").code == "B"


@pytest.mark.parametrize(
    "event",
    [
        happened(A, EventKind.CLOSED, DAY),
        happened(A, EventKind.MOVED, DAY, parent_id=A1.id),
        happened(A, EventKind.MOVED, DAY, parent_id=A.id),
        happened(A1, EventKind.MOVED, DAY, parent_id=uuid4()),
        happened(A1, EventKind.MOVED, DAY),
        happened(A1, EventKind.RENAMED, DAY, name=" "),
        happened(A1, EventKind.MERGED, DAY),
        happened(A1, EventKind.MERGED, DAY, successors=(A1.id,)),
        happened(A1, EventKind.MERGED, DAY, successors=(uuid4(),)),
        happened(A1, EventKind.SPLIT, DAY, successors=(A2.id,)),
        happened(A1, EventKind.CLOSED, DAY, successors=(A2.id,)),
        happened(ROOT, EventKind.CLOSED, DAY),
        founded(A1, A.id, DAY),
    ],
    ids=lambda event: f"{event.kind}-{len(event.successors)}",
)
def test_an_event_that_would_break_the_tree_is_refused(event):
    with pytest.raises(RuleRefused):
        directory(event)


def test_nothing_happens_to_a_unit_that_is_gone():
    with pytest.raises(RuleRefused):
        directory(
            happened(A2, EventKind.CLOSED, DAY),
            happened(A2, EventKind.RENAMED, DAY + timedelta(days=1), name="Again"),
        )


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)))
def test_on_every_day_each_unit_hangs_on_the_root(day):
    tree = read_template("VN-2006-2024").as_of(day)
    assert tree.descendants(tree.root.id) == {unit.id for unit in tree.units}
    assert all(unit.exists_on(day) for unit in tree.units)
