"""The demo's front door: one click, one post, one session; and nowhere but in a demo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intelhub.access import Persona
from intelhub.platform.actor import Place
from tests.web.conftest import make_app

PERSONAS = tuple(
    Persona(
        username=username,
        title_vi=f"Vai {username}",
        title_en=f"The {username}",
        blurb_vi=f"Thử {username}",
        blurb_en=f"Try {username}",
        place=Place.REMOTE if username == "analyst2" else Place.ONSITE,
    )
    for username in ("officer", "analyst2", "hq", "not.loaded")
)


@pytest.fixture
def app(house, tmp_path):
    app = make_app(house, tmp_path)
    app.extensions["intelhub.access"] = replace(app.extensions["intelhub.access"], personas=PERSONAS)
    return app


def test_the_page_shows_who_one_can_be_by_department(client):
    page = client.get("/demo").get_data(as_text=True)
    assert page.count('name="username"') == 3  # one is not loaded
    assert all(words in page for words in ("Vai officer", "Thử officer", "Nông Văn Thử", "Vai hq"))
    client.get("/language/en")
    assert "Try officer" in client.get("/demo").get_data(as_text=True)


def test_one_click_signs_in_and_another_changes_the_person(client):
    assert client.submit("/demo", {"username": "officer"}, page="/demo").location == "/"
    first = client.get_cookie("intelhub").value
    assert "Nông Văn Thử" in client.get("/").get_data(as_text=True)
    assert (
        'aria-current="true"'
        in client.get("/demo").get_data(as_text=True).split("Vai officer")[0].rsplit("<button", 1)[1]
    )
    client.submit("/demo", {"username": "hq", "next": "/account"}, page="/demo")
    assert "Lê Thị Trung" in client.get("/").get_data(as_text=True)
    client.set_cookie("intelhub", first)
    assert client.get("/").status_code == 303  # the session of before is over


@pytest.mark.parametrize(("place", "shown"), [("", "Từ xa"), ("onsite", "Tại trụ sở"), ("nowhere", "Từ xa")])
def test_a_persona_works_from_their_usual_place_or_the_chosen_one(client, place, shown):
    client.submit("/demo", {"username": "analyst2", "place": place}, page="/demo")
    assert shown in client.get("/account").get_data(as_text=True)


@pytest.mark.parametrize("username", ["leader", "not.loaded", "", "officer' OR 1=1"])
def test_only_personas_are_signed_in(client, username):
    assert client.submit("/demo", {"username": username}, page="/demo").status_code == 404
    assert client.get_cookie("intelhub") is None


def test_without_a_session_the_demo_begins_with_its_people(client):
    answer = client.get("/sign-in?next=/records")
    assert (answer.status_code, answer.location) == (303, "/demo?next=/records")


def test_outside_a_demo_there_is_no_such_address(house, tmp_path):
    client = make_app(house, tmp_path, demo=False).test_client()
    assert client.get("/demo").status_code == 404
    assert client.submit("/demo", {"username": "officer"}, page="/sign-in").status_code == 404
    assert client.get("/sign-in").status_code == 200
