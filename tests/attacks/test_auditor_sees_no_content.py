"""An auditor looks at every page there is for auditors: no word of a record is on any of them, and no way to one."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest

from tests.factories.audit_scene import REASON, SECRETS, scene
from tests.web.conftest import app_for, open_session

__all__ = ["scene"]

_LINK = re.compile(r'(?:href|action|hx-post|hx-get)="([^"#]+)"')
_MOST_PAGES = 400
MARKS = ("ngà voi", "bạch đàn", "trống vỏ", "thủ kho", "quàng", "hoang vu", "cú mèo", "chuyến thứ ba")
"""Words of the record, its source and the reason, which no page says by itself."""


@pytest.fixture
def walked(scene, tmp_path):
    """Every page that links lead an auditor to, by address."""
    browser = app_for(scene.house, tmp_path).test_client()
    browser.set_cookie("intelhub", open_session(scene.house, "auditor"), samesite="Strict", httponly=True)
    pages: dict[str, tuple[int, str]] = {}
    waiting = ["/", "/audit", "/audit/overview", "/audit/chain"]
    waiting += [f"/audit/entries/{seq}" for (seq,) in scene.rows("SELECT seq FROM audit_entries")]
    while waiting and len(pages) < _MOST_PAGES:
        address = waiting.pop(0)
        if address in pages or address.startswith(("/static/", "/sign-out", "/demo")) or "language" in address:
            continue
        answer = browser.get(address)
        body = answer.get_data(as_text=True)
        pages[address] = (answer.status_code, body)
        if answer.mimetype == "text/html":
            found = (urljoin(address, link.replace("&amp;", "&")) for link in _LINK.findall(body))
            waiting += [link for link in found if link.startswith("/")]
    return pages


def test_the_marks_are_words_of_the_record():
    told = " ".join((*SECRETS.values(), REASON)).lower()
    assert all(mark in told for mark in MARKS)


def test_no_page_of_an_auditor_holds_a_word_of_a_record_or_leads_to_one(walked, scene):
    assert len(walked) > 30
    for address, (status, body) in walked.items():
        found = [mark for mark in MARKS if mark in body.lower()]
        assert not found, (address, found)
        assert scene.number not in body, address
        assert not re.search(r'"/records/[0-9a-f]{8}-', body), address
        assert not (address.startswith("/records") and status == 200), address


def test_knowing_the_id_opens_no_record_either(scene, tmp_path):
    browser = app_for(scene.house, tmp_path).test_client()
    browser.set_cookie("intelhub", open_session(scene.house, "auditor"), samesite="Strict", httponly=True)
    for address in ("/records", f"/records/{scene.record_id}", f"/records/{scene.record_id}/versions"):
        assert browser.get(address).status_code in {403, 404}


def test_a_typed_query_is_on_no_page(scene, tmp_path):
    app = app_for(scene.house, tmp_path)
    analyst, auditor = app.test_client(), app.test_client()
    analyst.set_cookie("intelhub", open_session(scene.house, "analyst"), samesite="Strict", httponly=True)
    auditor.set_cookie("intelhub", open_session(scene.house, "auditor"), samesite="Strict", httponly=True)
    answer = analyst.submit("/search", {"q": "bachdanlau"}, page="/")
    assert answer.status_code < 500
    scene.sequence()
    listed = auditor.get("/audit").get_data(as_text=True)
    newest = auditor.get(re.search(r"/audit/entries/\d+", listed)[0]).get_data(as_text=True)
    assert "bachdanlau" not in listed + newest


def test_the_page_for_security_officers_holds_no_word_either(scene, tmp_path):
    browser = app_for(scene.house, tmp_path).test_client()
    browser.set_cookie("intelhub", open_session(scene.house, "security"), samesite="Strict", httponly=True)
    body = browser.get("/audit/refusals").get_data(as_text=True)
    assert "data-row" in body
    assert not [mark for mark in MARKS if mark in body.lower()]
    assert scene.number not in body
