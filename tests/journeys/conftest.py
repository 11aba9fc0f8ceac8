"""A real server on the loopback address and a real browser, for journeys that people make."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from intelhub.audit import run_sequencer
from intelhub.platform.actor import Place
from intelhub.platform.database import open_engine
from tests.house import TestHouse
from tests.journeys.browsers import FLAGS, find_chromium
from tests.web.conftest import make_app, open_session


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; without it every journey is skipped and says so."""
    path = find_chromium()
    if not path:
        pytest.skip("no Chromium: install chromium-headless-shell or chromium, or name one in INTELHUB_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Live:
    """A running installation and the browsers of its people."""

    address: str
    browser: Browser
    house: TestHouse
    contexts: list[BrowserContext] = field(default_factory=list)

    def persona(self, username: str, *, width: int = 1280, height: int = 900, place: Place = Place.ONSITE) -> Page:
        """A browser of its own in which one of the people is signed in, at home."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, base_url=self.address, locale="vi-VN"
        )
        self.contexts.append(context)
        token = open_session(self.house, username, place)
        context.add_cookies([{"name": "intelhub", "value": token, "url": self.address, "sameSite": "Strict"}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto("/")
        return page


def _whole(app):
    """The application with each answer read to its end: a browser that goes away would leave a file open."""

    def serve(environ, start_response):
        body = app(environ, start_response)
        try:
            return [b"".join(body)]
        finally:
            if hasattr(body, "close"):
                body.close()

    return serve


@pytest.fixture
def live(house, chromium, tmp_path) -> Iterator[Live]:
    """The application behind a real server, with its sequencer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = make_app(house, tmp_path, port=port)
    server = make_server("127.0.0.1", port, _whole(app), threaded=True, request_handler=_Quiet)
    stop = threading.Event()
    engine = open_engine(house.database.sequencer_url, pool_size=2)
    threads = [
        threading.Thread(target=server.serve_forever, daemon=True),
        threading.Thread(target=run_sequencer, args=(engine, house.vault, stop), daemon=True),
    ]
    for thread in threads:
        thread.start()
    running = Live(address=f"http://127.0.0.1:{port}", browser=chromium, house=house)
    yield running
    for context in running.contexts:
        context.close()
    stop.set()
    server.shutdown()
    for thread in threads:
        thread.join(timeout=10)
    server.server_close()
    engine.dispose()
