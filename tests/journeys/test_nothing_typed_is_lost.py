"""Whatever goes wrong between a form and the server, the words are still in the browser they were typed in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from tests.factories.record_world import act, submitted, travelled
from tests.journeys.axe import assert_usable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WORDS = "Xe đầu kéo đỗ ở bãi số 2 lúc 21 giờ, tem nhãn trong kiện đã bị cạo."
PASSWORD = "bốn con ngựa trắng"


def drafts_of(house) -> int:
    with house.acting("officer") as (actor, session):
        return records.count_records(actor, session, records.ListFilter(author_id=actor.user_id))


def test_a_draft_survives_a_lost_answer_and_a_reload(live, house):
    officer = live.persona("officer", width=360)
    officer.goto("/records/new")
    lost = []

    def lose(route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)  # it arrives, and its answer does not
        route.abort()

    officer.route("**/records/new", lambda route: lose(route) if route.request.method == "POST" else route.continue_())
    officer.fill("#text", WORDS)
    officer.wait_for_url(re.compile(r"/records/[0-9a-f-]{36}/edit$"), timeout=20_000)
    expect(officer.locator("#saved")).to_contain_text("đã lưu")
    assert lost == [200]
    officer.reload()
    expect(officer.locator("#text")).to_have_value(WORDS)
    assert drafts_of(house) == 1


def test_a_refused_act_opens_its_dialog_again_with_the_focus_on_what_is_missing(live, house):
    record_id = submitted(house)
    leader = live.persona("leader")
    leader.goto(f"/records/{record_id}")
    leader.click("details.menu summary.btn")
    leader.click("[data-dialog=return]")
    leader.fill("#return-reason", "  ")
    leader.click("dialog#return button[type=submit]")
    expect(leader.locator("dialog#return")).to_be_visible()
    expect(leader.locator("#return-reason")).to_be_focused()
    expect(leader.locator("#return-reason-error")).to_be_visible()
    assert_usable(leader)
    leader.fill("#return-reason", WORDS)
    act(house, "leader", record_id, records.forward_record, note="")
    leader.click("dialog#return button[type=submit]")
    expect(leader.locator("main")).to_contain_text(WORDS)
    expect(leader.locator("main")).to_contain_text("Lương Văn Kiểm")
    assert_usable(leader)


def test_a_refused_grade_leads_to_the_field_it_is_about(live, house):
    analyst = live.persona("analyst", width=360)
    analyst.goto(f"/records/{travelled(house, 2)}")
    analyst.select_option("#source_grade", "B")
    analyst.select_option("#info_grade", "1")
    analyst.fill("#evaluate-reason", WORDS)
    analyst.click("#evaluate button.btn-primary")
    expect(analyst.locator("[aria-invalid=true], fieldset.field-wrong").first).to_be_visible()
    expect(analyst.locator("#evaluate-reason")).to_have_value(WORDS)
    assert analyst.evaluate("document.activeElement.closest('#evaluate') !== null")
    assert_usable(analyst)


def sign_in(page: Page) -> None:
    page.goto("/sign-in?by=password")
    page.fill("#username", "officer")
    page.fill("#password", PASSWORD)
    page.check("input[name=place][value=onsite]")
    page.click("main button[type=submit]")
    page.wait_for_url("**/")


def test_what_was_typed_outlives_the_session(live, house):
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        access.set_first_password(session, house.people["officer"], PASSWORD)
    officer = live.persona("officer", width=360)
    officer.goto("/records/new")
    officer.fill("#text", WORDS)
    officer.context.clear_cookies(name="intelhub")
    officer.click("button[value=save]:not([data-add-subject])")
    expect(officer.locator("h1")).to_contain_text("Phiên làm việc đã hết")
    assert_usable(officer)
    with officer.expect_popup() as opened:
        officer.click("main a[target=_blank]")
    sign_in(opened.value)
    officer.click("form[data-kept] button")
    expect(officer.locator("main")).to_contain_text("Nông Văn Thử")
    assert_usable(officer)
    officer.click("form[data-kept] button")
    expect(officer.locator("#text")).to_have_value(WORDS)
    assert drafts_of(house) == 1


def test_signing_in_elsewhere_stops_the_autosave_with_a_sentence_and_a_save_by_hand_goes_on(live, house):
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        access.set_first_password(session, house.people["officer"], PASSWORD)
    officer = live.persona("officer")
    officer.goto("/records/new")
    other = officer.context.new_page()
    officer.context.clear_cookies(name="intelhub")
    sign_in(other)
    officer.fill("#text", WORDS)
    expect(officer.locator("#saved")).to_contain_text("đăng nhập lại", timeout=15_000)
    assert drafts_of(house) == 0
    officer.click("button[value=save]:not([data-add-subject])")
    officer.click("form[data-kept] button")
    expect(officer.locator("#text")).to_have_value(WORDS)
    assert drafts_of(house) == 1
