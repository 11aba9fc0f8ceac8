import pytest

from intelhub.access import Exposure, current_policy
from intelhub.platform.errors import Conflict, RuleRefused
from intelhub.records import lifecycle
from intelhub.records.domain import Grade, RecordState, Subject

WAY_UP = [
    ("submit", RecordState.DRAFT, RecordState.SUBMITTED),
    ("return", RecordState.SUBMITTED, RecordState.DRAFT),
    ("forward", RecordState.SUBMITTED, RecordState.RECEIVED),
    ("evaluate", RecordState.RECEIVED, RecordState.EVALUATED),
    ("evaluate", RecordState.EVALUATED, RecordState.EVALUATED),
    ("collate", RecordState.EVALUATED, RecordState.COLLATED),
    ("share_up", RecordState.COLLATED, RecordState.SHARED_UP),
    ("mark_duplicate", RecordState.RECEIVED, RecordState.MERGED),
    ("mark_duplicate", RecordState.EVALUATED, RecordState.MERGED),
]


@pytest.mark.parametrize(("event", "start", "end"), WAY_UP)
def test_an_event_leads_to_its_state(event, start, end):
    assert lifecycle.transition(event, start, "vì sao").to_state is end


@pytest.mark.parametrize("event", sorted(lifecycle.TRANSITIONS))
@pytest.mark.parametrize("start", list(RecordState))
def test_no_event_starts_elsewhere(event, start):
    allowed = {state for name, state, _ in WAY_UP if name == event}
    allowed |= {RecordState.RECEIVED, RecordState.EVALUATED} if event == "acknowledge" else set()
    allowed |= {RecordState.SUBMITTED} if event == "lower_level" else set()
    allowed |= {RecordState.RECEIVED, RecordState.EVALUATED, RecordState.COLLATED} if event == "assign" else set()
    graded = {RecordState.EVALUATED, RecordState.COLLATED, RecordState.SHARED_UP}
    allowed |= graded if event == "disseminate" else set()
    allowed |= {*graded, RecordState.MERGED} if event == "withdraw" else set()
    if start in allowed:
        assert lifecycle.transition(event, start, "vì sao").event == event
    else:
        with pytest.raises(Conflict):
            lifecycle.transition(event, start, "vì sao")


@pytest.mark.parametrize("event", ["return", "lower_level", "evaluate", "mark_duplicate", "disseminate", "withdraw"])
def test_a_decision_against_or_about_a_record_needs_words(event):
    start = next(iter(lifecycle.TRANSITIONS[event].starts))
    with pytest.raises(RuleRefused) as refused:
        lifecycle.transition(event, start, "   ")
    assert "reason" in refused.value.fields


def test_nothing_lowers_the_exposure():
    exposures = [lifecycle.TRANSITIONS[event].exposure for event in ("submit", "forward", "share_up")]
    assert exposures == [1, 2, 3]
    assert lifecycle.TRANSITIONS["return"].exposure is None
    assert lifecycle.TRANSITIONS["lower_level"].exposure is None


def test_grade_1_needs_a_record_that_confirms_it():
    with pytest.raises(RuleRefused) as refused:
        lifecycle.check_grade(Grade(source="B", info="1"), corroborating=0)
    assert "corroborating" in refused.value.fields
    lifecycle.check_grade(Grade(source="B", info="1"), corroborating=1)


@pytest.mark.parametrize("grade", [("G", "1"), ("A", "7"), ("", ""), ("AB", ""), ("A", "12"), ("a", "2")])
def test_a_grade_outside_the_scale_is_refused(grade):
    with pytest.raises(RuleRefused):
        lifecycle.check_grade(Grade(source=grade[0], info=grade[1]), corroborating=1)


def test_a_collation_names_a_subject_or_says_why_not():
    with pytest.raises(RuleRefused):
        lifecycle.check_collation((), " ")
    lifecycle.check_collation((), "Không xác định được đối tượng")
    lifecycle.check_collation((Subject(kind="person", name="Người không rõ tên"),), "")


def test_every_line_of_the_policy_about_a_move_can_meet_a_record():
    """A line whose reach begins further up than any record of its move has come would be read and mean nothing."""
    met = {(RecordState.DRAFT, Exposure.AUTHOR)}
    while True:
        steps = lifecycle.TRANSITIONS.values()
        found = {
            (step.to_state or state, exposure)
            for state, came in met
            for step in steps
            if state in step.starts
            # What a unit's only leader wrote comes to the department at once.
            for exposure in {max(came, step.exposure or 0)}
            | ({Exposure.DEPARTMENT} if step.event == "submit" else set())
        }
        if found <= met:
            break
        met |= found
    for line in current_policy().lines:
        if line.kind == "record" and line.action in lifecycle.TRANSITIONS:
            starts = lifecycle.TRANSITIONS[line.action].starts
            assert any(state in starts and came >= line.reach.minimum_exposure for state, came in met), str(line)
