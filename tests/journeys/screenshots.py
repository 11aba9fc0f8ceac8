"""Pictures of the screens that matter, taken from a running demo: `make screenshots ADDRESS=http://127.0.0.1:8080`.

One folder a width, theme and language; look at them before a screen is called done.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.browsers import FLAGS, find_chromium

HOMES = {
    "officer": "15bb.officer1", "leader": "15bb.leader1", "analyst": "15cbl.analyst1", "head": "15cbl.head1",
    "headquarters": "dtcbl.analyst1", "stranger": "20cbl.analyst1", "auditor": "auditor1",
    "security": "15.security1", "operator": "operator1", "contributor": "15bb.contributor1", "department": "15.leader1",
    "service": "dtcbl.leader1", "remote": "15cbl.analyst2", "elsewhere": "20bb.officer1",
}  # fmt: skip

PAGES = {
    "stranger": (("/records/00000000-0000-4000-8000-000000000000", "refusal"),),
    "security": (("/people/ending", "endings"), ("/audit/refusals", "refusals")),
    "operator": (("/health", "health"), ("/health/runbook", "runbook")),
    "auditor": (("/audit/overview", "audit-overview"), ("/audit", "audit"), ("/audit/chain", "chain")),
}


def sign_in(browser: Browser, address: str, username: str, width: int, theme: str, language: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, base_url=address, color_scheme=theme, locale="vi-VN"
    )
    context.add_cookies([{"name": "language", "value": language, "url": address}])
    page = context.new_page()
    page.goto("/demo")
    page.click(f"button[name=username][value='{username}']")
    page.wait_for_url(f"{address}/")
    return page


def take(browser: Browser, address: str, folder: Path, width: int, theme: str, language: str) -> None:
    def shot(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    for name, username in HOMES.items():
        page = sign_in(browser, address, username, width, theme, language)
        shot(page, f"home-{name}")
        if name == "officer":
            page.goto("/records/new")
            shot(page, "form")
            page.click("button[value=check]")
            page.wait_for_load_state()
            shot(page, "form-errors")
            page.goto("/records?state=shared_up&level=0")
            shot(page, "list-empty")
        if name == "analyst":
            page.goto("/records")
            shot(page, "list")
            page.goto("/records?state=evaluated")
            page.click("a[data-row-link] >> nth=0")
            page.wait_for_load_state()
            shot(page, "record-analyst")
        if name == "headquarters":
            page.goto("/search")
            shot(page, "search-empty")
            page.fill("#q", "phu tung o to")
            page.keyboard.press("Enter")
            page.wait_for_selector("[data-found-here]")
            shot(page, "search-hits")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Space")
            page.wait_for_selector("#preview h3")
            page.screenshot(path=folder / "search-preview.png")
            page.keyboard.press("Enter")
            page.wait_for_url("**/records/**")
            shot(page, "record-found")
            page.goto("/search")
            page.fill("#q", "phu tung khongcotu")
            page.keyboard.press("Enter")
            page.wait_for_selector(".offers")
            shot(page, "search-nothing")
        if name == "leader" and page.locator("section[aria-labelledby=desk-review] a[data-row-link]").count():
            page.click("section[aria-labelledby=desk-review] a[data-row-link] >> nth=0")
            page.wait_for_load_state()
            shot(page, "record-leader")
        for place, picture in PAGES.get(name, ()):
            page.goto(place)
            shot(page, picture)
        page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8080")
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    parser.add_argument("--all", action="store_true", help="360, 768 and 1280 px, light and dark, both languages")
    arguments = parser.parse_args()
    sets = [(w, t, c) for w in (360, 768, 1280) for t in ("light", "dark") for c in ("vi", "en")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for width, theme, language in sets if arguments.all else [(360, "light", "vi"), (1280, "light", "vi")]:
            folder = arguments.folder / f"{width}-{theme}-{language}"
            folder.mkdir(parents=True, exist_ok=True)
            take(browser, arguments.address, folder, width, theme, language)
        browser.close()


if __name__ == "__main__":
    main()
