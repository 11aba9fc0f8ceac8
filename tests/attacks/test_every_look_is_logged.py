"""Somebody looks at something and no entry says so: every page behind a permission is called up by whoever may."""

from __future__ import annotations

import re

import pytest

from intelhub import access
from tests.house import PEOPLE

# Pages that show nothing but an empty form, the reader's own things, or what hangs on every wall of the service.
SHOW_NOTHING = {
    "/account": "one's own sessions",
    "/explain": "an empty form; its answer is an entry",
    "/people/new": "an empty form",
    "/records/new": "an empty form",
    "/search": "an empty box; its answer is an entry",
    "/health/runbook": "what hangs on the wall of every machine room",
    "/units": "the tree of units, without people",
    "/units/<code>": "a unit, for whoever may see no people; with its people it is in the test below",
    "/records/<uuid:record_id>/edit": "one's own draft",
    "/records/<uuid:record_id>/check": "one's own draft",
}


def addresses(scene):
    """Every page behind a permission, with that permission."""
    app = scene.client_as("officer").application
    for rule in app.url_map.iter_rules():
        mark = getattr(app.view_functions[rule.endpoint], "access", None)
        if "GET" in rule.methods and mark is not None and mark.permission:
            yield rule.rule, mark.permission


def logged(scene) -> int:
    [(waiting,)] = scene.sql("select count(*) from audit_pending")
    [(placed,)] = scene.sql("select count(*) from audit_entries")
    return waiting + placed


@pytest.fixture
def filled(scene):
    """An address for something that is there."""
    [(user_id,)] = scene.sql("select id from users where username = 'officer2'")

    def fill(rule: str) -> str:
        for name, value in (("record_id", scene.record), ("user_id", user_id), ("code", "15BB")):
            rule = re.sub(rf"<[^>]*:?{name}>", str(value), rule)
        return re.sub(r"<int[^>]*>", "1", rule)

    return fill


def test_every_page_behind_a_permission_leaves_an_entry(scene, filled):
    scene.sequence()
    unlogged, seen = [], set()
    for rule, permission in addresses(scene):
        if rule in SHOW_NOTHING:
            continue
        for username in PEOPLE:
            if not access.may(scene.house.actor(username), permission):
                continue
            before = logged(scene)
            answer = scene.client_as(username).get(filled(rule))
            if answer.status_code == 200:
                seen.add(rule)
                unlogged += [f"{username} {rule}"] if logged(scene) == before else []
                break
    assert unlogged == []
    assert seen == {rule for rule, _ in addresses(scene)} - set(SHOW_NOTHING), "each was really called up by somebody"


def test_a_unit_with_its_people_leaves_an_entry(scene, filled):
    operator = scene.client_as("operator")
    before = logged(scene)
    page = operator.get(filled("/units/<code>")).get_data(as_text=True)
    assert PEOPLE["officer2"][0] in page
    assert logged(scene) == before + 1
