"""Somebody looks at something and no entry says so: every page behind a permission is called up by whoever may."""

from __future__ import annotations

import re

import pytest

from intelhub import access
from tests.factories.record_world import LIST_ITEMS, submitted, travelled
from tests.factories.watchers import look
from tests.house import PEOPLE
from tests.web.records.test_exports import ask
from tests.web.records.test_saved_searches import act, save

# Pages that show nothing but an empty form, the reader's own things, or what hangs on every wall of the service.
SHOW_NOTHING = {
    "/account": "one's own sessions",
    "/explain": "an empty form; its answer is an entry",
    "/people/new": "an empty form",
    "/records/new": "an empty form",
    "/search": "an empty box; its answer is an entry",
    "/search/identifiers": "an empty form; its answer is an entry",
    "/alerts": "one's own searches and how much each found; opening one is an entry",
    "/exports": "requests of one's own and to oneself, in numbers",
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


def alerted(scene):
    """The ids of a search that the officer has watched, and of what it found."""
    officer = scene.client_as("officer")
    url = save(officer, "Phụ tùng").location
    act(officer, url, "watch")
    submitted(scene.house)
    look(scene.house)
    [(alert_id,)] = scene.sql("select id from record_alerts")
    return url.rpartition("/")[2], alert_id


@pytest.fixture
def filled(scene):
    """An address for something that is there."""
    [(user_id,)] = scene.sql("select id from users where username = 'officer2'")
    travelled(scene.house, 1, level="2", list_item=LIST_ITEMS["2"])
    export_id = ask(scene.client_as("analyst"), scene.house).location.rpartition("/")[2]

    view_id, alert_id = alerted(scene)
    given = {
        "record_id": scene.record, "user_id": user_id, "code": "15BB",
        "record_view_id": view_id, "record_alert_id": alert_id, "record_export_id": export_id,
    }  # fmt: skip

    def fill(rule: str) -> str:
        for name, value in given.items():
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
