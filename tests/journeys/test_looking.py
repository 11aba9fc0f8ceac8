"""Looking for records as people do: refining, by keyboard, going back, over a poor link and past the session."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from intelhub.platform.actor import Place
from intelhub.records.service import proposing
from tests.factories.record_world import submitted, travelled
from tests.journeys.axe import assert_usable
from tests.web.conftest import open_session

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

COUNT = ".result-count"


def look(page: Page, words: str) -> None:
    page.goto("/search")
    page.fill("#q", words)
    page.keyboard.press("Enter")
    expect(page.locator("[data-found-here]")).to_be_visible()


def filled(live) -> None:
    for month, changes in (("01", {}), ("02", {"topic": "smuggling"}), ("02", {"level": "0", "list_item": None})):
        travelled(live.house, 1, learned_at=f"2026-{month}-05T08:00:00+07:00", **changes)


def test_a_search_is_refined_and_gone_back_to(live):
    filled(live)
    page = live.persona("analyst")
    look(page, "phu tung")
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#live")).to_have_text("Kết quả: 3")
    expect(page.locator("#level-top")).to_contain_text("MẬT")
    page.check("#level-0")
    expect(page.locator("#live")).to_have_text("Kết quả: 1")
    expect(page.locator("#level-top")).to_be_hidden()
    expect(page.locator("#level-0")).to_be_focused()
    expect(page.locator("#level-1")).to_be_visible()
    page.check("#level-1")
    expect(page.locator("#live")).to_have_text("Kết quả: 3")
    page.click("button.span >> nth=0")
    expect(page.locator("#live")).to_have_text("Kết quả: 1")
    expect(page.locator("#from")).to_have_value("2026-01-01")
    expect(page.locator("#results")).to_be_focused()
    page.go_back()
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
    expect(page.locator("#level-1")).to_be_checked()
    page.reload()
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
    page.go_back()
    expect(page.locator(COUNT)).to_have_text("Kết quả: 1")
    page.wait_for_load_state()
    chosen = page.eval_on_selector_all("#filters :checked:not(option)", "boxes => boxes.map(box => box.id)")
    assert chosen == ["level-0"], "what is chosen is what was asked there, not what was chosen last"
    assert_usable(page)
    assert "phu" not in page.url
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, document.title])")
    assert "phu" not in kept


def test_a_search_from_the_top_of_any_page_can_be_gone_back_to(live):
    filled(live)
    page = live.persona("analyst")
    page.keyboard.press("/")
    page.keyboard.type("phu tung")
    page.keyboard.press("Enter")
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
    page.wait_for_load_state()  # a new page: its text is there before its keys are
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/records/"))
    page.go_back()
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")


def test_lines_are_walked_by_arrows_and_letters(live):
    filled(live)
    page = live.persona("analyst")
    look(page, "phu tung")
    links = page.locator("[data-row-link]")
    page.keyboard.press("ArrowDown")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(2)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("ArrowUp")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("[data-keys-arrows]")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/records/"))


def test_trouble_keeps_what_was_typed_and_what_was_shown(live):
    filled(live)
    page = live.persona("analyst")
    look(page, "phu tung")
    page.fill("#q", "thung hang")
    for status, said in ((503, "Đợi một phút"), (429, "Chậm lại")):
        refuse(page, status, said)
        page.check("#topic-smuggling")
        expect(page.locator("#notices")).to_contain_text(said)
        page.unroute("**/search")
        expect(page.locator("#q")).to_have_value("thung hang")
        expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
        # Not `uncheck`: the answer takes the box away, sometimes before anybody has looked whether it is empty.
        page.click("#topic-smuggling")
        expect(page.locator(COUNT)).to_have_text("Kết quả: 0")
        look(page, "phu tung")
        page.fill("#q", "thung hang")


def refuse(page: Page, status: int, said: str) -> None:
    """Let every search be refused, as a server does that cannot answer now."""
    page.route("**/search", lambda route: route.fulfill(status=status, json={"message": said}))


def test_a_late_answer_does_not_overtake_a_newer_one(live):
    filled(live)
    page = live.persona("analyst")
    look(page, "phu tung")
    held = []
    page.route("**/search", lambda route: held.append(route) if not held else route.continue_())
    page.check("#topic-smuggling")
    expect(page.locator("#search-results.htmx-request")).to_have_count(1)
    page.uncheck("#topic-smuggling")
    page.check("#level-0")
    expect(page.locator("#live")).to_have_text("Kết quả: 1")
    held[0].abort()
    expect(page.locator(COUNT)).to_have_text("Kết quả: 1")
    expect(page.locator("#level-0")).to_be_checked()
    expect(page.locator("#topic-smuggling:checked")).to_have_count(0)
    expect(page.locator("#notices")).to_be_empty()


def test_past_the_session_the_question_goes_on_in_the_next_one(live):
    submitted(live.house)
    page = live.persona("leader")
    look(page, "phu tung")
    page.wait_for_timeout(500)  # the words offered for what was typed: an answer on its way brings its cookies back
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.fill("#q", "tem nhan")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("đăng nhập lại")
    expect(page.locator("#q")).to_have_value("tem nhan")
    token = open_session(live.house, "leader", Place.ONSITE)
    page.context.add_cookies([{"name": "intelhub", "value": token, "url": live.address, "sameSite": "Strict"}])
    page.focus("#q")
    page.keyboard.press("Enter")
    page.click("form[data-kept] button[type=submit]")
    expect(page.locator(COUNT)).to_have_text("Kết quả: 1")
    expect(page.locator("#q")).to_have_value("tem nhan")


def test_on_a_telephone_filters_are_a_sheet_that_stays_until_it_is_applied(live):
    filled(live)
    page = live.persona("analyst", width=360, height=740)
    look(page, "phu tung")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("#filters")).to_be_hidden()
    page.click(".filter-opener")
    page.check("#topic-smuggling")
    expect(page.locator("#live")).to_have_text("Kết quả: 1")
    expect(page.locator("#filters")).to_be_visible()
    page.click(".filter-foot button")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator(COUNT)).to_have_text("Kết quả: 1")
    assert_usable(page)


def test_without_a_script_every_button_does_it(live):
    filled(live)
    signed_in = live.persona("analyst")
    context = live.browser.new_context(base_url=live.address, java_script_enabled=False, locale="vi-VN")
    live.contexts.append(context)
    context.add_cookies(signed_in.context.cookies())
    page = context.new_page()
    page.goto("/search")
    page.fill("#q", "phu tung")
    page.keyboard.press("Enter")
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
    page.check("#topic-smuggling")
    page.click(".filter-foot button")
    expect(page.locator(COUNT)).to_have_text("Kết quả: 1")


def previewed(live) -> Page:
    """A result whose first line was just previewed by keyboard."""
    filled(live)
    page = live.persona("analyst")
    look(page, "phu tung")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator("#preview h3")).to_be_visible()
    expect(page.locator("#preview")).to_be_focused()  # settled: before that no key is its own
    return page


def test_space_previews_a_line_and_arrows_go_on_to_the_next(live):
    page = previewed(live)
    links = page.locator("[data-row-link]")
    expect(page.locator("#preview mark").first).to_be_visible()
    assert_usable(page)
    seen = page.locator("#preview .preview-facts").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#preview .preview-facts")).not_to_have_text(seen, use_inner_text=True)
    page.keyboard.press("Escape")
    expect(links.nth(1)).to_be_focused()
    expect(page.locator("#preview")).to_be_hidden()
    page.keyboard.press("Space")
    page.keyboard.press("k")
    page.keyboard.press("Space")
    expect(links.nth(0)).to_be_focused()
    page.click("[data-preview] >> nth=2")
    expect(page.locator("#preview h3")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/records/"))
    assert page.url.split("/records/")[1][:36] in links_of(page.go_back, page)[2]


def links_of(arrive, page: Page) -> list[str]:
    """The addresses of the lines of the page that is arrived at."""
    arrive()
    expect(page.locator("[data-row-link]").first).to_be_visible()
    return [str(link.get_attribute("href")) for link in page.locator("[data-row-link]").all()]


def test_a_line_leads_to_what_was_found_as_soon_as_it_is_seen(live):
    filled(live)
    page = live.persona("analyst")
    page.goto("/search")
    page.evaluate("htmx.config.defaultSettleDelay = 60000")  # a slow machine
    page.fill("#q", "phu tung")
    page.keyboard.press("Enter")
    expect(page.locator("[data-found-here]")).to_be_visible()
    assert "?found=" in str(page.locator("[data-row-link]").first.get_attribute("href"))
    assert "?asked=" in page.url


def test_places_found_are_walked_on_the_record_and_in_the_preview(live):
    page = previewed(live)
    page.keyboard.press("n")
    expect(page.locator("#found-1.is-current")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/records/.*found="))
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(page.locator("#found-2.is-current")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("chỗ 2 trong 2")
    page.keyboard.press("N")
    expect(page.locator("#found-1.is-current")).to_be_visible()
    assert_usable(page)
    page.click(".found-off")
    expect(page.locator("mark")).to_have_count(0)
    assert "found" not in page.url


def scrolled(page: Page) -> bool:
    """Whether the page moves within two seconds: Playwright's own waiting needs `eval` from its second try on."""
    for _ in range(20):
        if page.evaluate("scrollY > 0"):
            return True
        page.wait_for_timeout(100)
    return False


def test_space_scrolls_where_no_line_is_chosen_and_types_in_the_box(live):
    filled(live)
    page = live.persona("analyst", height=400)
    look(page, "phu tung")
    page.keyboard.press("Space")
    expect(page.locator("#q")).to_have_value("phu tung ")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    assert scrolled(page)
    expect(page.locator("#preview")).to_be_hidden()


def test_a_preview_that_is_refused_says_so_in_its_place_and_the_result_stays(live):
    filled(live)
    page = live.persona("analyst")
    look(page, "phu tung")
    page.context.clear_cookies()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator("#preview")).to_contain_text("đăng nhập lại")
    page.keyboard.press("Escape")
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")


def test_on_a_telephone_the_preview_is_a_sheet_with_a_button(live):
    filled(live)
    page = live.persona("analyst", width=360, height=740)
    look(page, "phu tung")
    page.click("[data-preview] >> nth=0")
    expect(page.locator("#preview h3")).to_be_visible()
    box = page.locator("#preview").bounding_box()
    assert box is not None
    assert box["x"] == 0
    assert box["width"] == 360
    assert_usable(page)
    page.click("[data-preview-close]")
    expect(page.locator("#preview")).to_be_hidden()


def test_g_i_leads_to_the_first_line_that_waits(live):
    submitted(live.house)
    page = live.persona("leader")
    page.goto("/units")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url(re.compile("/#waiting$"))
    expect(page.locator("[data-waiting] [data-row-link]").first).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("[data-keys-list]")).to_contain_text("việc đang chờ tôi")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.locator("[data-waiting] [data-row-link]").first).to_be_focused()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_box_offers_words_and_examples(live, width, monkeypatch):
    monkeypatch.setattr(proposing, "_SECONDS", 10.0)
    filled(live)
    page = live.persona("analyst", width=width)
    look(page, "phu tung")
    options = page.locator("#q-words option")
    page.fill("#q", "")
    page.locator("#q").press_sequentially("xe ph")
    expect(options.first).to_have_attribute("value", "xe phụ")
    page.keyboard.press("ArrowDown")  # belongs to the list of words, not to that of records
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    page.fill("#q", "phu tung")
    page.keyboard.press("Enter")
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
    expect(options).to_have_count(0)
    page.click(".search-help summary")
    assert_usable(page)
    examples = page.locator("[data-example]")
    examples.nth(2).click()
    expect(page.locator("#q")).to_have_value("phu tung cont*")
    expect(page.locator("#q")).to_be_focused()
    examples.nth(3).press("Enter")
    expect(page.locator("#q")).to_have_value("phu tung contaner~")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_slip_is_asked_about(live):
    filled(live)
    page = live.persona("analyst")
    look(page, "phuj tungf")
    page.get_by_role("link", name="phụ tùng", exact=True).click()
    expect(page.locator(COUNT)).to_have_text("Kết quả: 3")
    expect(page.locator("#q")).to_have_value("phụ tùng")
    assert "tung" not in page.url
