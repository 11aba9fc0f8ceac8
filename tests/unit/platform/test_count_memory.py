"""A number of the navigation is found again for a moment, in its own session and under its own rights alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from intelhub.platform.actor import Actor, Place
from intelhub.platform.web.counting import CountMemory

ANALYST = Actor(
    user_id=uuid4(), username="analyst", clearance=3, ceiling=3, compartments=frozenset({uuid4()}),
    session_id=uuid4(), request_id=uuid4(),
)  # fmt: skip


class Desk:
    """Counts how often it was asked, and says that."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, actor: Actor, session: Any) -> int:
        """The next number."""
        del actor, session
        self.asked += 1
        return self.asked


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def memory(now):
    return CountMemory(most=3, clock=lambda: now[0])


def ask(memory: CountMemory, actor: Actor, desk: Desk, **options: Any) -> int | None:
    return memory.count(actor, cast("Any", None), desk, **options)


def test_the_next_request_of_a_session_is_told_what_was_counted(memory, desk):
    assert ask(memory, ANALYST, desk) == 1
    assert ask(memory, replace(ANALYST, request_id=uuid4()), desk) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"session_id": UUID(int=1)}, {"user_id": UUID(int=1)}, {"ceiling": 0}, {"clearance": 3, "ceiling": 2},
        {"place": Place.REMOTE}, {"compartments": frozenset()}, {"session_id": None},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_decides_what_is_read_makes_another_number(memory, desk, changes):
    assert ask(memory, ANALYST, desk) == 1
    assert ask(memory, replace(ANALYST, **changes), desk) == 2
    if "session_id" in changes:
        assert ask(memory, ANALYST, desk) == 1


def test_a_number_is_counted_anew_after_twenty_seconds_and_when_asked_to(memory, desk, now):
    ask(memory, ANALYST, desk)
    now[0] += 19.9
    assert ask(memory, ANALYST, desk) == 1
    now[0] += 0.2
    assert ask(memory, ANALYST, desk) == 2
    assert ask(memory, ANALYST, desk, is_fresh=True) == 3
    assert ask(memory, ANALYST, desk) == 3, "what was counted anew is what is remembered"


def test_what_was_counted_before_somebody_did_something_is_counted_anew_once(memory, desk, now):
    assert ask(memory, ANALYST, desk) == 1
    acted_at = now[0]
    now[0] += 1
    assert [ask(memory, ANALYST, desk, since=acted_at) for _ in range(2)] == [2, 2]


def test_a_clock_that_was_put_back_keeps_no_number_alive(memory, desk, now):
    assert ask(memory, ANALYST, desk) == 1
    now[0] -= 3600
    assert ask(memory, ANALYST, desk) == 2


def test_no_more_numbers_are_kept_than_said(memory, desk):
    sessions = [replace(ANALYST, session_id=uuid4()) for _ in range(4)]
    assert [ask(memory, one, desk) for one in sessions] == [1, 2, 3, 4]
    assert [ask(memory, one, desk) for one in (*sessions[1:], sessions[0])] == [2, 3, 4, 5]


def test_nothing_waiting_is_a_number_that_is_remembered_too(memory):
    asked = []

    def nobody_s(_actor, _session):
        asked.append(1)

    assert memory.count(ANALYST, cast("Any", None), nobody_s) is None
    assert memory.count(ANALYST, cast("Any", None), nobody_s) is None
    assert len(asked) == 1
