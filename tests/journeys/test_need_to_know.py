"""A record among a few: chosen in the form, marked on every page, invisible to whoever sits beside."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import expect

from intelhub import records
from tests.factories.compartments import NAME, compartment
from tests.factories.record_world import act, submitted
from tests.journeys.axe import assert_usable
from tests.journeys.test_first_light import fill_form

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LONG = "Tổ công tác liên ngành chống vận chuyển hàng hóa trái phép qua lối mở"
FIELD = "#compartments"


def test_a_record_for_a_few_goes_up_among_them_and_shows_itself_to_nobody_else(live):
    compartment(live.house, "officer", "leader", "analyst")
    compartment(live.house, "officer", "leader", "analyst", name=LONG)
    submitted(live.house, author="officer2", abstract="Phiếu tin bình thường", level="0", list_item=None)
    officer = live.persona("officer", width=360)
    officer.goto("/records/new")
    fill_form(officer)
    expect(officer.locator(FIELD)).to_contain_text("Nhóm cần biết")
    expect(officer.locator(f"{FIELD} input:checked")).to_have_count(0)
    for name in (NAME, LONG):
        officer.get_by_label(name).check()
    assert_usable(officer)
    officer.click("button[value=check]")
    expect(officer.locator(".content")).to_contain_text(f"{NAME} · {LONG}")
    officer.locator("form.form-actions button.btn-primary").click()
    expect(officer.locator(".mark.compartment")).to_have_text([f"Nhóm cần biết: {name}" for name in (NAME, LONG)])
    address = officer.url

    leader, outsider = live.persona("leader"), live.persona("officer2")
    for url in ("/", "/records"):
        leader.goto(url)
        expect(leader.locator(".rows >> nth=0").locator(".mark.compartment")).to_have_count(2)
        assert_usable(leader)
        leader.set_viewport_size({"width": 360, "height": 900})
        assert leader.locator(".row-main:has-text('Khoảng 21 giờ') >> nth=0").bounding_box()["width"] >= 240
        leader.set_viewport_size({"width": 1280, "height": 900})
        outsider.goto(url)
        assert NAME not in outsider.content()
    leader.goto(address)
    assert_usable(leader)
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
    assert_usable(officer)
