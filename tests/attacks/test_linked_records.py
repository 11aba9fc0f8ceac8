"""Records name others: whoever may not read such a one learns that there is another record, and nothing else of it.

Nor can anybody find out by naming: the number of a record that is not for them answers as one that nobody ever gave.
"""

from __future__ import annotations

import html
import re
from uuid import UUID, uuid4

import pytest

from intelhub import records
from intelhub.records import Grade
from tests.attacks.test_mass_assignment import row_of
from tests.factories.compartments import NAME, compartment
from tests.factories.record_world import act, submitted, travelled
from tests.house import TestHouse, content
from tests.noise import without_noise
from tests.web.records.test_record_pages import page

SECRET = {"level": "2", "list_item": "VD-TM-02", "abstract": "Xe chở kính ngắm qua lối mòn"}
UNKNOWN = "Không có phiếu tin nào khác"
BANNER = 'id="level-top" class="level-banner level-{}"'


def at_the_other_gate(house: TestHouse, **changes: object) -> UUID:
    """A record that the department received from the neighbour's gate; its number begins as no other's here."""
    record_id = submitted(house, "neighbour", **changes)
    act(house, "head", record_id, records.forward_record)
    return record_id


def merged(house: TestHouse, target: UUID, **changes: object) -> UUID:
    record_id = travelled(house, 1, **changes)
    act(house, "analyst", record_id, records.mark_duplicate, target=target, reason="Cùng một lô hàng")
    return record_id


def confirmed(house: TestHouse, *others: UUID, **changes: object) -> UUID:
    record_id = travelled(house, 1, **changes)
    grade = {"grade": Grade(source="B", info="1"), "reason": "Hai tin khớp nhau"}
    act(house, "analyst", record_id, records.evaluate_record, corroborating=others, **grade)
    return record_id


def number_of(house: TestHouse, record_id: UUID) -> str:
    with house.acting("analyst") as (actor, session):
        return records.read_record(actor, session, record_id).summary.head.number


def words(client, record_id: UUID, *parts: str) -> str:
    shown = html.unescape(page(client, "/".join(("/records", str(record_id), *parts))))
    return re.sub(r'data-\S+="[^"]*"', "", without_noise(shown))


@pytest.mark.parametrize("link", [merged, confirmed])
def test_a_target_that_may_not_be_read_is_another_record_and_no_more(house, client_as, link):
    target = at_the_other_gate(house, **SECRET)
    record_id = link(house, target)
    number = number_of(house, target)
    assert number.startswith("15BE")
    told = words(client_as("analyst"), record_id)
    assert number in told
    assert SECRET["abstract"] in told
    assert f'href="/records/{target}"' in told
    assert BANNER.format(2) in told, "what is shown beside it counts for the level of the page"
    for username in ("analyst2", "officer"):
        for parts in ((), ("versions",)):
            untold = words(client_as(username), record_id, *parts)
            for leak in (str(target), target.hex, number, SECRET["abstract"], "15BE"):
                assert leak not in untold, (username, parts, leak)
            assert BANNER.format(1) in untold
        assert "một phiếu tin khác" in words(client_as(username), record_id)


def test_what_is_said_of_hidden_targets_is_the_same_whichever_and_however_many_they_are(house, client_as):
    first = at_the_other_gate(house, **SECRET)
    group = compartment(house, "analyst", "neighbour", "head")
    second = at_the_other_gate(house, compartments=[str(group)])
    pages = set()
    for others in ((first,), (second,), (first, second)):
        record_id = confirmed(house, *others)
        panel = words(client_as("analyst2"), record_id).split('id="linked"')[1].split("</section>")[0]
        pages.add(panel)
        assert NAME not in panel
    assert len(pages) == 1


def test_the_record_others_were_merged_into_lists_those_its_reader_may_read(house, client_as):
    target = at_the_other_gate(house)
    hidden = merged(house, target, **SECRET)
    before = words(client_as("analyst2"), target, "merged")
    assert "Không có phiếu tin nào" in before
    assert str(hidden) not in before
    assert BANNER.format(1) in before
    shown = merged(house, target, abstract="Tin trùng ai cũng đọc được")
    after = words(client_as("analyst2"), target, "merged")
    assert "Tin trùng ai cũng đọc được" in after
    assert str(hidden) not in after
    assert SECRET["abstract"] not in after
    both = words(client_as("analyst"), target, "merged")
    assert (str(hidden) in both, str(shown) in both, BANNER.format(2) in both) == (True, True, True)
    stranger = client_as("stranger")
    answers = [stranger.get(f"/records/{one}/merged") for one in (target, uuid4())]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].data == answers[1].data


def test_no_query_asks_which_records_were_merged_into_one(house, client_as):
    target = at_the_other_gate(house, **SECRET)
    record_id = merged(house, target)
    analyst = client_as("analyst2")
    plain = analyst.submit("/search", {"q": "phụ tùng"}).get_data(as_text=True)
    assert str(record_id) in plain
    assert target.hex not in plain
    for asked in ({"q": f"merged_into:{target.hex}"}, {"q": f"mergedinto:{target.hex}"}, {"q": target.hex}):
        assert str(record_id) not in analyst.submit("/search", asked).get_data(as_text=True)
    every = {"q": "", "merged_into": target.hex, "number": "x"}
    assert str(record_id) in analyst.submit("/search", every).get_data(as_text=True), "a field of no form is not read"


def tries(house: TestHouse, client, record_id: UUID, named: str) -> set[str]:
    """What a merge and a grade 1 answer to a name."""
    answers = set()
    for move, form in (
        ("duplicate", {"target_named": named, "reason": "Trùng"}),
        ("duplicate", {"target": named, "reason": "Trùng"}),
        ("evaluate", {"corroborating_named": named, "source_grade": "B", "info_grade": "1", "reason": "Khớp"}),
    ):
        version = str(row_of(house, record_id).row_version)
        answer = client.submit(f"/records/{record_id}/{move}", {"row_version": version, **form}, follow_redirects=True)
        # What was typed may come back in its box; all else is one answer.
        text = re.sub(r'value="[^"]*"|data-\S+="[^"]*"', "", without_noise(answer.get_data(as_text=True)))
        assert UNKNOWN in html.unescape(text), (move, named)
        answers.add(text.partition("<main")[2])
        assert row_of(house, record_id).row_version == int(version)
    return answers


def test_the_number_of_a_record_that_is_not_for_me_answers_as_one_nobody_gave(house, client_as):
    group = compartment(house, "neighbour", "head", "analyst")
    hidden = [at_the_other_gate(house, **SECRET), at_the_other_gate(house, compartments=[str(group)])]
    numbers = {number_of(house, one) for one in hidden}
    with house.acting("neighbour") as (actor, session):
        draft = records.create_draft(actor, session, content()).id
    record_id = travelled(house, 1, level="0", list_item=None)
    client = client_as("analyst2")
    answers: set[str] = set()
    for named in (*numbers, *map(str, hidden), str(draft), "15BE-TT-2026-9999", str(uuid4()), "không có", '"', "*"):
        answers |= tries(house, client, record_id, named)
    assert len({re.sub(r"\s+", " ", answer) for answer in answers}) <= 3, "one answer a form, whatever is named"
    answers = tries(house, client, record_id, number_of(house, record_id))
    assert answers, "a record neither repeats nor confirms itself"


def test_a_readable_record_is_named_by_its_number_in_any_spelling_and_by_its_address(house, client_as):
    target = at_the_other_gate(house)
    number = number_of(house, target)
    analyst = client_as("analyst2")
    for named in (number, f" {number.lower()} ", number.replace("-", "/").replace("/", " ", 1), f"/records/{target}"):
        record_id = travelled(house, 1, subjects=[])
        assert 'name="target_named"' in words(analyst, record_id), "an input is there without related records too"
        form = {"row_version": str(row_of(house, record_id).row_version), "target_named": named, "reason": "Trùng"}
        assert analyst.submit(f"/records/{record_id}/duplicate", form).status_code == 303
        assert row_of(house, record_id).state == "merged", named
    record_id, other = travelled(house, 1), travelled(house, 1, subjects=[])
    named = f"{number}, {number_of(house, other)}"
    form = {"row_version": str(row_of(house, record_id).row_version), "source_grade": "B", "info_grade": "1"}
    analyst.submit(f"/records/{record_id}/evaluate", {**form, "corroborating_named": named, "reason": "Khớp"})
    shown = words(analyst, record_id)
    assert 'class="mark code grade"' in shown
    assert f'href="/records/{target}"' in shown
    assert f'href="/records/{other}"' in shown


def test_a_number_that_several_readable_records_bear_is_asked_back(house, client_as):
    low, high = (
        at_the_other_gate(house, level=level, list_item=item) for level, item in (("0", None), ("1", "VD-M-02"))
    )
    assert number_of(house, low) == number_of(house, high), "each level counts for itself"
    record_id = travelled(house, 1)
    form = {"row_version": str(row_of(house, record_id).row_version), "reason": "Trùng"}
    form["target_named"] = number_of(house, low)
    answer = client_as("analyst").submit(f"/records/{record_id}/duplicate", form, follow_redirects=True)
    assert "Nhiều phiếu tin" in html.unescape(answer.get_data(as_text=True))
    assert row_of(house, record_id).state == "received"
