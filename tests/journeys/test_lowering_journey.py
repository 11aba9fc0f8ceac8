"""A record comes down to a lower level: proposed by its author, agreed to by the leader with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.factories.record_world import WHY_LOWER, proposed, returned
from tests.journeys.axe import assert_usable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
REASON = "Nội dung đã được công bố, không còn thuộc danh mục."


def test_a_lower_level_is_proposed_and_agreed_to_in_the_browser(live, house):
    record_id = returned(house)
    officer = live.persona("officer", width=360)
    officer.goto(f"/records/{record_id}/edit")
    assert_usable(officer)
    officer.check("input[name=level][value='0']")
    officer.select_option("#list_item", "")
    officer.click("button[value=check]")
    expect(officer.locator("[data-error-summary]")).to_contain_text("Hãy nêu lý do hạ độ mật")
    assert_usable(officer)
    officer.fill("#level_reason", WHY_LOWER)
    officer.click("button[value=check]")
    expect(officer.locator("main")).to_contain_text("Bạn đề xuất hạ độ mật")
    assert_usable(officer)
    officer.click("form.form-actions button[type=submit]")
    expect(officer.locator("main")).to_contain_text("Người viết đề xuất hạ độ mật")

    leader = live.persona("leader")
    leader.goto(f"/records/{record_id}")
    expect(leader.locator("main")).to_contain_text(WHY_LOWER)
    assert_usable(leader)
    leader.locator("main a[data-dialog=lower-level]").focus()
    leader.keyboard.press("Enter")
    expect(leader.locator("dialog#lower-level")).to_be_visible()
    assert_usable(leader)
    leader.locator("#lower-level-reason").focus()
    leader.keyboard.type(REASON)
    leader.locator("dialog#lower-level button[type=submit]").focus()
    leader.keyboard.press("Enter")
    expect(leader.locator(".timeline")).to_contain_text("Đã hạ độ mật")
    assert_usable(leader)
    leader.goto(f"/records/{record_id}/versions")
    expect(leader.locator("main")).to_contain_text("Độ mật đã được hạ")
    assert_usable(leader)


def test_a_leader_may_go_on_without_agreeing(live, house):
    record_id = proposed(house, "1", "0")
    leader = live.persona("leader")
    leader.goto(f"/records/{record_id}")
    leader.click("a[data-dialog=forward]")
    leader.click("dialog#forward button[type=submit]")
    leader.wait_for_load_state()
    analyst = live.persona("analyst")
    analyst.goto(f"/records/{record_id}")
    expect(analyst.locator("#level-top")).to_contain_text("MẬT")
    expect(analyst.locator("main")).to_contain_text("người viết đề xuất:")
