"""The third lock: every address of the application stands in a checked-in list with who may use it, and it is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from intelhub import access
from intelhub.platform.web.blueprint import Access
from tests.house import PEOPLE

LIST = Path(__file__).with_name("routes.txt")
_NOBODY_S = "00000000-0000-4000-8000-000000000000"
_METHODS = {"GET", "POST"}


def _mark_of(app, rule) -> Access | None:
    return getattr(app.view_functions[rule.endpoint], "access", None)


def _in_words(mark: Access | None) -> str:
    if mark is None:
        return "NOBODY SAID"
    if mark.permission:
        return mark.permission
    return f"{'anybody' if mark.is_open else 'signed in'}: {mark.reason}"


def _routes(app) -> list[str]:
    return sorted(
        f"{rule.rule}  {method}  {_in_words(_mark_of(app, rule))}"
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods & _METHODS)
    )


def _address(rule: str) -> str:
    """An address of a rule, for an object that is not there."""
    filled = re.sub(r"<uuid:\w+>", _NOBODY_S, rule)
    filled = re.sub(r"<int[^:]*:\w+>", "999999", filled)
    filled = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", filled)
    return re.sub(r"<[^>]+>", "nowhere", filled)


def test_every_address_is_in_the_list_with_who_may_use_it(app):
    assert _routes(app) == LIST.read_text(encoding="utf-8").splitlines()


def test_no_address_takes_another_method(app):
    others = {method for rule in app.url_map.iter_rules() for method in rule.methods} - {*_METHODS, "HEAD"}
    assert others == set()


@pytest.fixture
def guarded(app):
    """Every address that asks for a permission or a session, with its method and the permission."""
    marked = [(rule, _mark_of(app, rule)) for rule in app.url_map.iter_rules()]
    return [
        (_address(rule.rule), method, mark.permission)
        for rule, mark in marked
        for method in sorted(rule.methods & _METHODS)
        if not mark.is_open
    ]


def test_whoever_is_not_signed_in_is_led_to_the_door_or_turned_away(client, guarded):
    token = client.token()
    for address, method, _ in guarded:
        answer = client.open(address, method=method, data={"csrf_token": token} if method == "POST" else None)
        if method == "GET":
            assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in"), address
        else:
            assert answer.status_code == 401, address


@pytest.mark.parametrize("username", ["officer", "leader", "analyst", "hq", "auditor", "security", "operator"])
def test_nobody_passes_without_a_line_for_it(client_as, house, guarded, username):
    client, actor = client_as(username), house.actor(username)
    token = client.token("/")
    closed = [(address, method) for address, method, needed in guarded if needed and not access.may(actor, needed)]
    assert closed
    for address, method in closed:
        answer = client.open(address, method=method, data={"csrf_token": token} if method == "POST" else None)
        assert answer.status_code == 403, (address, method)


@pytest.mark.parametrize("username", ["officer", "leader", "analyst", "hq", "auditor", "security", "operator"])
def test_what_is_not_there_is_a_404_behind_every_open_door(client_as, house, guarded, username):
    client, actor = client_as(username), house.actor(username)
    open_to_them = [
        address
        for address, method, needed in guarded
        if method == "GET" and _NOBODY_S in address and needed and access.may(actor, needed)
    ]
    for address in open_to_them:
        assert client.get(address).status_code == 404, address


def test_somebody_stands_behind_every_permission(house, guarded):
    """An address that no function could ever open would be a mistake in the policy."""
    actors = [house.actor(username) for username in PEOPLE]
    assert not {needed for *_, needed in guarded if needed and not any(access.may(one, needed) for one in actors)}
