"""What people reach from home with one tap or key: the next record, late units, runbook, explanation, the log."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import expect

from intelhub.platform.roles import driver_address
from tests.factories.record_world import submitted, travelled
from tests.journeys.axe import assert_usable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_leader_goes_from_one_record_to_the_next(live):
    first, second = submitted(live.house, urgency="express"), submitted(live.house)
    leader = live.persona("leader")
    leader.click("section[aria-labelledby=desk-review] a[data-row-link] >> nth=0")
    leader.wait_for_url(re.compile(str(first)))
    leader.keyboard.press("f")
    leader.click("#forward [data-fill] >> nth=0")
    expect(leader.locator("#forward-reason")).not_to_have_value("")
    assert_usable(leader)
    leader.click("#forward button[type=submit]")
    leader.wait_for_url(re.compile(str(second)))
    leader.click("details.menu summary.btn")
    leader.click("[data-dialog=return]")
    leader.click("#return [data-fill] >> nth=0")
    leader.click("#return button[type=submit]")
    leader.wait_for_url(re.compile(r"//[^/]+/$"))


def test_a_head_sees_who_is_late_and_opens_those_records(live):
    record_id = travelled(live.house, 1)
    with psycopg.connect(driver_address(live.house.database.superuser_url), autocommit=True) as connection:
        connection.execute("update records set updated_at = updated_at - interval '9 days'")
    for width in (1280, 360):
        head = live.persona("head", width=width)
        assert_usable(head)
        assert head.evaluate("document.documentElement.scrollWidth <= innerWidth")
        head.click("section[aria-labelledby=desk-late] a[data-row-link]")
        expect(head.locator(f"a[href='/records/{record_id}']").first).to_be_visible()


def test_an_operator_reaches_the_runbook_with_one_key(live):
    for width in (1280, 360):
        operator = live.persona("operator", width=width)
        assert_usable(operator)
        assert operator.evaluate("document.documentElement.scrollWidth <= innerWidth")
        operator.keyboard.press("b")
        operator.wait_for_url(re.compile("/health/runbook"))
        assert_usable(operator)
        assert operator.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_security_officer_reaches_an_explanation_with_one_key(live):
    record_id = submitted(live.house)
    live.persona("neighbour").goto(f"/records/{record_id}")
    for width in (1280, 360):
        security = live.persona("security", width=width)
        assert_usable(security)
        security.keyboard.press("e")
        security.wait_for_url(re.compile("/explain"))
    security.goto("/audit/refusals")
    expect(security.locator(".explain-this").first).to_be_visible()
    assert_usable(security)
    security.click(".explain-this button >> nth=0")
    expect(security.locator("#answer")).to_contain_text("neighbour")


def test_an_auditor_asks_who_saw_what_with_one_key(live):
    auditor = live.persona("auditor")
    assert_usable(auditor)
    auditor.keyboard.press("w")
    auditor.wait_for_url(re.compile("/audit$"))
