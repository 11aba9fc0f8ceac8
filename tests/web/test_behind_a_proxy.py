"""Behind the proxy that brings TLS: whose address it is, and that nobody's guesses shut the door for all."""

from __future__ import annotations

import pytest
from flask import request

from tests.web.conftest import make_app


@pytest.fixture
def proxied(house, tmp_path):
    return make_app(house, tmp_path, demo=False, cookie_secure=True)


def _address(app, forwarded: str) -> tuple[str | None, bool]:
    seen: list[tuple[str | None, bool]] = []
    app.before_request_funcs.setdefault(None, []).insert(
        0, lambda: seen.append((request.remote_addr, request.is_secure))
    )
    app.test_client().get("/healthz", headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"})
    return seen[0]


def test_the_address_is_the_one_the_proxy_saw(proxied):
    assert _address(proxied, "10.1.2.3") == ("10.1.2.3", True)


def test_what_a_browser_claims_before_the_proxy_is_not_believed(proxied):
    assert _address(proxied, "6.6.6.6, 10.1.2.3") == ("10.1.2.3", True)


def test_without_a_proxy_no_header_is_believed(house, tmp_path):
    assert _address(make_app(house, tmp_path), "6.6.6.6") == ("127.0.0.1", False)
