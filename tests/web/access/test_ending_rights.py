"""Rights that end soon, as those see them who watch over rights or renew them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from intelhub import access
from intelhub.organisation import load_tree, today
from intelhub.platform import clock
from tests.factories.compartments import console
from tests.house import PEOPLE
from tests.web.records.test_desks import home


def hold_until(house, username, days, *, unit="15BC", function="contributor", is_deputy=False):
    """Give somebody a post that ends in so many days from now."""
    with console(house) as (actor, session):
        access.grant_post(
            actor, session, user_id=house.people[username], function=function,
            unit_id=load_tree(actor, session).get(unit).id, is_deputy=is_deputy,
            starts_at=clock.now() - timedelta(days=400), ends_at=clock.now() + timedelta(days=days),
        )  # fmt: skip


def clear_until(house, username, days, level=2):
    """Clear somebody until a day from today."""
    day = today() + timedelta(days=days)
    with clock.telling(clock.now() - timedelta(days=30)), console(house) as (actor, session):
        access.set_clearance(actor, session, user_id=house.people[username], level=level, expires_on=day)


def listed(page):
    """By person, what stands in their lines."""
    found = {}
    for row in re.findall(r"<tr data-row>.*?</tr>", page, re.DOTALL):
        words = " ".join(re.sub(r"<[^>]+>", " ", row).split())
        name = next(username for username, person in PEOPLE.items() if person[0] in words)
        found.setdefault(name, []).append(words)
    return found


@pytest.fixture
def watch(client_as):
    """The list as somebody sees it, in English."""

    def look(username="security"):
        browser = client_as(username)
        browser.set_cookie("language", "en")
        answer = browser.get("/people/ending")
        assert answer.status_code == 200
        return listed(answer.get_data(as_text=True))

    return look


def test_what_ends_soon_or_has_just_ended_is_listed(house, watch):
    assert watch() == {}
    for username, days in (("officer", 29), ("officer2", 31), ("analyst", -6), ("analyst2", -8)):
        hold_until(house, username, days)
    clear_until(house, "leader", 30)
    clear_until(house, "neighbour", -7)
    clear_until(house, "head", 31)
    clear_until(house, "officer2", -8)
    found = watch()
    assert set(found) == {"officer", "analyst", "leader", "neighbour"}
    assert "ends soon" in found["officer"][0]
    assert "ended" in found["analyst"][0]
    assert "Clearance: Secret" in found["leader"][0]
    assert "ended" in found["neighbour"][0]


def test_what_was_given_again_is_not(house, watch):
    hold_until(house, "officer", 10)
    hold_until(house, "officer", 300)
    assert watch() == {}
    hold_until(house, "officer", 10, is_deputy=True)
    assert list(watch()) == ["officer"], "a deputy's post is another one"


def test_a_last_day_of_today_has_not_ended(house, watch):
    clear_until(house, "leader", 0)
    assert "ends soon" in watch()["leader"][0]


def test_closed_accounts_and_clearances_to_nothing_are_left_out(house, watch):
    clear_until(house, "leader", 5, level=0)
    hold_until(house, "officer", 5)
    with console(house) as (actor, session):
        access.deactivate_user(actor, session, house.people["officer"])
    assert watch() == {}


def test_the_list_leads_to_where_it_is_renewed(house, client_as):
    hold_until(house, "officer", 5)
    address = f"/people/{house.people['officer']}"
    for username, behind in (("security", '"'), ("operator", '#give-post"')):
        browser = client_as(username)
        assert f'href="{address}{behind}' in home(browser), username
        page = browser.get(address).get_data(as_text=True)
        assert ("grant" in page or "/posts" in page) == (username == "operator")


def test_whoever_has_left_is_seen_for_as_long_as_they_are_listed(house, client_as):
    with console(house) as (actor, session):
        for post in access.list_posts(actor, session, house.people["officer"]):
            access.revoke_post(actor, session, post.id)
    address = f"/people/{house.people['officer']}"
    watching, colleague = client_as("security"), client_as("analyst")
    assert f'href="{address}"' in home(watching)
    assert watching.get(address).status_code == 200
    assert colleague.get(address).status_code == 404, "no longer one of theirs"
    with clock.telling(clock.now() + timedelta(days=8)):
        late = client_as("security")
        assert f'href="{address}"' not in home(late)
        assert late.get(address).status_code == 404


def test_a_clearance_ends_on_the_day_that_is_shown(house, client_as):
    clear_until(house, "leader", 5)
    last = today() + timedelta(days=5)
    assert f"{last:%d/%m/%Y}" in client_as("security").get("/people/ending").get_data(as_text=True)


def test_a_security_officer_sees_clearances_and_changes_none(house, client_as):
    browser = client_as("security")
    browser.set_cookie("language", "en")
    page = browser.get(f"/people/{house.people['officer']}").get_data(as_text=True)
    assert "Clearance today" in page
    for act in ("clearance", "posts", "close", "open", "setup-code", "reset-codes"):
        assert browser.submit(f"/people/{house.people['officer']}/{act}", {}).status_code == 403, act


def test_home_shows_the_first_and_leads_to_all(house, client_as):
    for days in range(1, 11):
        hold_until(house, "officer", days, unit=("15BB", "15BC", "15BD", "15BE", "15SI")[days % 5], is_deputy=days > 5)
    page = home(client_as("security")).split('id="desk-endings"')[1].split("</section>")[0]
    assert page.count("<tr data-row>") == 8
    assert "8+" in page
    assert 'href="/people/ending"' in page
