from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from intelhub.demo.content import DemoRecord
from intelhub.demo.generator import generate_records
from intelhub.demo.people import generate_people
from intelhub.demo.stories import STORY_COMPANY_NAME, STORY_TAX_CODE
from intelhub.demo.world import load, patterns, units_of
from intelhub.demo.writing import _SLOTS, parse
from intelhub.platform.clock import HANOI
from intelhub.records.catalogues import catalogue, entry
from intelhub.records.identifiers import Identifier, locate, normalise
from intelhub.records.lifecycle import TRANSITIONS
from intelhub.records.validation import CONTENT_FIELDS, check_content

SEED = 2006
TODAY = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
UNITS = frozenset(load("units")["units"])
PEOPLE = {person.username: person for person in generate_people(SEED)}
IDENTIFIED = {"enterprise", "vehicle", "vessel", "container", "declaration", "goods", "seal"}


@pytest.fixture(scope="module")
def records() -> list[DemoRecord]:
    return list(generate_records(SEED, today=TODAY))


def state_of(record: DemoRecord) -> str:
    """Walks the product's own state machine; a step out of order fails the test."""
    state = "draft"
    for step in record.steps:
        transition = TRANSITIONS[step.event]
        assert state in transition.starts, (step.event, state)
        state = str(transition.to_state or state)
    return state


def test_at_least_two_thousand_within_three_seconds():
    begin = time.process_time()
    count = sum(1 for _ in generate_records(1, today=TODAY))
    assert count >= 2_000
    assert time.process_time() - begin < 3


def test_the_count_is_what_was_asked_for():
    assert len(list(generate_records(5, 40, today=TODAY))) == 40


def test_a_seed_and_a_day_always_give_the_same_records(records):
    assert list(generate_records(SEED, today=TODAY.astimezone(HANOI))) == records
    assert next(generate_records(SEED + 1, today=TODAY)).content != records[0].content


def test_every_content_passes_the_form(records):
    for record in records:
        assert set(record.content) == set(CONTENT_FIELDS) - {"compartments"}  # chosen at loading
        content = check_content(record.content, now=TODAY, unit_codes=UNITS)
        assert content.text == record.content["text"]
        assert content.abstract == record.content["abstract"]


def test_changed_texts_pass_the_form_too(records):
    changed = 0
    for record in records:
        for step in record.steps:
            if changes := step.details.get("changes"):
                assert changes["text"] != record.content["text"]
                check_content({**record.content, **changes}, now=TODAY, unit_codes=UNITS)
                changed += 1
    assert changed > 50


def test_no_two_texts_are_equal_and_none_has_an_open_slot(records):
    texts = [record.content["text"] for record in records]
    assert len(set(texts)) == len(texts)
    for record in records:
        assert not set("{}|") & set(record.content["text"] + record.content["abstract"])
        assert "  " not in record.content["text"]
        assert ".." not in record.content["text"]


def test_texts_have_three_to_nine_sentences(records):
    for record in records:
        text = record.content["text"].replace("Co., Ltd", "").replace("LLC", "")
        ends = sum(1 for here, there in pairwise(text.split()) if here.endswith(".") and there[:1].isupper())
        assert 2 <= ends <= 9, record.content["text"]


def test_every_state_is_there(records):
    states = Counter(state_of(record) for record in records)
    assert set(states) == {"draft", "submitted", "received", "evaluated", "collated", "shared_up", "merged"}
    assert min(states.values()) >= 20
    assert states["shared_up"] >= 300


def test_all_topics_channels_and_most_methods_are_there(records):
    for name, least in (("topic", 10), ("channel", 3), ("method", 5), ("handling", 2), ("urgency", 10)):
        used = Counter(record.content[name] for record in records)
        for item in catalogue(name):
            assert used[item.code] >= least, (name, item.code)


def test_all_levels_are_there_and_rest_on_an_item_of_their_level(records):
    levels = Counter(record.content["level"] for record in records)
    assert 300 < levels[1] < levels[0]
    assert 30 < levels[2] < 150
    assert 4 <= levels[3] <= 40
    for record in records:
        if record.content["level"]:
            assert entry("list_item", record.content["list_item"]).level == record.content["level"]
        else:
            assert record.content["list_item"] is None


def test_the_highest_level_is_for_weapons_alone(records):
    top = [record for record in records if record.content["level"] == 3]
    assert {record.content["topic"] for record in top} == {"weapons"}
    assert not any("pháo nổ" in record.content["text"] for record in top)


def test_identifiers_are_valid_without_a_doubt_and_stand_in_the_text(records):
    for record in records:
        found = {(str(one.identifier.kind), one.identifier.value) for one in locate(record.content["text"])}
        for subject in record.content["subjects"]:
            if subject["kind"] not in IDENTIFIED or not subject["identifier"]:
                assert subject["name"]
                continue
            identifier = normalise(subject["kind"], subject["identifier"])
            assert isinstance(identifier, Identifier)
            assert identifier.warning is None
            if subject["kind"] != "goods":  # a text may name goods without their code
                assert (subject["kind"], identifier.value) in found, record.content["text"]


def test_subjects_come_back(records):
    seen = Counter(
        (subject["kind"], subject["identifier"] or subject["name"])
        for record in records
        for subject in record.content["subjects"]
    )
    for kind, distinct, repeated in (
        ("enterprise", 150, 120), ("vehicle", 60, 40), ("container", 40, 30), ("vessel", 12, 10), ("person", 150, 80),
    ):  # fmt: skip
        counts = [count for (of, _), count in seen.items() if of == kind]
        assert len(counts) >= distinct, kind
        assert sum(count > 1 for count in counts) >= repeated, kind


def test_nothing_carries_a_number_that_was_ever_issued(records):
    starts = {"enterprise": ("99",), "vessel": ("4",), "declaration": ("199", "399"), "seal": ("DM",)}
    provinces = {"10", "42", "44", "45", "46", "87", "91", "96"}
    for record in records:
        for subject in record.content["subjects"]:
            if subject["kind"] in starts:
                assert subject["identifier"].startswith(starts[subject["kind"]])
            if subject["kind"] == "vehicle":
                assert subject["identifier"][:2] in provinces


def test_every_source_is_marked_as_invented(records):
    for record in records:
        source = record.content["source"]
        assert source.startswith("CS-99" if record.content["source_kind"] == "pseudonym" else "DEMO: ")


def test_records_are_spread_over_units_and_two_years_in_order(records):
    assert len({record.unit_code for record in records}) >= 80
    moments = [datetime.fromisoformat(record.content["learned_at"]) for record in records]
    assert moments[0] < TODAY - timedelta(days=700)
    assert sum(moment > TODAY - timedelta(days=7) for moment in moments) >= 20
    assert moments == sorted(moments)


def test_time_runs_forward_and_never_beyond_today(records):
    for record in records:
        learned = datetime.fromisoformat(record.content["learned_at"])
        times = [learned, record.created_at, *(step.at for step in record.steps)]
        assert times == sorted(times)
        assert times[-1] <= TODAY
        assert learned.utcoffset() == timedelta(hours=7)
        since, until = record.content["happened_from"], record.content["happened_to"]
        assert since is None or datetime.fromisoformat(since) <= learned
        assert until is None or since < until


def test_every_step_is_taken_by_somebody_who_may(records):
    functions = {
        "return": "group_leader", "lower_level": "group_leader", "forward": "group_leader", "evaluate": "analyst",
        "mark_duplicate": "analyst", "collate": "analyst", "share_up": "unit_head",
        "acknowledge": "analyst", "assign": "unit_head", "disseminate": "unit_head",
    }  # fmt: skip
    for record in records:
        author, level = PEOPLE[record.author], record.content["level"]
        assert any(author.holds(function, record.unit_code) for function in ("group_officer", "contributor"))
        assert level <= (3 if "contributor" in author.functions else 2)  # the policy's ceiling for control officers
        for step in record.steps:
            person = PEOPLE[step.username]
            assert person.clearance >= level
            if step.event == "submit":
                assert person is author
                continue
            where = (
                record.unit_code
                if step.event in {"return", "lower_level", "forward"}
                else f"{record.unit_code[:2]}ZZ.CBL"
            )
            assert person.holds(functions[step.event], where)
            assert person is not author


def test_the_analyst_one_meets_first_has_work_taken_on_and_given(records):
    ends = [(record.steps[-1].event, record.steps[-1]) for record in records if record.steps]
    mine = [event for event, step in ends if "15cbl.analyst1" in {step.username, step.details.get("assignee")}]
    assert {"acknowledge", "assign", "evaluate"} <= set(mine)
    waiting = [event for event, _ in ends if event == "forward"]
    assert len(waiting) > 20


def test_what_travels_has_a_handling_code_that_lets_it(records):
    for record in records:
        events = {step.event for step in record.steps}
        if "forward" in events:
            assert record.content["handling"] != "H0"
        if "share_up" in events:
            assert record.content["handling"] in {"H2", "H3", "H4"}
        for step in record.steps:
            if step.event == "disseminate":
                is_far = step.details["recipient"][:2] != record.unit_code[:2]
                assert record.content["handling"] in ({"H2", "H3", "H4"} if is_far else {"H1", "H2", "H3", "H4"})


def test_steps_say_what_their_service_asks_for(records):
    for index, record in enumerate(records):
        for step in record.steps:
            details = step.details
            match step.event:
                case "return":
                    assert details["comment"]
                case "lower_level":
                    assert details["reason"]
                    assert proposals_of(record) == [0]
                case "evaluate":
                    assert details["source_grade"] in "ABCDEF"
                    assert details["reason"]
                    assert (details["info_grade"] == "1") == bool(details.get("corroborating"))
                    for other in details.get("corroborating", ()):
                        check_reference(records, index, other, step.at)
                case "mark_duplicate":
                    assert details["reason"]
                    check_reference(records, index, details["target"], step.at)
                case "assign":
                    analyst = PEOPLE[details["assignee"]]
                    assert analyst.holds("analyst", f"{record.unit_code[:2]}ZZ.CBL")
                    assert analyst.clearance >= record.content["level"]
                    assert analyst.username != record.author
                case "collate":
                    assert bool(details["entities"]) != bool(details["no_entity_reason"])


def proposals_of(record: DemoRecord) -> list[int]:
    """The lower levels that its author proposed, each with a reason."""
    changes = [step.details.get("changes", {}) for step in record.steps]
    assert all(one["level_reason"] for one in changes if "level" in one)
    return [one["level"] for one in changes if "level" in one]


def test_some_records_came_down_and_some_wait_for_it(records):
    proposing = [record for record in records if proposals_of(record)]
    agreed = [record for record in proposing if any(step.event == "lower_level" for step in record.steps)]
    assert 5 <= len(agreed) < len(proposing)
    assert {state_of(record) for record in proposing if record not in agreed} == {"submitted"}
    for record in proposing:
        named = {"target", "corroborating"} & {name for step in record.steps for name in step.details}
        assert not named, "it may rest on a record above its lower level"


def check_reference(records: list[DemoRecord], index: int, other: int, at: datetime) -> None:
    assert other < index
    here, there = records[index], records[other]
    assert there.unit_code[:2] == here.unit_code[:2]
    assert there.content["level"] <= here.content["level"]
    assert state_of(there) not in {"draft", "submitted", "merged"}
    assert next(step.at for step in there.steps if step.event == "forward") <= at


def test_some_grades_are_confirmed_and_some_records_merged(records):
    events = Counter(
        "confirmed" if step.details.get("corroborating") else step.event for record in records for step in record.steps
    )
    assert events["confirmed"] >= 20
    assert events["mark_duplicate"] >= 20
    assert events["disseminate"] >= 40


def test_english_is_a_small_part(records):
    assert 0.05 <= sum(record.is_english for record in records) / len(records) <= 0.11


def test_the_story_waits_for_the_analyst_of_lang_son(records):
    about = [r for r in records if STORY_COMPANY_NAME in r.content["text"] or STORY_TAX_CODE in r.content["text"]]
    assert about == [record for record in records if record.is_story]
    assert [state_of(record) for record in about] == ["collated", "collated"]
    for record in about:
        assert record.unit_code == "15BB"
        assert record.author != "15bb.officer1"
        assert record.content["topic"] == "false_origin"
        named = {(subject["kind"], subject["identifier"]) for subject in record.content["subjects"]}
        assert {("enterprise", STORY_TAX_CODE), ("goods", "8708.99")} <= named
        assert STORY_COMPANY_NAME in record.content["text"]
        assert STORY_TAX_CODE in record.content["text"]


def test_every_pattern_uses_slots_and_codes_that_exist():
    methods = {item.code for item in catalogue("method")} | {""}
    assert {item.code for item in catalogue("topic")} == set(patterns())
    assert {item.code for item in catalogue("channel")} == set(load("phrases_common")["channels"])
    for topic in patterns().values():
        for mode in ("found", "told", "data", "detail", "why", "abstract"):
            for line in topic[mode]:
                pattern = parse(line)
                assert pattern.slots <= set(_SLOTS)
                assert pattern.method in methods
                assert "|" not in pattern.text


def test_each_department_of_the_demo_has_units():
    assert all(units_of(department) for department in load("units")["departments"])
