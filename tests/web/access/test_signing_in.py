"""The door: name, password, code and place on one form, and one answer to everything that is not right."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pyotp
import pytest
import time_machine

from intelhub.platform import clock
from intelhub.platform.actor import Place
from tests.web.access.conftest import PASSWORD
from tests.web.conftest import make_app

WHO_AM_I = "Nông Văn Thử"


def sign_in(client, username="officer", password=PASSWORD, code="", place="onsite", **more):
    data = {"username": username, "password": password, "code": code, "place": place, **more}
    return client.submit("/sign-in", data, page="/sign-in?by=password")


def test_a_password_opens_a_session_in_a_cookie_that_scripts_and_other_sites_never_see(client, give_password):
    give_password("officer")
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/")
    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("intelhub=")]
    parts = {part.strip() for part in cookies[0].split(";")[1:]}
    assert parts == {"HttpOnly", "Path=/", "SameSite=Strict"}  # no age, no domain
    assert WHO_AM_I in client.get("/").get_data(as_text=True)


def test_over_https_the_cookie_is_bound_to_this_host(house, tmp_path, give_password):
    give_password("officer")
    client = make_app(house, tmp_path, cookie_secure=True).test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    answer = sign_in(client)
    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if "intelhub=" in cookie]
    assert cookies[0].startswith("__Host-intelhub=")
    assert {part.strip() for part in cookies[0].split(";")[1:]} == {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"}


def test_one_time_codes_and_recovery_codes_go_into_the_same_field(app, give_codes):
    telephone, recovery = give_codes("officer")
    with time_machine.travel(clock.now() + timedelta(seconds=30)):
        assert sign_in(app.test_client(), code=telephone.now()).status_code == 303
    assert sign_in(app.test_client(), code=recovery[0]).status_code == 303
    assert sign_in(app.test_client(), code=recovery[0]).status_code == 401


def test_the_form_is_the_same_whether_or_not_an_account_has_codes(app, give_codes, give_password):
    give_codes("officer")
    give_password("officer2")
    pages = {app.test_client().get("/sign-in?by=password").get_data(as_text=True).count("<input") for _ in range(2)}
    assert len(pages) == 1


def test_after_signing_in_the_way_leads_on_to_where_one_wanted_to_go(client, give_password):
    give_password("officer")
    client.get("/sign-in?by=password")
    assert sign_in(client, next="/records").location == "/records"


def test_whoever_is_signed_in_is_not_asked_again(client_as):
    answer = client_as("officer").get("/sign-in?next=/records")
    assert (answer.status_code, answer.location) == (303, "/records")


def test_the_place_is_asked_for_and_caps_the_session(client, give_password):
    give_password("officer")
    answer = sign_in(client, place="")
    assert answer.status_code == 422
    assert 'value="officer"' in answer.get_data(as_text=True)  # what was typed is still there
    assert PASSWORD not in answer.get_data(as_text=True)


def test_signing_out_ends_the_session_on_the_server(client_as, app):
    client = client_as("officer")
    token = client.get_cookie("intelhub").value
    answer = client.submit("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert client.get_cookie("intelhub") is None
    thief = app.test_client()
    thief.set_cookie("intelhub", token)
    assert thief.get("/").status_code == 303


def test_signing_out_twice_is_no_mistake(client):
    assert client.submit("/sign-out").status_code == 303


def test_staying_moves_the_end(client_as):
    client = client_as("officer")
    began = clock.now()
    with time_machine.travel(began + timedelta(minutes=10)):
        answer = client.submit("/stay")
        assert (answer.status_code, answer.get_data()) == (204, b"")
        ends = datetime.fromisoformat(answer.headers["Session-Ends-At"])
        assert ends > began + timedelta(minutes=24)
    with time_machine.travel(began + timedelta(minutes=20)):
        assert client.get("/account").status_code == 200
    with time_machine.travel(began + timedelta(minutes=60)):
        assert client.get("/account").status_code == 303


def test_the_settings_say_how_long_a_session_lasts(house, tmp_path, give_password):
    give_password("officer")
    app = make_app(house, tmp_path, session_idle_minutes=5, session_absolute_minutes=9)
    client = app.test_client()
    sign_in(client)
    began = clock.now()
    page = client.get("/").get_data(as_text=True)
    assert "data-session-ends=" in page
    for minutes, status in ((4, 200), (8, 200), (10, 303)):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            assert client.get("/").status_code == status


def test_a_setup_code_becomes_a_password_once(client, client_as, house):
    page = client_as("operator").submit(f"/people/{house.people['officer']}/setup-code").get_data(as_text=True)
    code = page.split("<code>")[1].split("</code>")[0]
    typed = {"username": "officer", "code": code, "password": PASSWORD, "repeated": PASSWORD}
    differs = client.submit("/set-up", {**typed, "repeated": "something else entirely"})
    assert differs.status_code == 422
    short = client.submit("/set-up", {**typed, "password": "kurz", "repeated": "kurz"})
    assert (short.status_code, code in short.get_data(as_text=True)) == (422, False)
    assert client.submit("/set-up", typed).location == "/sign-in?by=password"
    assert sign_in(client).status_code == 303
    assert client.submit("/set-up", typed).status_code == 401


@pytest.mark.parametrize(("language", "word"), [("vi", "vi"), ("en", "en")])
def test_the_language_is_kept_in_the_browser(client, language, word):
    answer = client.get(f"/language/{language}?next=/sign-in%3Fby%3Dpassword")
    assert (answer.status_code, answer.location) == (303, "/sign-in?by=password")
    assert f'<html lang="{word}"' in client.get("/sign-in?by=password").get_data(as_text=True)


def test_there_are_two_languages(client):
    assert client.get("/language/xx").status_code == 404


def test_codes_are_set_up_by_scanning_typing_and_printing(client_as, give_password):
    give_password("officer")
    client = client_as("officer")
    assert client.submit("/account/codes", {"current": "not my password"}).status_code == 422
    shown = client.submit("/account/codes", {"current": PASSWORD}).get_data(as_text=True)
    assert re.search(r'<svg viewBox="[0-9 ]+" class="qr"><path', shown)
    secret = shown.split("<code>")[1].split("</code>")[0].replace(" ", "")
    wrong = client.submit("/account/codes/confirm", {"code": "000000"})
    assert wrong.status_code == 422
    assert secret not in wrong.get_data(as_text=True).replace(" ", "")
    done = client.submit("/account/codes/confirm", {"code": pyotp.TOTP(secret).now()}).get_data(as_text=True)
    assert done.count("<li><code>") == 10
    assert "data-print" in done
    again = client.get("/account/codes").get_data(as_text=True)
    assert "<li><code>" not in again


def test_a_new_password_ends_every_session(client_as, give_password):
    give_password("officer")
    here, elsewhere = client_as("officer"), client_as("officer")
    new = {"current": PASSWORD, "password": "năm con mèo đen ngủ", "repeated": "năm con mèo đen ngủ"}
    assert here.submit("/account/password", {**new, "current": "guess"}).status_code == 422
    assert here.submit("/account/password", {**new, "repeated": "x"}).status_code == 422
    assert here.submit("/account/password", new).status_code == 303
    assert elsewhere.get("/").status_code == 303
    assert sign_in(here).status_code == 401
    assert sign_in(here, password="năm con mèo đen ngủ").status_code == 303


def test_own_sessions_are_listed_and_ended(client_as):
    here, there, third = (client_as("officer", place) for place in (Place.ONSITE, Place.DUTY_ROOM, Place.REMOTE))
    page = here.get("/account").get_data(as_text=True)
    assert page.count("/account/sessions/") == 4  # three to end, and all others at once
    stranger = client_as("officer2")
    other = stranger.get("/account").get_data(as_text=True).split("/account/sessions/")[1].split("/")[0]
    assert here.submit(f"/account/sessions/{other}/end").status_code == 404
    assert stranger.get("/account").status_code == 200
    assert here.submit("/account/sessions/end-others").status_code == 303
    assert (there.get("/account").status_code, third.get("/account").status_code) == (303, 303)
    own = here.get("/account").get_data(as_text=True).split("/account/sessions/")[1].split("/")[0]
    assert here.submit(f"/account/sessions/{own}/end").location == "/sign-in"
    assert here.get("/account").status_code == 303
