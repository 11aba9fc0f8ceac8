"""One record, all the way up the tree, as people do it in their browsers."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from intelhub import records
from intelhub.audit import verify_log
from intelhub.platform.database import open_engine
from intelhub.records import Grade, Subject
from tests.house import content
from tests.journeys.axe import assert_usable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

COMPANY = {"kind": "enterprise", "name": "Công ty TNHH Bịa Đặt Phương Bắc", "identifier": "9900187068"}
TEXT = (
    "Khoảng 21 giờ, xe đầu kéo làm thủ tục nhập khẩu phụ tùng ô tô khai xuất xứ Malaysia. Khi mở kiểm tra, "
    "tem nhãn bên trong kiện ghi nơi sản xuất khác, chữ đã bị cạo. Lái xe nói hàng được thay bao bì ở kho bên kia."
)


def earlier_record(house, place: str) -> None:
    """A record about the same company that the department graded and collated before."""
    fields = content(
        text=f"Công ty này nhập phụ tùng ô tô qua {place}, giấy chứng nhận xuất xứ có dấu hiệu tẩy sửa ở ô số 8.",
        abstract=f"Giấy chứng nhận xuất xứ có dấu hiệu tẩy sửa, {place}", subjects=[COMPANY], level="0", list_item=None,
    )  # fmt: skip
    with house.acting("officer2") as (actor, session):
        row = records.create_draft(actor, session, fields)
        record_id = records.submit_record(actor, session, row.id, row.row_version, fields).id
    with house.acting("leader") as (actor, session):
        row = records.forward_record(actor, session, record_id, 2)
    with house.acting("analyst") as (actor, session):
        row = records.evaluate_record(
            actor, session, record_id, row.row_version, grade=Grade(source="B", info="3"), reason="Chưa kiểm chứng"
        )
        records.collate_record(
            actor, session, record_id, row.row_version, entities=(Subject(**COMPANY),)
        )  # fmt: skip


def fill_form(page: Page) -> None:
    """The form as a tired officer fills it in."""
    page.fill("#text", TEXT)
    page.select_option("#topic", "false_origin")
    page.select_option("#method", "false_origin")
    page.fill("#subjects-0-identifier", "9900 187 068")
    page.fill("#subjects-0-name", COMPANY["name"])
    page.fill("#place_text", "Bãi kiểm hóa số 2")
    page.select_option("#channel", "control_result")
    page.fill("#source", "Biên bản kiểm tra trong ca trực")
    page.check("input[name=level][value='1']")
    page.select_option("#list_item", "VD-M-02")
    page.select_option("#handling", "H2")
    page.select_option("#plan_item", "KH-2026-01")


def open_dialog_and_confirm(page: Page, dialog: str) -> None:
    page.click(f"[data-dialog='{dialog}'] >> nth=0")
    page.click(f"#{dialog} button[type=submit]")
    page.wait_for_load_state()


def test_one_record_all_the_way_up_the_tree(live, house):
    earlier_record(house, "cửa khẩu Hữu Nghị")
    earlier_record(house, "bãi Tân Thanh")

    officer = live.persona("officer")
    officer.click("[data-shortcut=n]")
    fill_form(officer)
    officer.click("button[value=check]")
    expect(officer.locator("main")).to_contain_text("9900187068")
    officer.click("main form button[type=submit]")
    officer.wait_for_url("**/records/*")
    address = officer.url.removeprefix(live.address)
    expect(officer.locator(".level-banner >> nth=0")).to_contain_text("MẬT")

    leader = live.persona("leader")
    leader.goto(address)
    open_dialog_and_confirm(leader, "forward")

    analyst = live.persona("analyst")
    expect(analyst.locator("main")).to_contain_text("phụ tùng ô tô")
    analyst.goto(address)
    related = analyst.locator(".related [data-row]")
    expect(related).to_have_count(2)
    analyst.select_option("#source_grade", "C")
    analyst.select_option("#info_grade", "2")
    analyst.fill("#evaluate-reason", "Khớp với hai tin trước về cùng doanh nghiệp.")
    analyst.click("#evaluate button.btn-primary")
    expect(analyst.locator(".facts-column")).to_contain_text("C2")
    analyst.click("#collate button.btn-primary")
    analyst.wait_for_load_state()

    head = live.persona("head")
    hq = live.persona("hq")
    assert hq.goto(address).status == 404
    head.goto(address)
    open_dialog_and_confirm(head, "share-up")

    hq.goto("/")
    hq.fill("#top-search", '"tem nhan ben trong"')
    hq.press("#top-search", "Enter")
    hit = hq.locator(f"a[href='{address}']")
    expect(hit).to_have_count(1)
    expect(hq.locator("mark >> nth=0")).to_be_visible()
    hit.click()
    expect(hq.locator("article")).to_contain_text("chữ đã bị cạo")

    stranger = live.persona("stranger")
    answers = []
    for wanted in (address, f"/records/{uuid4()}"):
        answer = stranger.goto(wanted)
        answers.append((answer.status, answer.body()))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    stranger.goto("/search")
    stranger.fill("#q", "tem nhan ben trong")
    stranger.press("#q", "Enter")
    expect(stranger.locator("[data-row]")).to_have_count(0)

    see_as_auditor(live, address)
    assert_chain_holds(house)


def see_as_auditor(live, address: str) -> None:
    """Every act stands in the log, and not one word of the content."""
    auditor = live.persona("auditor")
    record_id = address.rsplit("/", 1)[-1]
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        auditor.goto(f"/audit?object={record_id}")
        if "lên cấp cao nhất" in "".join(auditor.locator("tbody").all_inner_texts()):
            break
        time.sleep(0.3)
    rows = auditor.locator("tbody tr")
    assert rows.count() >= 8
    for word in ("tem nhãn", "chữ đã bị cạo", "Bịa Đặt", "9900187068", "Malaysia"):
        assert word not in auditor.content()
    assert auditor.goto(address).status in {403, 404}


def assert_chain_holds(house) -> None:
    """What `intelhub audit verify` does."""
    engine = open_engine(house.database.worker_url, pool_size=1)
    deadline = time.monotonic() + 15
    with engine.connect() as connection:
        while True:
            result = verify_log(connection, house.vault.checkpoint_public_key)
            if result.waiting == 0 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
    engine.dispose()
    assert result.holds
    assert result.waiting == 0
    assert result.size > 20


def test_the_pages_an_officer_and_an_analyst_live_on_are_usable_by_everybody(live, house):
    earlier_record(house, "cửa khẩu Hữu Nghị")
    for username, addresses in {
        "officer": ("/", "/records/new", "/records"),
        "analyst": ("/", "/search"),
        "auditor": ("/", "/audit"),
    }.items():
        page = live.persona(username)
        for address in addresses:
            page.goto(address)
            for width in (360, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                assert_usable(page)


def test_a_draft_survives_a_closed_window(live):
    page = live.persona("officer")
    page.goto("/records/new")
    page.fill("#text", "Một tin viết dở trong ca đêm, chưa kịp gửi thì mất kết nối.")
    expect(page.locator("#saved")).not_to_be_empty(timeout=12_000)
    page.context.close()
    again = live.persona("officer")
    expect(again.locator("main")).to_contain_text("Một tin viết dở trong ca đêm")
