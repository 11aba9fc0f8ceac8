"""Accessibility of a page in a browser, judged by axe-core (vendored for tests only, `tests/web/vendor/`)."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[1] / "web" / "vendor" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line each: rule, help, and where; [] is what a page must have."""
    # Evaluated by the browser's debugger, which the page's content policy does not bind.
    page.evaluate(_AXE.read_text(encoding="utf-8") + "; null")
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", _RULES
    )
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {' '.join(str(node['target'][0]) for node in one['nodes'])}"
        for one in found["violations"]
    ]
