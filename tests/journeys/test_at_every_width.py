"""What a ruler would find: nothing clipped, nothing crushed, no scroll bar and no sheet of paper for nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from intelhub import records
from tests.house import content

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

CLIPPED = """names => [...document.querySelectorAll(names)]
  .filter(e => e.getClientRects().length && (e.scrollWidth > e.clientWidth + 1)).map(e => e.textContent.trim())"""


def submit_marked(house) -> None:
    with house.acting("officer") as (actor, session):
        fields = content()
        row = records.create_draft(actor, session, fields)
        records.submit_record(actor, session, row.id, row.row_version, fields)


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("username", ["officer", "auditor", "security", "operator"])
def test_a_telephone_shows_the_unit_and_the_places_to_go_in_full(live, username):
    page = live.persona(username, width=360, height=740)
    assert not is_wider_than_the_screen(page)
    assert page.evaluate(CLIPPED, ".where-words, .where-place") == []
    assert page.evaluate(CLIPPED, ".bottom-bar .nav-words") == []
    right = page.evaluate("innerWidth - document.querySelector('.person').getBoundingClientRect().right")
    assert right < 24, "the menu of the person stands at the right edge"


def test_the_button_beside_the_search_box_is_not_crushed(live):
    page = live.persona("officer", width=360, height=740)
    page.goto("/search")
    assert page.evaluate(CLIPPED, ".search-box .btn") == []


def test_a_short_marked_page_fits_its_screen_and_one_sheet(live):
    submit_marked(live.house)
    page = live.persona("leader")
    assert page.locator("#level-bottom").is_visible()
    assert not page.evaluate("document.documentElement.scrollHeight > innerHeight")
    page.emulate_media(media="print")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1


@pytest.mark.parametrize("width", [360, 1280])
def test_a_long_marked_page_shows_its_level_to_its_end(live, width):
    submit_marked(live.house)
    page = live.persona("leader", width=width, height=320)
    page.click("[data-row-link]")
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollHeight") > 3 * 320
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    ends = "name => (({top, bottom}) => [top, bottom])(document.querySelector(name).getBoundingClientRect())"
    assert page.evaluate(ends, "#level-top")[0] == 0
    assert page.evaluate(ends, "#level-bottom")[1] <= 320
    page.evaluate("scrollTo(0, 200)")
    if width >= 768:  # places to go stand under the head, none behind it
        assert page.evaluate(ends, ".side")[0] >= page.evaluate(ends, ".top")[1] - 1


def test_a_choice_that_is_wrong_keeps_its_arrow(live):
    page = live.persona("officer")
    missing: list[str] = []
    page.on("response", lambda answer: missing.append(answer.url) if answer.status == 404 else None)
    page.goto("/records/new")
    page.click("button[value=check]")
    page.wait_for_selector("#topic.is-invalid")
    arrows = "['#topic', '#urgency']"
    arrows += ".map(q => getComputedStyle(document.querySelector(q)).backgroundImage.split(',')[0])"
    wrong, right = page.evaluate(arrows)
    assert wrong == right
    assert missing == []
