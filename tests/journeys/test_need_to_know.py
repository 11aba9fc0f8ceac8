"""A record among a few: chosen in the form, marked on every page, invisible to whoever sits beside."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from intelhub import records
from tests.factories.compartments import NAME, compartment
from tests.factories.record_world import act, submitted
from tests.journeys.axe import violations
from tests.journeys.test_first_light import fill_form

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LONG = "Tổ công tác liên ngành chống vận chuyển hàng hóa trái phép qua lối mở"
FIELD = "#compartments"


def is_whole(page: Page) -> None:
    """Nothing to scroll sideways, nothing that hinders anybody."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page) == []


@pytest.mark.parametrize("width", [1280, 360])
def test_a_record_for_a_few_goes_up_among_them_and_shows_itself_to_nobody_else(live, width):
    compartment(live.house, "officer", "leader", "analyst")
    compartment(live.house, "officer", "leader", "analyst", name=LONG)
    submitted(live.house, author="officer2", abstract="Phiếu tin bình thường", level="0", list_item=None)
    officer = live.persona("officer", width=width)
    officer.goto("/records/new")
    fill_form(officer)
    expect(officer.locator(FIELD)).to_contain_text("Nhóm cần biết")
    expect(officer.locator(f"{FIELD} input:checked")).to_have_count(0)
    for name in (NAME, LONG):
        officer.get_by_label(name).check()
    is_whole(officer)
    officer.click("button[value=check]")
    expect(officer.locator(".content")).to_contain_text(f"{NAME} · {LONG}")
    officer.locator("form.form-actions button.btn-primary").click()
    expect(officer.locator(".mark.compartment")).to_have_text([f"Nhóm cần biết: {name}" for name in (NAME, LONG)])
    address = officer.url

    leader, outsider = live.persona("leader", width=width), live.persona("officer2", width=width)
    for url in ("/", "/records"):
        leader.goto(url)
        expect(leader.locator(".rows .mark.compartment")).to_have_count(2)
        is_whole(leader)
        assert leader.locator(".row-main:has-text('Khoảng 21 giờ')").bounding_box()["width"] >= 240
        outsider.goto(url)
        assert NAME not in outsider.content()
    leader.goto(address)
    is_whole(leader)
    leader.emulate_media(media="print")
    for mark in leader.locator(".mark.compartment").all():
        expect(mark).to_be_visible()
    leader.emulate_media(media="screen")
    assert outsider.goto(address).status == 404
    outsider.goto("/records/new")
    expect(outsider.locator(FIELD)).to_have_count(0)

    record_id = UUID(address.rsplit("/", 1)[-1])
    act(live.house, "leader", record_id, records.return_record, comment="Ghi rõ biển số xe")
    officer.goto(f"{address}/edit")
    expect(officer.get_by_label(NAME)).to_be_disabled()
    expect(officer.get_by_label(NAME)).to_be_checked()
    expect(officer.locator(FIELD)).to_contain_text("không thể đưa ra khỏi nhóm đang có")
    is_whole(officer)
