from __future__ import annotations

import json
import re
from pathlib import Path

import intelhub
from intelhub.demo.names import given_names
from intelhub.demo.people import generate_people
from intelhub.demo.world import load
from intelhub.platform.actor import Place

PACKAGE = Path(intelhub.__file__).parent
TEMPLATE = json.loads((PACKAGE / "organisation" / "data" / "VN-2006-2024.json").read_text(encoding="utf-8"))
TIERS = {unit["code"]: unit["tier"] for unit in TEMPLATE["units"]}
FUNCTIONS = {
    "contributor", "group_officer", "group_leader", "analyst", "unit_head", "department_leader", "security_officer",
    "division_head", "leader", "auditor", "operator",
}  # fmt: skip
PEOPLE = generate_people(7)


def test_about_sixty_people_hold_every_duty_function():
    assert 55 <= len(PEOPLE) <= 70
    assert {function for person in PEOPLE for function in person.functions} == FUNCTIONS


def test_usernames_are_ascii_and_names_are_distinct():
    assert all(re.fullmatch(r"[0-9a-z]+(\.[0-9a-z]+)?", person.username) for person in PEOPLE)
    assert len({person.username for person in PEOPLE}) == len(PEOPLE)
    assert len({person.display_name for person in PEOPLE}) == len(PEOPLE)


def test_names_hold_no_look_alike_letter():
    for gender in ("boy", "girl"):
        assert not {"Ð", "ð"} & set("".join(given_names(gender)))
    assert any("Đ" in name for name in given_names("boy"))


def test_every_post_stands_at_a_unit_of_the_template_and_of_its_tier():
    at_tier = {"group_officer": {3}, "group_leader": {3}, "unit_head": {2}, "analyst": {1, 2}, "division_head": {1}}
    for person in PEOPLE:
        assert person.posts
        for post in person.posts:
            assert TIERS[post.unit_code] in at_tier.get(post.function, {1, 2, 3}), post


def test_the_personas_are_one_of_each_kind():
    personas = {person.username: person for person in PEOPLE if person.is_persona}
    assert set(personas) == {
        "15bb.officer1", "15bb.leader1", "15cbl.analyst1", "15cbl.analyst2", "15cbl.head1", "15.security1",
        "20bb.officer1", "20cbl.analyst1", "dtcbl.analyst1", "auditor1", "operator1", "15bb.contributor1",
        "15.leader1", "dtcbl.leader1",
    }  # fmt: skip
    # A head of division at headquarters reads what an analyst there reads.
    assert FUNCTIONS - {function for one in personas.values() for function in one.functions} == {"division_head"}
    assert personas["15cbl.analyst2"].place is Place.REMOTE
    assert personas["15bb.officer1"].holds("group_officer", "15BB")
    assert all(p.title_vi and p.title_en and p.blurb_vi and p.blurb_en for p in personas.values())


def test_who_watches_reads_nothing_and_clearances_stay_within_the_levels():
    for person in PEOPLE:
        assert 0 <= person.clearance <= 3
        if person.functions & {"auditor", "operator"}:
            assert person.clearance == 0
            assert len(person.functions) == 1


def test_a_seed_always_gives_the_same_people_and_another_seed_others():
    assert generate_people(7) == PEOPLE
    assert [p.display_name for p in generate_people(8)] != [p.display_name for p in PEOPLE]


def test_the_units_of_the_demo_are_in_the_template():
    units = load("units")
    assert set(units["units"]) <= set(TIERS)
    assert set(units["weights"]) <= set(units["units"])
    assert {code[:2] for code in units["units"]} == set(units["departments"])
