"""A head shares a record with a gate by the keyboard, at a desk and on a phone; its leader reads it until it ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.factories.record_world import travelled
from tests.journeys.axe import assert_usable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WHY = "Xe sẽ qua cửa khẩu này trong tuần tới."


@pytest.mark.parametrize("width", [1280, 360])
def test_a_record_is_shared_with_a_gate_and_the_sharing_ends(live, house, width):
    address = f"/records/{travelled(house, 3)}"
    head = live.persona("head", width=width)
    head.goto(address)
    head.locator("main details.menu summary.btn").first.focus()
    head.keyboard.press("Enter")
    head.locator("main a[data-dialog=disseminate]").focus()
    head.keyboard.press("Enter")
    expect(head.locator("dialog#disseminate")).to_be_visible()
    expect(head.locator("#recipient")).to_be_focused()
    head.keyboard.type("tan thanh")
    expect(head.locator("#recipient-list option")).to_have_attribute("value", "15BE")
    assert_usable(head)
    head.locator("#disseminate-reason").focus()
    head.keyboard.type(WHY)
    head.locator("dialog#disseminate button[type=submit]").focus()
    head.keyboard.press("Enter")
    expect(head.locator(".timeline")).to_contain_text("Chia sẻ với Chi cục HQ CK Tân Thanh")
    expect(head.locator("#readers")).to_contain_text("Chi cục HQ CK Tân Thanh")
    assert_usable(head)

    leader = live.persona("neighbour", width=width)
    leader.goto("/")
    leader.click(f"section[aria-labelledby=desk-received] a[href='{address}'] >> nth=0")
    expect(leader.locator("main")).to_contain_text("Được chia sẻ với đơn vị bạn")
    expect(leader.locator(".timeline")).to_contain_text(WHY)
    assert_usable(leader)

    head.click("main details.menu summary.btn")
    head.click("main a[data-dialog=withdraw]")
    head.select_option("#withdraw-recipient", "15BE")
    head.click("#withdraw [data-fill] >> nth=0")
    head.click("dialog#withdraw button[type=submit]")
    expect(head.locator(".timeline")).to_contain_text("Ngừng chia sẻ với Chi cục HQ CK Tân Thanh")
    assert leader.goto(address).status == 404
