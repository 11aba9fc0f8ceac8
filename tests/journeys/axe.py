"""Whether a page is usable by everybody: axe-core (vendored for tests only, `tests/web/vendor/`) and both widths."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[1] / "web" / "vendor" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line each: rule, help, and where; [] is what a page must have."""
    page.wait_for_load_state()
    page.evaluate("scrollTo(0, 0)")  # a target that has scrolled half under the head is none too small
    # Evaluated by the browser's debugger, which the page's content policy does not bind.
    page.evaluate(_AXE.read_text(encoding="utf-8") + "; null")
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", _RULES
    )
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {' '.join(str(node['target'][0]) for node in one['nodes'])}"
        for one in found["violations"]
    ]


def assert_usable(page: Page) -> None:
    """Nothing that axe finds at this width, and nothing to scroll sideways on a telephone or on a desk."""
    assert violations(page) == [], page.url
    size = page.viewport_size
    assert size is not None
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": size["height"]})
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{page.url} is {overflow} px wider than {width} px"
    page.set_viewport_size(size)
