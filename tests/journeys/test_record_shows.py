"""A record's page tells what it knows: codes in words, what hangs on it, who may read it; the form helps the thumb."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from intelhub import records
from intelhub.records import Grade
from tests.factories.compartments import compartment
from tests.factories.record_world import act, travelled
from tests.journeys.axe import assert_usable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_record_explains_its_codes_and_what_hangs_on_it_by_keyboard_and_on_paper(live):
    group = compartment(live.house, "officer", "leader", "analyst")
    target, confirming = travelled(live.house, 1), travelled(live.house, 1, compartments=[str(group)])
    grade = {"grade": Grade(source="B", info="1"), "reason": "Hai tin khớp nhau"}
    act(live.house, "analyst", target, records.evaluate_record, corroborating=[confirming], **grade)
    merged = travelled(live.house, 1, abstract="Tin trùng về phụ tùng ô tô")
    act(live.house, "analyst", merged, records.mark_duplicate, target=target, reason="Cùng một lô hàng")
    for width in (1280, 360):
        analyst = live.persona("analyst", width=width)
        analyst.goto(f"/records/{target}")
        expect(analyst.locator("#linked")).to_contain_text("Được xác nhận bởi")
        expect(analyst.locator("#readers")).to_contain_text("Phân tích viên")
        assert_usable(analyst)
        code = analyst.locator(".fact .code.grade").first
        code.focus()
        assert "đã được" in code.evaluate("one => getComputedStyle(one, '::after').content").lower()
        assert analyst.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the words stay on the page"
        analyst.emulate_media(media="print")
        assert code.locator(".visually-hidden").bounding_box()["width"] > 50
        expect(analyst.locator("#readers")).to_be_visible()
        analyst.emulate_media(media="screen")
        analyst.click("details.menu summary.btn")
        analyst.click("a[href$='/merged']")
        expect(analyst.locator(".rows")).to_contain_text("Tin trùng về phụ tùng ô tô")
        assert_usable(analyst)


def test_the_number_pad_comes_for_kinds_that_digits_alone_identify(live):
    officer = live.persona("officer", width=360)
    officer.goto("/records/new")
    number = officer.locator("#subjects-0-identifier")
    expect(number).to_have_attribute("inputmode", "numeric")
    officer.locator("#subjects-0-kind").select_option("container")
    expect(number).not_to_have_attribute("inputmode", "numeric")
    officer.locator("#subjects-0-kind").select_option("declaration")
    expect(number).to_have_attribute("inputmode", "numeric")
