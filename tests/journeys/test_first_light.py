"""One record, all the way up the tree, as people do it in their browsers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from intelhub.demo.stories import STORY_COMPANY_NAME, STORY_TAX_CODE
from tests.factories.record_world import travelled
from tests.journeys.axe import assert_usable

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TEXT = (
    "Khoảng 21 giờ, xe đầu kéo làm thủ tục nhập khẩu phụ tùng ô tô khai xuất xứ Malaysia. Khi mở kiểm tra, "
    "tem nhãn bên trong kiện ghi nơi sản xuất khác, chữ đã bị cạo. Lái xe nói hàng được thay bao bì ở kho bên kia."
)


def fill_form(page: Page) -> None:
    """The form as a tired officer fills it in."""
    page.fill("#text", TEXT)
    page.select_option("#topic", "false_origin")
    page.select_option("#method", "false_origin")
    page.fill("#subjects-0-identifier", f"{STORY_TAX_CODE[:4]} {STORY_TAX_CODE[4:7]} {STORY_TAX_CODE[7:]}")
    page.fill("#subjects-0-name", STORY_COMPANY_NAME)
    page.fill("#place_text", "Bãi kiểm hóa số 2")
    page.select_option("#channel", "control_result")
    page.fill("#source", "Biên bản kiểm tra trong ca trực")
    page.check("input[name=level][value='1']")
    page.select_option("#list_item", "VD-M-02")
    page.select_option("#handling", "H2")
    page.select_option("#plan_item", "KH-2026-01")


def press(page: Page, dialog: str) -> None:
    """Open a dialog and say yes."""
    page.click(f"[data-dialog='{dialog}'] >> nth=0")
    page.click(f"#{dialog} button[type=submit]")
    page.wait_for_load_state()


@dataclass
class Demo:
    """The demo as `make demo` runs it, on a folder of its own."""

    var: Path
    address: str
    browser: Browser

    def persona(self, username: str) -> Page:
        """A browser in which one click has signed somebody in."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, base_url=self.address)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto("/demo")
        page.click(f"button[name=username][value='{username}']")
        page.wait_for_url(f"{self.address}/")
        return page

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `intelhub` on the demo's folder."""
        program = [sys.executable, "-m", "intelhub.cli", *arguments, "--var", str(self.var)]
        return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def demo(chromium) -> Iterator[Demo]:
    # Not in pytest's own folder: as root, the server's account must be let through the folders above it.
    with tempfile.TemporaryDirectory(prefix="intelhub-demo-") as folder:
        Path(folder).chmod(0o711)
        var = Path(folder, "var")
        program = [sys.executable, "-m", "tests.journeys.small_demo", str(var)]
        running = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert running.stdout is not None
        told = ""
        for line in running.stdout:
            told += line
            if ready := re.search(r"intelhub ready at (http://127\.0\.0\.1:\d+)", line):
                yield Demo(var, ready[1], chromium)
                break
        else:
            pytest.fail(f"the demo never became ready:\n{told}")
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 0
        running.stdout.close()


def test_one_record_all_the_way_up_the_tree(demo):
    officer = demo.persona("15bb.officer1")
    officer.click("[data-shortcut=n]")
    fill_form(officer)
    officer.click("button[value=check]")
    expect(officer.locator("main")).to_contain_text(STORY_TAX_CODE)
    officer.click("main form button[type=submit]")
    officer.wait_for_url(re.compile(r"/records/[0-9a-f-]{36}$"))
    address = officer.url.removeprefix(demo.address)
    expect(officer.locator(".level-banner >> nth=0")).to_contain_text("MẬT")

    leader = demo.persona("15bb.leader1")
    leader.click(f"a[href='{address}'] >> nth=0")
    press(leader, "forward")

    analyst = demo.persona("15cbl.analyst1")
    analyst.click(f"a[href='{address}'] >> nth=0")
    analyst.click("details.menu summary.btn")
    analyst.click("form[action$='/acknowledge'] button")
    analyst.wait_for_load_state()
    related = analyst.locator(".related [data-row]")
    expect(related).to_have_count(2)
    analyst.select_option("#source_grade", "C")
    analyst.select_option("#info_grade", "2")
    analyst.fill("#evaluate-reason", "Khớp với hai tin trước về cùng doanh nghiệp.")
    analyst.click("#evaluate button.btn-primary")
    expect(analyst.locator(".facts-column")).to_contain_text("C2")
    analyst.click("#collate button.btn-primary")
    analyst.wait_for_load_state()

    head, headquarters = demo.persona("15cbl.head1"), demo.persona("dtcbl.analyst1")
    assert headquarters.goto(address).status == 404
    head.click(f"a[href='{address}'] >> nth=0")
    press(head, "share-up")

    headquarters.goto("/")
    headquarters.fill("#top-search", '"tem nhan ben trong"')
    headquarters.press("#top-search", "Enter")
    hit = headquarters.locator(f"a[href^='{address}']")
    expect(hit).to_have_count(1)
    expect(headquarters.locator("mark >> nth=0")).to_be_visible()
    hit.click()
    expect(headquarters.locator("article")).to_contain_text("chữ đã bị cạo")

    find_nothing(demo.persona("20cbl.analyst1"), address)
    see_as_auditor(demo.persona("auditor1"), address)
    verified = demo.command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "The chain holds" in verified.stdout


def find_nothing(stranger: Page, address: str) -> None:
    """The same 404 as for a random id, and a search that says that there is nothing."""
    answers = []
    for wanted in (address, f"/records/{uuid4()}"):
        answer = stranger.goto(wanted)
        answers.append((answer.status, answer.body()))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    stranger.goto("/search")
    stranger.fill("#q", '"tem nhan ben trong"')
    stranger.press("#q", "Enter")
    expect(stranger.locator("#results")).to_contain_text("Không tìm thấy")
    expect(stranger.locator("[data-row]")).to_have_count(0)


def see_as_auditor(auditor: Page, address: str) -> None:
    """Every act stands in the log, and not one word of the content."""
    record_id = address.rsplit("/", 1)[-1]
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        auditor.goto(f"/audit?object={record_id}")
        if "record:shared-up" in auditor.content() or "Tổng cục" in auditor.locator("tbody").inner_text():
            break
        time.sleep(0.3)
    acts = auditor.locator("tbody").inner_text()
    for act in (
        "Đã gửi phiếu tin",
        "Đã chuyển phiếu tin",
        "Đã tiếp nhận",
        "Đã đánh giá",
        "Đã hệ thống hóa",
        "Đã mở xem",
    ):
        assert act in acts, act
    for word in ("tem nhãn", "chữ đã bị cạo", STORY_COMPANY_NAME, STORY_TAX_CODE, "Malaysia"):
        assert word not in auditor.content()
    assert auditor.goto(address).status in {403, 404}


def test_the_pages_an_officer_and_an_analyst_live_on_are_usable_by_everybody(live, house):
    travelled(house, 4)
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
