"""Hits of each month over all time: what is counted is what this person may read, to 100 and no further."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from intelhub.records.service import over_time, searching
from intelhub.records.service.over_time import count_over_time
from intelhub.search import Deadline, Order, SearchRequest
from tests.factories.record_world import submitted

OPEN = {"level": "0", "list_item": None}
ASKED = SearchRequest(text="phu tung")


def written(house, author="officer", *, months, **changes):
    """So many records of each month."""
    for month, count in months.items():
        for number in range(count):
            submitted(house, author, learned_at=f"{month}-{1 + number:02}T08:00:00+07:00", **(OPEN | changes))


def counted(house, username, request=ASKED, exact=3):
    with house.acting(username) as (actor, session):
        return count_over_time(actor, session, request, exact=exact)


def test_each_month_is_exact_up_to_the_limit_and_one_more_beyond(house):
    months = {"2024-11": 2, "2025-03": 3, "2025-04": 5, "2025-06": 1, "2026-01": 4, "2026-02": 1, "2026-03": 1}
    written(house, months=months)
    found = counted(house, "officer")
    assert found.is_whole
    assert dict(found.months) == {month: min(count, 4) for month, count in months.items()}
    assert [month for month, _ in found.months] == sorted(months)


@pytest.mark.parametrize("seed", range(3))
def test_however_they_lie_and_wherever_looks_are_cut_the_months_are_those_of_the_records(house, seed):
    chance = Random(seed)  # noqa: S311 - the same each time
    months = Counter(f"2025-{chance.randint(1, 6):02}" for _ in range(14))
    written(house, months=months)
    for exact in (1, 2, 5, 100):
        assert dict(counted(house, "officer", exact=exact).months) == {
            month: min(count, exact + 1) for month, count in months.items()
        }


def test_what_is_asked_narrows_what_is_counted_by_relevance_too(house):
    written(house, months={"2025-03": 2, "2026-01": 3})
    written(house, months={"2025-05": 1}, topic="smuggling")
    bounds = replace(ASKED, facets={"topic": ("false_origin",)}, order=Order.RELEVANCE)
    assert dict(counted(house, "officer", bounds).months) == {"2025-03": 2, "2026-01": 3}
    (newest,) = {hit for hit in counted(house, "officer", ASKED).months if hit[0] == "2026-01"}
    assert newest == ("2026-01", 3)
    with house.acting("officer") as (actor, session):
        last = searching.search_records(actor, session, ASKED).found[-1].hit.occurred_at
    assert dict(counted(house, "officer", replace(ASKED, not_after=last)).months) == {"2025-03": 1}


def test_what_was_not_reached_is_said(house, monkeypatch):
    written(house, months={"2025-03": 3, "2026-01": 3})
    spent = replace(ASKED, until=Deadline(time.monotonic()))
    assert counted(house, "officer", spent) == over_time.OverTime(months=(), hits=(), is_whole=False)
    monkeypatch.setattr(over_time, "MOST_LOOKS", 1)
    found = counted(house, "officer", exact=2)
    assert (found.months, found.is_whole) == ((("2026-01", 3),), False)


def test_fields_are_counted_over_all_time_too(house, monkeypatch):
    monkeypatch.setattr(searching, "EXACT", 2)
    written(house, months={"2025-03": 2}, topic="smuggling")
    written(house, months={"2026-01": 3})
    with house.acting("officer") as (actor, session):
        first = searching.search_records(actor, session, ASKED).counted
        whole = searching.search_records(actor, session, ASKED, over_time=True).counted
        chosen = replace(ASKED, facets={"channel": ("control_result",)})
        beside = searching.search_records(actor, session, chosen, over_time=True).counted
    assert dict(first.facets["topic"]) == {"false_origin": 2}
    assert dict(whole.facets["topic"]) == {"false_origin": 3, "smuggling": 2}
    assert "topic" in whole.beyond, "a month has more than was counted"
    assert dict(beside.facets["topic"]) == dict(whole.facets["topic"])
    monkeypatch.setattr(searching, "EXACT", 4)
    with house.acting("officer") as (actor, session):
        exact = searching.search_records(actor, session, ASKED, over_time=True).counted
    assert exact.beyond == ()
    assert dict(exact.facets["topic"]) == {"false_origin": 3, "smuggling": 2}
