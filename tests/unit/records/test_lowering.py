"""What a proposal to come down to a lower level is made of, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from intelhub.platform.errors import RuleRefused
from intelhub.records import lowering
from intelhub.records.validation import check_content
from tests.house import content

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ITEMS = {0: None, 1: "VD-M-02", 2: "VD-TM-02"}
REASON = "Thông tin đã được công bố trên báo"


def checked(level, *, standing_level, reason=""):
    fields = content(level=str(level), list_item=ITEMS[level], level_reason=reason)
    return check_content(fields, now=NOW, unit_codes=frozenset({"15BB"}), standing_level=standing_level)


def published(level, *, standing=None, reason=""):
    standing_level = standing["level"] if standing else 0
    return lowering.publish_fields(checked(level, standing_level=standing_level, reason=reason), standing)


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("second", [0, 1, 2])
def test_published_fields_never_stand_below_the_former_ones(first, second):
    fields = published(second, standing=published(first), reason=REASON)
    assert fields["level"] == max(first, second)
    assert fields["list_item"] == ITEMS[max(first, second)]
    proposal = lowering.proposal_of(fields)
    if second < first:
        assert proposal == lowering.Proposal(level=second, list_item=ITEMS[second], reason=REASON)
    else:
        assert proposal is None
        assert fields["level_reason"] == "", "a reason for nothing is not kept"


def test_what_was_never_sent_takes_the_level_its_author_gives_it():
    assert published(0)["level"] == 0
    assert lowering.proposal_of(published(2)) is None


@pytest.mark.parametrize(("level", "standing_level"), [(0, 1), (0, 2), (1, 2)])
def test_a_lower_level_needs_a_reason_of_bounded_length(level, standing_level):
    for reason in ("", "   ", "x" * 501):
        with pytest.raises(RuleRefused) as refused:
            checked(level, standing_level=standing_level, reason=reason)
        assert set(refused.value.fields) == {"level_reason"}


@pytest.mark.parametrize(("level", "standing_level"), [(0, 0), (1, 1), (2, 1)])
def test_another_level_needs_none(level, standing_level):
    assert checked(level, standing_level=standing_level).level_reason == ""


def test_a_second_proposal_takes_the_place_of_the_first_and_none_withdraws_it():
    first = published(1, standing=published(2), reason=REASON)
    second = published(0, standing=first, reason="Không còn mật")
    assert second["level"] == 2
    assert second["list_item"] == ITEMS[2]
    assert lowering.get_proposal(second, 2) == lowering.Proposal(level=0, list_item=None, reason="Không còn mật")
    assert lowering.proposal_of(published(2, standing=second)) is None


def test_agreed_fields_say_the_lower_level_and_leave_the_author_s_reason_behind():
    proposing = published(1, standing=published(2), reason=REASON)
    agreed = lowering.lower_fields(proposing, lowering.get_proposal(proposing, 2))
    assert agreed == published(1)
    assert REASON not in str(agreed)


def test_the_form_shows_what_was_typed():
    typed = lowering.as_typed(published(0, standing=published(1), reason=REASON))
    assert (typed["level"], typed["list_item"], typed["level_reason"]) == (0, None, REASON)
    again = check_content(typed, now=NOW, unit_codes=frozenset({"15BB"}), standing_level=1)
    assert again == checked(0, standing_level=1, reason=REASON)
    unsent = {"text": "viết dở"}
    assert lowering.as_typed(unsent) == unsent


def test_there_is_nothing_to_agree_to_without_a_proposal_to_go_down():
    with pytest.raises(RuleRefused):
        lowering.get_proposal(published(1), 1)
    proposing = published(1, standing=published(2), reason=REASON)
    for level in (0, 1):
        with pytest.raises(RuleRefused):
            lowering.get_proposal(proposing, level)


def test_nobody_types_a_proposal_into_the_fields():
    with pytest.raises(RuleRefused) as refused:
        check_content(content(proposed_level=0), now=NOW, unit_codes=frozenset({"15BB"}))
    assert "proposed_level" in refused.value.fields
