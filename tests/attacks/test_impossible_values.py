"""What nobody can mean and somebody types all the same: it is refused or passed over, and takes nobody's page away."""

from __future__ import annotations

import pytest

from intelhub import records
from intelhub.platform.errors import RuleRefused
from tests.factories.record_world import submitted
from tests.house import content

TIMES = ("01/01/0999", "0002-03-04", "0001-01-01T00:00:00+14:00", "31/12/9999 23:59", "9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize("typed", TIMES)
def test_a_time_that_no_zone_can_tell_is_refused_in_its_field(house, typed):
    for name in ("learned_at", "happened_from", "happened_to"):
        with house.acting("officer") as (actor, session):
            draft = records.create_draft(actor, session, content(**{name: typed}))
            with pytest.raises(RuleRefused) as refused:
                records.submit_record(actor, session, draft.id, draft.row_version)
            session.rollback()
        assert name in refused.value.fields


@pytest.mark.parametrize("typed", TIMES)
def test_a_draft_with_such_a_time_is_opened_again_as_it_was_typed(house, client_as, typed):
    with house.acting("officer") as (actor, session):
        draft = records.create_draft(actor, session, content(learned_at=typed)).id
    officer = client_as("officer")
    for address in (f"/records/{draft}/edit", "/", "/records"):
        assert officer.get(address).status_code == 200, address


@pytest.mark.parametrize("name", ["topic", "channel", "state", "grade", "level", "unit", "place"])
@pytest.mark.parametrize("value", ["%(q)s", "%(tier1)2000000000s", "%", "%(tier1)", "x" * 5000])
def test_a_chosen_value_is_never_a_pattern(house, client_as, name, value):
    submitted(house)
    answer = client_as("leader").submit("/search", {"q": "phu tung", name: value})
    assert answer.status_code in {200, 422}
    assert len(answer.data) < 100_000
