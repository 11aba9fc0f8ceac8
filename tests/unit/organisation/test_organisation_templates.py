"""The shipped organisations are whole: every department, every code once, every parent there."""

from __future__ import annotations

from datetime import date

import pytest

from intelhub.organisation import DEFAULT_TEMPLATE, UnitKind, read_template, template_names, unit_id
from intelhub.platform.errors import RuleRefused

TODAY = date(2026, 11, 21)
NUMBERS = (
    1,
    2,
    3,
    *range(10, 14),
    15,
    18,
    20,
    *range(27, 36),
    37,
    38,
    40,
    41,
    43,
    45,
    *range(47, 52),
    53,
    54,
    59,
    60,
    61,
)
CODES = [f"{number:02}" for number in NUMBERS]


@pytest.mark.parametrize("name", template_names())
def test_every_template_is_named_in_both_languages_and_stands_in_three_tiers(name):
    directory = read_template(name)
    assert sorted(directory.tiers) == [1, 2, 3]
    assert all(tier.label("vi") and tier.label("en") for tier in directory.tiers.values())
    assert all(unit.label("vi") and unit.name_en for unit in directory.ever.units)
    assert {unit.tier for unit in directory.ever.units} == {1, 2, 3}


@pytest.mark.parametrize("name", template_names())
def test_no_two_units_share_a_code(name):
    codes = [code for unit in read_template(name).ever.units for code in (unit.code, *unit.other_codes)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("name", template_names())
def test_each_department_and_headquarters_has_one_specialised_unit(name):
    tree = read_template(name).as_of(TODAY)
    for top in (tree.root, *tree.departments):
        specialised = [u for u in tree.units if u.specialised and tree.department_of(u.id) == top]
        assert len(specialised) == 1
        assert tree.specialised_of(top.id) == specialised[0]
        assert specialised[0].force == "control"


def test_the_default_is_the_tree_of_35_departments_and_about_200_offices():
    tree = read_template(DEFAULT_TEMPLATE).as_of(TODAY)
    assert [unit.code for unit in tree.departments] == [f"{code}ZZ" for code in CODES]
    offices = [unit for unit in tree.units if unit.kind in {UnitKind.BORDER_GATE, UnitKind.INLAND}]
    assert 190 <= len(offices) <= 210
    assert tree.root.code == "TCHQ"
    assert tree.get("DTCBL.TTNV").label("en") == "Information Collection and Processing Division"


def test_a_division_of_anti_smuggling_is_specialised_where_it_exists_and_the_control_team_where_not():
    tree = read_template(DEFAULT_TEMPLATE).as_of(TODAY)
    kinds = {tree.specialised_of(unit.id).kind for unit in tree.departments}
    assert kinds == {UnitKind.DIVISION, UnitKind.TEAM}
    assert tree.specialised_of("15BB").code == "15ZZ.CBL"


@pytest.mark.parametrize(
    ("merged", "heir"),
    [("10BD", "10BF"), ("12BI", "12F1"), ("30BE", "30CC"), ("33CC", "33CF"), ("34NH", "34NG"), ("38PD", "38BC")],
)
def test_the_mergers_of_2019_stand_in_the_default(merged, heir):
    directory = read_template(DEFAULT_TEMPLATE)
    gone = directory.ever.get(merged)
    assert gone.id in directory.as_of(date(2019, 9, 18))
    assert gone.id not in directory.as_of(date(2019, 9, 19))
    assert [unit.code for unit in directory.successors(gone.id)] == [heir]
    assert [unit.code for unit in directory.predecessors(directory.ever.get(heir).id)] == [merged]


def test_the_new_organisation_has_twelve_central_units_and_twenty_regions():
    tree = read_template("VN-2025").as_of(TODAY)
    assert len([unit for unit in tree.units if unit.kind is UnitKind.HQ_DEPARTMENT]) == 12
    assert len(tree.departments) == 20
    assert tree.department_of("15BB").label() == "Chi cục Hải quan khu vực VI"
    assert tree.get("15BB").label() == "Hải quan cửa khẩu Hữu Nghị"


def test_ids_are_the_same_in_every_installation():
    assert str(unit_id("VN-2006-2024", "15BB")) == str(read_template("VN-2006-2024").ever.get("15BB").id)
    assert unit_id("VN-2006-2024", "15BB") != unit_id("VN-2025", "15BB")
    assert str(unit_id("VN-2006-2024", "TCHQ")) == "3c2fa72a-7731-5607-b118-1e15adadd695"


def test_an_unknown_template_is_refused_with_the_names_there_are():
    with pytest.raises(RuleRefused, match="VN-2006-2024"):
        read_template("../secrets")
