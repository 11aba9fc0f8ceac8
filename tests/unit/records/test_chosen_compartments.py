"""Which compartments a record lies in: those chosen and held, with those it cannot leave, and nothing else."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.platform.actor import Actor
from intelhub.platform.errors import RuleRefused
from intelhub.records.service.compartments import NOT_HELD, compartments_of

GROUPS = [UUID(int=number) for number in range(1, 7)]
SETS = st.frozensets(st.sampled_from(GROUPS))


def actor(*held: UUID) -> Actor:
    return Actor(user_id=uuid4(), username="x", posts=(), compartments=frozenset(held))


@given(held=SETS, chosen=SETS, kept=SETS)
def test_chosen_ones_must_be_held_and_kept_ones_stay(held, chosen, kept):
    fields = {"compartments": [str(one) for one in chosen]}
    if chosen <= held:
        assert compartments_of(actor(*held), fields, kept=kept) == sorted(chosen | kept)
    else:
        with pytest.raises(RuleRefused):
            compartments_of(actor(*held), fields, kept=kept)


@pytest.mark.parametrize("nothing", [{}, {"compartments": None}, {"compartments": []}, {"compartments": ()}])
def test_nothing_chosen_is_no_compartment(nothing):
    assert compartments_of(actor(*GROUPS), nothing) == []


@pytest.mark.parametrize(
    "wrong",
    [
        [str(GROUPS[1])],
        [str(uuid4())],
        ["no id at all"],
        [str(GROUPS[0]), str(GROUPS[1])],
        [str(GROUPS[0]).upper().replace("0", "O")],
        ["{" + str(GROUPS[0]) + "}"],
        [GROUPS[0]],
        [None],
        [[str(GROUPS[0])]],
        str(GROUPS[0]),
        {str(GROUPS[0]): "y"},
        7,
    ],
)
def test_not_held_unknown_and_malformed_are_one_and_the_same_refusal(wrong):
    with pytest.raises(RuleRefused) as refused:
        compartments_of(actor(GROUPS[0]), {"compartments": wrong})
    (said,) = refused.value.fields["compartments"]
    assert (refused.value.rule, refused.value.message) == (NOT_HELD, said)
    assert said.msgid == "There is no such compartment that you are in. Choose among yours."
    assert not said.parameters
