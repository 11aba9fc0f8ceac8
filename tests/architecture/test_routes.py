"""What holds for every address at once: its methods, its doors, its headers, and what a form may not carry in.

Who may use which address stands in `tests/web/routes.txt`; `tests/web/test_route_permissions.py` holds it to that.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Blueprint, Flask

from intelhub.access import FUNCTIONS, PERMISSIONS, current_policy
from intelhub.platform.web import FeatureBlueprint, needs
from intelhub.platform.web.blueprint import Access
from tests.web.conftest import make_app

OTHER_METHODS = ("OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")
# Permissions that no page asks for: used by the command line alone.
# How far outside a record may be shared is asked of the one act that shares it.
WITHOUT_A_PAGE = {"audit.export", "record.disseminate_outside"}


@pytest.fixture
def app(house, tmp_path):
    """One of its own: a door is put on its side."""
    return make_app(house, tmp_path)


def mark_of(app: Flask, endpoint: str) -> Access:
    mark = getattr(app.view_functions[endpoint], "access", None)
    assert isinstance(mark, Access), f"{endpoint} does not say whom it is for"
    return mark


def test_every_open_address_says_why(app):
    for rule in app.url_map.iter_rules():
        mark = mark_of(app, rule.endpoint)
        assert mark.permission or len(mark.reason) > 15, rule.endpoint


def test_every_permission_is_held_by_somebody_and_asked_for_somewhere(app):
    asked = {mark_of(app, rule.endpoint).permission for rule in app.url_map.iter_rules()} - {None}
    assert asked <= set(PERMISSIONS)
    assert set(PERMISSIONS) - asked == WITHOUT_A_PAGE
    policy = current_policy()
    for permission in PERMISSIONS:
        assert any(
            policy.lines_for(function, tier, permission) for function, tiers in FUNCTIONS.items() for tier in tiers
        ), permission


def test_outside_the_demo_nobody_signs_in_by_one_click(house, tmp_path):
    app = make_app(house, tmp_path, demo=False)
    assert not [rule.rule for rule in app.url_map.iter_rules() if "demo" in rule.endpoint or "demo" in rule.rule]
    assert app.test_client().get("/demo").status_code == 404


def test_no_address_answers_methods_it_did_not_declare(app, client_as):
    clients = {"nobody": app.test_client(), "leader": client_as("leader")}
    for rule in app.url_map.iter_rules():
        assert rule.provide_automatic_options is False
        assert "OPTIONS" not in (rule.methods or ())
        for method in {*OTHER_METHODS, "GET", "POST"} - same_address(app, rule.rule):
            for who, client in clients.items():
                answer = client.open(address_of(rule), method=method)
                assert answer.status_code in {403, 404, 405}, (who, method, rule.rule)
                assert "Allow" not in answer.headers


def same_address(app: Flask, rule: str) -> set[str]:
    return {method for one in app.url_map.iter_rules() if one.rule == rule for method in one.methods or ()}


def address_of(rule: Any) -> str:
    """The address with an id that belongs to nothing, or a word where words are wanted."""

    def fill(found: re.Match[str]) -> str:
        converter = found.group(1) or ""
        if converter.startswith("uuid"):
            return str(uuid4())
        if converter.startswith("int"):
            return "1"
        return "vi" if converter.startswith("any") else "15BB"

    return re.sub(r"<(?:([^:<>]+(?:\([^)]*\))?):)?[^<>]+>", fill, rule.rule)


def test_a_part_of_a_page_and_a_made_up_session_are_turned_away_too(app, client):
    for rule in app.url_map.iter_rules():
        if mark_of(app, rule.endpoint).is_open or "GET" not in (rule.methods or ()):
            continue
        address = address_of(rule)
        assert client.get(address, headers={"HX-Request": "true"}).status_code == 401, address
        assert client.get(address, headers={"Cookie": "intelhub=" + "A" * 43}).status_code == 303, address


def test_nothing_is_changed_without_a_token_or_from_another_site(app, client_as):
    leader = client_as("leader")
    token = leader.token()
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()):
            continue
        address = address_of(rule)
        assert leader.post(address).status_code == 403, address
        for header in ({"Origin": "https://other.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            answer = leader.post(address, data={"csrf_token": token}, headers=header)
            assert answer.status_code == 403, (address, header)


def test_a_route_that_does_not_say_whom_it_is_for_fails_at_import():
    blueprint = FeatureBlueprint("careless", __name__)
    with pytest.raises(TypeError):
        blueprint.get("/careless")(lambda: "")
    with pytest.raises(TypeError):
        blueprint.add_url_rule("/careless", access=needs("record.read"))


@pytest.mark.parametrize("username", ["leader", "operator", None])
def test_a_door_put_on_the_side_stays_closed(app, client_as, username):
    app.add_url_rule("/side", "side", lambda: "open", methods=["GET", "POST"])
    plain = Blueprint("plain", __name__)
    plain.add_url_rule("/plain", "page", lambda: "open")
    app.register_blueprint(plain)
    browser = client_as(username) if username else app.test_client()
    for address in ("/side", "/plain"):
        answer = browser.get(address)
        assert answer.status_code == 403
        assert b"open" not in answer.data
    assert browser.post("/side").status_code == 403


def test_every_answer_is_kept_from_caches_and_frames(app, client_as):
    leader = client_as("leader")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        answer = leader.get(address_of(rule))
        assert answer.headers["Cache-Control"] == "no-store", rule.rule
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
