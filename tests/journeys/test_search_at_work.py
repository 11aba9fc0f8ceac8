"""What an analyst does with searches besides reading: watch them, take a result along, look a whole list up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.factories.record_world import LIST_ITEMS, travelled
from tests.factories.watchers import look
from tests.journeys.axe import assert_usable
from tests.unit.records.test_export_files import cells_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
HIGH = {"level": "2", "list_item": LIST_ITEMS["2"]}


def search_for(page: Page, words: str) -> None:
    page.fill("#top-search", words)
    page.press("#top-search", "Enter")
    page.wait_for_url(re.compile("/search"))


def test_a_watched_search_tells_of_a_record_that_came_later(live):
    travelled(live.house, 1)
    analyst = live.persona("analyst")
    search_for(analyst, "phụ tùng")
    analyst.click("summary:has-text('Lưu tìm kiếm này')")
    analyst.fill("#save-name", "Phụ tùng")
    analyst.click("button[form=save-search]")
    analyst.click("details.view-acts:has(form[action$='/watch']) summary")
    analyst.click("form[action$='/watch'] button")
    expect(analyst.locator("nav.views")).to_contain_text("Phụ tùng")

    later = travelled(live.house, 1)
    look(live.house)
    analyst.click(".nav-link-item[href='/alerts'] >> nth=0")
    expect(analyst.locator(".row-fresh")).to_contain_text("Phiếu tin mới: 1")
    assert_usable(analyst)
    analyst.click("[data-row-link]")
    expect(analyst.locator(f"a[href='/records/{later}']").first).to_be_visible()
    assert_usable(analyst)
    analyst.go_back()
    analyst.click("form[action$='/read'] button >> nth=0")
    expect(analyst.locator(".row-fresh")).to_have_count(0)


def test_what_is_above_the_first_level_leaves_when_another_person_agreed(live):
    travelled(live.house, 1, **HIGH)
    analyst, head = live.persona("analyst"), live.persona("head")
    search_for(analyst, "phụ tùng")
    analyst.click(".take-along button[value=xlsx]")
    assert_usable(analyst)
    analyst.fill("#reason", "Gửi phòng nghiệp vụ cho cuộc họp ngày mai, giữ trong một tuần.")
    analyst.select_option("#approver", str(live.house.people["head"]))
    analyst.click("main button[type=submit] >> nth=-1")
    analyst.wait_for_url(re.compile(r"/exports/[0-9a-f-]{36}"))
    request = analyst.url
    assert_usable(analyst)

    head.goto("/")
    head.click("section[aria-labelledby=desk-exports] a[data-row-link]")
    expect(head.locator("main")).to_contain_text("cuộc họp ngày mai")
    assert_usable(head)
    head.click("form[action$='/approve'] button")
    expect(head.locator("form[action$='/approve']")).to_have_count(0)

    analyst.goto(request)
    with analyst.expect_download() as started:
        analyst.click("form[action$='/fetch'] button")
    assert started.value.suggested_filename.endswith(".xlsx")
    found, _ = cells_of(Path(started.value.path()).read_bytes())
    assert found["A1"] == "TỐI MẬT"
    analyst.reload()
    expect(analyst.locator("form[action$='/fetch']")).to_have_count(0)


def test_a_pasted_list_says_what_is_known_and_leads_there(live):
    record = travelled(live.house, 1)
    analyst = live.persona("analyst")
    analyst.goto("/search")
    analyst.click(".search-ways a[href*='identifiers']")
    analyst.fill("#identifiers", "CSQU 305438-3\nMSKU6011672\nkhông phải số")
    analyst.click(".paste-form button[type=submit]")
    expect(analyst.locator(".result-count")).to_be_visible()
    assert_usable(analyst)
    expect(analyst.locator("section[aria-labelledby=unknown]")).to_contain_text("MSKU 601167 2")
    analyst.click("button[form=search-one] >> nth=0")
    expect(analyst.locator(f"a[href^='/records/{record}']").first).to_be_visible()
