"""Somebody at home says that they sit at their desk: where the networks of the premises are known, no word counts."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from sqlalchemy import create_engine, text

from intelhub import access
from intelhub.access import NOBODY, scope_for
from intelhub.platform.actor import Place
from tests.factories.record_world import travelled
from tests.web.conftest import make_app, open_session

PASSWORD = "bốn con ngựa trắng"
DESK, HOME = {"REMOTE_ADDR": "10.15.3.4"}, {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def app(house, tmp_path):
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        access.set_first_password(session, house.people["analyst"], PASSWORD)
    return make_app(house, tmp_path, onsite_networks=(ip_network("10.15.0.0/16"), ip_network("2001:db8::/32")))


def sign_in(client, place, where):
    form = {"username": "analyst", "password": PASSWORD, "place": place.value}
    return client.submit("/sign-in", form, page="/sign-in?by=password", environ_overrides=where)


@pytest.mark.parametrize("place", [Place.ONSITE, Place.DUTY_ROOM])
def test_the_premises_are_not_chosen_from_elsewhere(app, place):
    refused = sign_in(app.test_client(), place, HOME)
    assert refused.status_code == 422
    assert "không ở trong mạng của đơn vị" in refused.get_data(as_text=True)
    assert sign_in(app.test_client(), place, {"REMOTE_ADDR": "not an address"}).status_code == 422
    assert sign_in(app.test_client(), place, DESK).status_code == 303
    assert sign_in(app.test_client(), place, {"REMOTE_ADDR": "2001:db8::7"}).status_code == 303
    assert sign_in(app.test_client(), Place.REMOTE, HOME).status_code == 303


def test_a_session_of_the_premises_is_nobody_s_at_home(app, house):
    record_id = travelled(house, 1)
    for place, at_home in ((Place.ONSITE, 303), (Place.DUTY_ROOM, 303), (Place.REMOTE, 404)):
        client = app.test_client()
        client.set_cookie("intelhub", open_session(house, "analyst", place), samesite="Strict", httponly=True)
        at_the_desk = client.get(f"/records/{record_id}", environ_overrides=DESK).status_code
        assert at_the_desk == (404 if place is Place.REMOTE else 200), "level 1 is not for whoever works elsewhere"
        assert client.get(f"/records/{record_id}", environ_overrides=HOME).status_code == at_home


def test_a_token_of_the_premises_used_at_home_ends_its_session_and_tells_the_auditors(app, house):
    token = open_session(house, "analyst", Place.ONSITE)
    thief, desk = app.test_client(), app.test_client()
    for client in (thief, desk):
        client.set_cookie("intelhub", token, samesite="Strict", httponly=True)
    before = last_seen(house)
    for _ in range(3):
        assert thief.get("/", environ_overrides=HOME).status_code == 303
    assert last_seen(house) == before, "whoever polls from home keeps no session alive"
    assert desk.get("/", environ_overrides=DESK).status_code == 303, "the session has ended"
    (told,) = logged(house, "session:seen-elsewhere")
    assert '"place_network"' in told
    assert str(house.people["analyst"]) in told
    assert HOME["REMOTE_ADDR"] not in told, "where somebody lives is for the auditors alone"


def test_a_sign_in_from_elsewhere_is_counted_and_logged(app, house):
    answers = [sign_in(app.test_client(), Place.ONSITE, HOME) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {422, 429}
    from_elsewhere = [entry for entry in logged(house, "session:refused") if '"place_network"' in entry]
    assert len(from_elsewhere) == sum(answer.status_code == 422 for answer in answers)


def last_seen(house):
    (moment,) = asked(house, "SELECT last_seen_at FROM sessions WHERE user_id = :who", who=house.people["analyst"])
    return moment


def logged(house, action):
    return asked(house, "SELECT convert_from(entry, 'UTF8') FROM audit_pending WHERE action = :action", action=action)


def asked(house, statement, **values):
    engine = create_engine(house.database.superuser_url)
    with engine.connect() as connection:
        found = connection.execute(text(statement), values).scalars().all()
    engine.dispose()
    return found
